"""Changes to the bytes of a file: to any bytes, to text, and to the fields of one format with its checksums put right.

``pick(n)`` is a number from 0 to n - 1: hypothesis draws it, or atheris reads it off its own bytes.
"""

import gzip
import io
import json
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from copy import deepcopy

from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.errors import BytesLengthException, InvalidDicomError

Pick = Callable[[int], int]

EDGES = (
    0,
    1,
    2,
    3,
    7,
    8,
    16,
    255,
    2**15,
    2**16 - 1,
    2**16,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63,
    2**64 - 1,
)
"""Whole numbers on which sizes and offsets break."""

WORDS = (
    *(
        "nan",
        "NaN",
        "inf",
        "-inf",
        "Infinity",
        "1e308",
        "-1e308",
        "1e-320",
        "-1",
        "0",
        "-0.0",
        "1e999",
        "0x10",
        "1_0",
    ),
    *("9" * 30, "9" * 5000, "2147483648", "18446744073709551616", "1,5", "true", "null", "None", "~"),
    *(
        "",
        " ",
        "x",
        "\0",
        "a" * 3000,
        "é" * 300,
        "\u202e",
        "\ud7ff",
        "../../etc/passwd",
        "/etc/passwd",
        "a.png",
        "C:\\x",
    ),
    *(
        '"',
        "'",
        "<",
        ">",
        "&#0;",
        "&x;",
        "]]>",
        "{",
        "[",
        "}",
        "]",
        ",",
        ";",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "!!int x",
    ),
    *(
        "!!timestamp x",
        "!!python/object:os.system x",
        "&a [*a]",
        "*a",
        "<<: *a",
        "2025-99-99",
        "=cmd|' /C calc'!A0",
        "%s%n",
    ),
)
"""Texts that readers trip over."""

_NUMBER = re.compile(rb"-?\d+(\.\d+)?")
_TOKEN = re.compile(rb"[A-Za-z_][\w-]*|-?\d+(\.\d+)?")


def one_of(pick: Pick, choices: Sequence):
    """One of several things."""
    return choices[pick(len(choices))]


def some_bytes(content: bytes, pick: Pick) -> bytes:
    """Cut off, flipped, repeated, taken out, zeroed, or a number of 1, 2, 4 or 8 bytes put in another's place."""
    held = bytearray(content)
    for _ in range(1 + pick(3)):
        at = pick(len(held) + 1)
        match pick(7):
            case 0:
                del held[at:]
            case 1 if held:
                held[at % len(held)] ^= 1 + pick(255)
            case 2:
                held[at:at] = held[at : at + 1 + pick(64)] * (1 + pick(4))
            case 3:
                del held[at : at + 1 + pick(16)]
            case 4:
                held[at : at + 8] = bytes(len(held[at : at + 8]))
            case 5:
                held[at:at] = bytes(pick(256) for _ in range(1 + pick(8)))
            case _:
                size = one_of(pick, (1, 2, 4, 8))
                edge = one_of(pick, EDGES) % 256**size
                held[at : at + size] = edge.to_bytes(size, one_of(pick, ("little", "big")))
    return bytes(held)


