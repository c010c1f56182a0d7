"""The stored values of one frame of a DICOM file, unpacked by an installed decoder.

The claims of a header or a compressed frame are compared with the file before memory is allocated. Overlays are not drawn,
neither those in elements of their own nor those in the unused bits of the pixels.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from xaudit.cases.images.dicom_file import Elements, guarded, pydicom_package
from xaudit.cases.images.header import UnreadableImageError, check_memory, check_pixels
from xaudit.records import FloatArray, IntArray

CODECS = "xaudit[dicom-codecs]"
"""The extra to install for compressed files that Pillow does not read."""

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")

_GREY = ("MONOCHROME1", "MONOCHROME2")
_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
_PALETTE = "PALETTE COLOR"

_DECODERS = ("pydicom", "pillow", "pylibjpeg")
"""Asked in this order. On damaged frames GDCM ends the whole process (python-gdcm 3.2.6), pyjpegls may not come back (1.5.1),
and pylibjpeg-rle panics (2.2.0), so the first two are never asked, and the last not where pydicom reads RLE itself."""

_NO_IMAGES = {
    "1.2.840.10008.5.1.4.1.1.66": "raw data or a segmentation",
    "1.2.840.10008.5.1.4.1.1.481.2": "a radiotherapy dose",
    "1.2.840.10008.5.1.4.1.1.481.3": "a radiotherapy structure set",
    "1.2.840.10008.5.1.4.1.1.481.5": "a radiotherapy plan",
    "1.2.840.10008.5.1.4.1.1.30": "a parametric map",
}
"""Prefixes of storage classes that hold no images, with the name of their content."""


def stored_values(elements: Elements) -> FloatArray:
    """Return the values of a frame: float64, (H, W) as stored, or float32, (H, W, 3) of colours between 0 and 1.

    Raises:
        UnreadableImageError: with what is wrong, in words that hold nothing of the file's text.
    """
    _check_is_image(elements)
    height, width = int(elements.number("Rows") or 0), int(elements.number("Columns") or 0)
    check_pixels(height, width)
    _check_memory(elements, height * width)
    kind = elements.text("PhotometricInterpretation") or ""
    if kind not in (*_GREY, *_COLOUR, _PALETTE):
        raise UnreadableImageError(
            "stores its DICOM pixels in a colour form that is not read; grey, RGB, YBR_FULL and palette are"
        )
    bits, high = elements.number("BitsStored"), elements.number("HighBit")
    if bits is not None and high is not None and high + 1 != bits:
        raise UnreadableImageError("packs its DICOM pixels into bits in a way that is not read")
    _check_frame_claims(elements, height, width)
    stored = decoded_frame(elements)
    if stored is None:
        raise UnreadableImageError(_why_not_decoded(elements))
    if stored.shape[:2] != (height, width) or stored.ndim not in (2, 3):
        raise UnreadableImageError("is not a single grey or colour DICOM image")
    if kind == _PALETTE:
        return _through_palette(elements, stored)
    if stored.ndim == 3:
        if stored.shape[2] != 3:
            raise UnreadableImageError("is not a single grey or colour DICOM image")
        return as_shares(stored, float(2 ** int(bits or 8) - 1))
    if kind not in _GREY:
        raise UnreadableImageError("says that it is in colour and stores one value per pixel")
    return np.array(stored, dtype=np.float64)


def as_shares(values: IntArray, largest: float) -> FloatArray:
    """Divide values by the largest, float32 in [0, 1]; computed in float64, a few rows at a time to save memory."""
    shares = np.empty(values.shape, dtype=np.float32)
    for rows in some_rows(values.shape):
        shares[rows] = np.clip(values[rows] / largest, 0, 1)
    return shares


def some_rows(shape: tuple[int, ...]) -> Iterator[slice]:
    """Yield slices of an image's rows, each with about a million values."""
    n_rows = max(1, 2**20 // max(1, math.prod(shape[1:])))
    yield from (slice(start, start + n_rows) for start in range(0, shape[0], n_rows))


def _check_memory(elements: Elements, n_pixels: int) -> None:
    """Refuse a frame that would take more than a gigabyte: the file twice, the stored values, and their grey levels."""
    n_samples = max(1, min(int(elements.number("SamplesPerPixel") or 1), 3))
    n_stored = max(1, min(int(elements.number("BitsAllocated") or 16) // 8, 8))
    n_file = max(guarded(lambda name=name: len(elements.file[name].value)) or 0 for name in PIXELS)  # type: ignore[misc]
    palette = elements.text("PhotometricInterpretation") == _PALETTE
    n_made = 3 * (2 + 4) if palette else 4 * n_samples if n_samples > 1 else 8 + 4 + 2
    check_memory(2 * n_file + n_pixels * (n_samples * n_stored + n_made))


def _check_is_image(elements: Elements) -> None:
    storage = elements.text("SOPClassUID") or ""
    for beginning, what in _NO_IMAGES.items():
        if storage == beginning or storage.startswith(f"{beginning}."):
            raise UnreadableImageError(f"is {what} in DICOM, and no image")
    if not any(name in elements for name in PIXELS):
        raise UnreadableImageError("is a DICOM file without an image, or cut off before it")


def _syntax(elements: Elements) -> Any:  # noqa: ANN401  (pydicom's UID, None where there is none)
    syntax = guarded(lambda: elements.file.file_meta.TransferSyntaxUID)
    known = syntax is not None and guarded(lambda: syntax.is_transfer_syntax and not syntax.is_private)
    return syntax if known else None


def _check_frame_claims(elements: Elements, height: int, width: int) -> None:
    """Refuse a compressed frame that claims another size than the header, before it is unpacked."""
    syntax = _syntax(elements)
    if syntax is None or not guarded(lambda: syntax.is_encapsulated):
        return
    n_frames = int(elements.number("NumberOfFrames") or 1)
    encaps = guarded(lambda: __import__("pydicom.encaps", fromlist=["get_frame"]))
    frame = guarded(
        lambda: encaps.get_frame(elements.file.PixelData, elements.index, number_of_frames=n_frames)  # type: ignore[union-attr]
    )
    claimed = None if frame is None else codestream_size(frame)
    if claimed is not None and claimed != (height, width):
        raise UnreadableImageError(
            f"has a compressed DICOM frame of {claimed[1]} × {claimed[0]} pixels, and its header says {width} × {height}"
        )


def codestream_size(frame: bytes) -> tuple[int, int] | None:
    r"""Return the height and width that a JPEG, JPEG-LS or JPEG 2000 frame claims; None if they cannot be read.

    Example:
        >>> codestream_size(b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x02\x00\x03\x01\x01\x11\x00")
        (2, 3)
    """
    at = frame.find(b"\xff\x4f\xff\x51")
    if 0 <= at <= 256:
        numbers = [int.from_bytes(frame[at + 8 + 4 * n : at + 12 + 4 * n], "big") for n in range(4)]
        return numbers[1] - numbers[3], numbers[0] - numbers[2]
    if not frame.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 <= len(frame) and frame[at] == 0xFF:
        marker = frame[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            return int.from_bytes(frame[at + 5 : at + 7], "big"), int.from_bytes(
                frame[at + 7 : at + 9], "big"
            )
        if marker == 0xDA:
            return None
        at += 2 + int.from_bytes(frame[at + 2 : at + 4], "big")
    return None


def decoded_frame(elements: Elements) -> IntArray | None:
    """Decode the frame with pydicom, colour as RGB; return None if no decoder can."""
    pixels, syntax = pydicom_package().pixels, _syntax(elements)
    packed = syntax is not None and bool(guarded(lambda: syntax.is_encapsulated))
    if not packed and elements.number("BitsAllocated") == 1:
        return guarded(lambda: _bits(elements))
    for plugin in _decoders(elements) if packed else [""]:
        stored: IntArray | None = guarded(
            lambda plugin=plugin: pixels.pixel_array(  # type: ignore[misc]
                elements.file, index=elements.index, decoding_plugin=plugin
            )
        )
        if stored is not None:
            return stored
    return None


def _bits(elements: Elements) -> IntArray:
    """Return a frame of single bits, which may begin within a byte; pydicom reads such frames only all together."""
    shape = int(elements.file.Rows), int(elements.file.Columns)
    n_bits, data = shape[0] * shape[1], elements.file.PixelData
    begin = elements.index * n_bits
    if int(elements.number("SamplesPerPixel") or 1) != 1 or begin + n_bits > 8 * len(data):
        raise ValueError("no frame of bits")
    some = np.frombuffer(data, dtype=np.uint8)[begin // 8 : (begin + n_bits + 7) // 8]
    return np.unpackbits(some, bitorder="little")[begin % 8 :][:n_bits].reshape(shape)


def _decoders(elements: Elements) -> list[str]:
    """Return the installed decoders in the order of use; none for a file that is not compressed."""
    syntax = _syntax(elements)
    decoder = guarded(lambda: pydicom_package().pixels.get_decoder(syntax))
    installed = guarded(lambda: list(decoder.available_plugins)) or []  # type: ignore[union-attr]
    usable = [name for name in _DECODERS if name in installed]
    # pydicom's own decoder needs no fallback.
    return usable[:1] if "pydicom" in usable else usable


def _why_not_decoded(elements: Elements) -> str:
    syntax = _syntax(elements)
    if syntax is None:
        return "is a DICOM image in an unknown transfer syntax"
    if not syntax.is_compressed or syntax.is_deflated:
        return "is truncated or damaged: its DICOM pixels do not fill the frame"
    if guarded(lambda: pydicom_package().pixels.get_decoder(syntax)) is None:
        return f"is compressed as {syntax.name}, which is not read"
    # Pillow reads only some of what it is offered: 8 bits of JPEG Extended, 8 or 16 of JPEG 2000.
    if set(_decoders(elements)) - {"pillow"}:
        return f"is compressed as {syntax.name} and truncated or damaged"
    return (
        f"is compressed as {syntax.name}, which no installed decoder reads, or is damaged; "
        f"pip install '{CODECS}' brings the decoders"
    )


def _through_palette(elements: Elements, stored: IntArray) -> FloatArray:
    """Return the colours that the stored numbers stand for, (H, W, 3)."""
    palette = guarded(lambda: pydicom_package().pixels.apply_color_lut(stored, elements.file))
    if palette is None or palette.ndim != 3 or palette.shape[2] < 3:
        raise UnreadableImageError(
            "stores its DICOM pixels as palette, and the palette is missing or damaged"
        )
    largest = float(np.iinfo(palette.dtype).max)
    return as_shares(palette[:, :, :3], largest)