def some_text(content: bytes, pick: Pick) -> bytes:
    """Numbers and names swapped for hostile ones, lines doubled, another encoding or line ending, bytes that are no text."""
    for _ in range(1 + pick(2)):
        match pick(9):
            case 0:
                content = _swapped(content, _NUMBER, pick)
            case 1 | 2:
                content = _swapped(content, _TOKEN, pick)
            case 3:
                lines = content.splitlines(keepends=True) or [b""]
                at = pick(len(lines))
                lines[at:at] = [one_of(pick, lines)] * (1 + pick(3))
                content = b"".join(lines)
            case 4:
                content = (
                    one_of(pick, (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0", b"\xef\xbb\xbf" * 2))
                    + content
                )
            case 5:
                content = content.replace(
                    b"\n", one_of(pick, (b"\r\n", b"\r", b"\n\n", b"\x0b", b"\xe2\x80\xa8"))
                )
            case 6:
                content = content.decode(errors="replace").encode(
                    one_of(pick, ("utf-16", "utf-32", "cp1252", "utf-7")), "replace"
                )
            case 7:
                at = pick(len(content) + 1)
                content = (
                    content[:at]
                    + one_of(pick, (b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\0"))
                    + content[at:]
                )
            case _:
                content = some_bytes(content, pick)
    return content


def png_fields(content: bytes, pick: Pick) -> bytes:
    """A PNG with a number of a chunk changed, a chunk doubled or taken out, and every checksum right."""
    chunks, at = [], 8
    while content[:4] == b"\x89PNG" and at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    if not chunks:
        return some_bytes(content, pick)
    at = pick(len(chunks))
    kind, data = chunks[at]
    match pick(4):
        case 0:
            chunks[at:at] = [
                (
                    one_of(pick, (b"acTL", b"eXIf", b"iCCP", b"zTXt", b"tRNS", b"PLTE", b"gAMA", b"sBIT")),
                    data[:20],
                )
            ]
        case 1:
            del chunks[at]
        case 2:
            chunks.insert(pick(len(chunks)), (kind, data))
        case _:
            chunks[at] = (kind, some_bytes(data, pick))
    return content[:8] + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def tiff_fields(content: bytes, pick: Pick) -> bytes:
    """A TIFF with a number of its first directory changed: a tag, its type, how many values, one of them, or what follows."""
    order = {b"II": "little", b"MM": "big"}.get(content[:2])
    if order is None or content[2:4] not in (b"*\0", b"\0*"):
        return some_bytes(content, pick)
    at = int.from_bytes(content[4:8], order)
    n_entries = int.from_bytes(content[at : at + 2], order)
    if not 0 < n_entries < 100:
        return some_bytes(content, pick)
    entry = at + 2 + 12 * pick(n_entries)
    place, size = one_of(
        pick, ((entry, 2), (entry + 2, 2), (entry + 4, 4), (entry + 8, 4), (entry + 8, 2), (at, 2), (4, 4))
    )
    if pick(8) == 0:
        place, size = at + 2 + 12 * n_entries, 4
    number = one_of(pick, (*EDGES, *range(12), at, len(content) - 1)) % 256**size
    return content[:place] + number.to_bytes(size, order) + content[place + size :]


def packed(content: bytes, pick: Pick) -> bytes:
    """What lies within a gzip file, changed and packed again."""
    if content[:2] != b"\x1f\x8b":
        return nifti_fields(content, pick)
    return gzip.compress(nifti_fields(gzip.decompress(content), pick), mtime=0)


def nifti_fields(content: bytes, pick: Pick) -> bytes:
    """A number of a NIfTI header changed."""
    places = [(40 + 2 * i, "<h") for i in range(8)] + [(70, "<h"), (72, "<h"), (252, "<h"), (254, "<h")]
    places += [(at, "<f") for at in (76, 80, 108, 112, 116, 256, 268, 280, 284)] + [
        (344, "4s"),
        (348, "4s"),
        (0, "<i"),
    ]
    at, kind = one_of(pick, places)
    match kind:
        case "<f":
            value = struct.pack(
                kind, one_of(pick, (0.0, -1.0, 1e38, float("nan"), float("inf"), 353.5, 1e-38))
            )
        case "4s":
            value = one_of(pick, (b"ni1\0", b"n+2\0", b"\1\0\0\0", b"\xff\xff\xff\xff"))
        case _:
            size = struct.calcsize(kind)
            value = (one_of(pick, EDGES) % 256**size).to_bytes(size, "little")
    return content[:at] + value + content[at + len(value) :]


def dicom_elements(content: bytes, pick: Pick) -> bytes:
    """A DICOM file with values of its elements replaced, of whatever kind, and the file whole again."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = dcmread(io.BytesIO(content))
            for _ in range(1 + pick(3)):
                element = one_of(pick, list(dataset))
                if pick(6) == 0:
                    del dataset[element.tag]
                elif element.VR in ("US", "SS", "UL"):
                    element.value = one_of(pick, EDGES) % 2**16
                elif element.VR in ("DS", "IS"):
                    raw = one_of(pick, (*WORDS[:17], "1\\2\\3", "0", "65535")).encode("utf-8", "replace")
                    dataset[element.tag] = RawDataElement(
                        element.tag, element.VR, len(raw), raw, 0, False, True
                    )
                elif element.tag == 0x7FE00010:
                    element.value = some_bytes(element.value, pick)
                else:
                    element.value = one_of(
                        pick, ("", "MONOCHROME1", "PALETTE COLOR", "YBR_FULL_422", "MR", "1.2.3", "SIGMOID")
                    )
            out = io.BytesIO()
            dataset.save_as(out)
    except (
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        OverflowError,
        struct.error,
        NotImplementedError,
        EOFError,
        OSError,
        InvalidDicomError,
        BytesLengthException,
    ):
        return some_bytes(content, pick)
    return out.getvalue()


def safetensors_header(content: bytes, pick: Pick) -> bytes:
    """A safetensors file with its header's text changed, and the header's length right."""
    if content[8:9] != b"{":
        return archive_entries(content, pick)
    length = int.from_bytes(content[:8], "little")
    header = some_text(content[8 : 8 + length], pick)
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def archive_entries(content: bytes, pick: Pick) -> bytes:
    """A checkpoint of torch with one file of its archive changed, left out or packed, and every checksum right."""
    if content[:2] != b"PK":
        return some_bytes(content, pick)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        chosen = one_of(pick, names)
        action = pick(4)
        for name in names:
            data = old.read(name)
            if name == chosen and action == 0:
                continue
            how = zipfile.ZIP_DEFLATED if name == chosen and action == 1 else zipfile.ZIP_STORED
            new.writestr(name, some_bytes(data, pick) if name == chosen and action > 1 else data, how)
    return out.getvalue()


def json_tree(content: bytes, pick: Pick) -> bytes:
    """JSON with values replaced, doubled, nested or taken out; NaN and endless numbers are written as they are."""
    try:
        tree = json.loads(content)
    except ValueError:
        return some_text(content, pick)
    for _ in range(1 + pick(3)):
        places = _places(tree)
        if places:
            _change(tree, one_of(pick, places), pick)
    text = json.dumps(tree)
    if pick(4) == 0:
        keys = re.findall(r'"[^"]*": ', text)
        if keys:
            key = one_of(pick, keys)
            text = text.replace(
                key, key + one_of(pick, ("null, ", "[], ", '"x", ', "9" * 5000 + ", ")) + key, 1
            )
    return text.encode()


def _change(tree, place, pick):
    *way, last = place
    here = tree
    for key in way:
        here = here[key]
    match pick(6):
        case 0 if isinstance(here, list):
            here[last:last] = [here[last]] * (1 + pick(3))
        case 1:
            del here[last]
        case 2:
            for _ in range(one_of(pick, (1, 3, 200))):
                here[last] = one_of(pick, ([here[last]], {"x": here[last]}))
        case 3 if isinstance(here, dict):
            here[one_of(pick, WORDS)] = here.pop(last)
        case _:
            # A copy: a later change within it must not change the choices themselves.
            here[last] = deepcopy(one_of(pick, (*_VALUES, *WORDS)))


_VALUES = (
    *(
        None,
        True,
        False,
        -1,
        0,
        1,
        3,
        1e308,
        -1e308,
        10**12,
        10**30,
        2**31,
        2**63,
        float("nan"),
        float("inf"),
        0.5,
        -0.0,
    ),
    *(
        [],
        {},
        [[]],
        [None],
        [[1e9, -1e9]] * 3,
        {"x": 1},
        [1, 2, 3, 4],
        ["a"],
        [float("nan")] * 4,
        {"size": [1, 1], "counts": [1]},
    ),
)


def _places(tree, before=()):
    found = []
    items = (
        list(tree.items())
        if isinstance(tree, dict)
        else list(enumerate(tree))
        if isinstance(tree, list)
        else []
    )
    for key, value in items[:40]:
        found.append((*before, key))
        if len(before) < 12:
            found += _places(value, (*before, key))
    return found


def _swapped(content: bytes, pattern: re.Pattern, pick: Pick) -> bytes:
    found = [match.span() for match in pattern.finditer(content[:100_000])]
    if not found:
        return content
    start, end = one_of(pick, found)
    return content[:start] + one_of(pick, WORDS).encode("utf-8", "surrogatepass") + content[end:]
