"""Every reader against damaged and hostile files: a refusal with words, and never anything else."""

import base64
import copy
import json
import re
import shutil
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_annotation_formats import FILES, SQUARES, index

from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.config import AnnotationSection
from xaudit.errors import DataError

HOSTILE = (
    None,
    True,
    -1,
    0,
    1e308,
    10**30,
    float("nan"),
    float("inf"),
    "",
    "x",
    "../../../etc/passwd",
    "\0",
    "a" * 3000,
    [],
    {},
    [[]],
    [None],
    [[1e9, -1e9]] * 3,
)
WORDS = (
    "nan",
    "inf",
    "-1",
    "1e308",
    "99999999999999999999",
    "",
    "x",
    "../../etc/passwd",
    "0",
    '"',
    "<",
    ",",
    "&#0;",
)
NUMBER = re.compile(rb"-?\d+(\.\d+)?")
EACH = pytest.mark.parametrize(
    ("kind", "file", "keys", "frame"), [one[:4] for one in SQUARES], ids=[one[1] for one in SQUARES]
)
QUICK = settings(
    max_examples=12,
    deadline=2000,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def held_file(file, tmp_path):
    """A copy of a file, or of the folder it lies in, and the copied file itself."""
    path = FILES / file
    target = tmp_path / path.name
    shutil.rmtree(target, ignore_errors=True)
    if path.is_file():
        return target, target, path.read_bytes()
    shutil.copytree(path, target)
    held = sorted(target.rglob("a.*"))[0]
    return target, held, held.read_bytes()


def read_or_refuse(path, kind, keys, frame, data):
    """Reads by the format's own reader and by the content; anything but a refusal fails the test."""
    name = data.draw(st.sampled_from(["auto", kind]))
    said, found = "", ()
    try:
        found, *_ = read_annotations(
            AnnotationSection(path=path, format=name, **keys),
            index(frame, f"{kind}/{path.name}"),
            merge={},
        )
    except DataError as error:
        said = f"{error} {error.hint}"
    assert len(said) < 2000
    assert {mark.case_id for mark in found} <= {"a", "b", "p"}


@EACH
@QUICK
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused(tmp_path, kind, file, keys, frame, data):
    path, held, content = held_file(file, tmp_path)
    damaged = bytearray(content)
    match data.draw(st.sampled_from(["cut", "flip", "insert", "repeat"])):
        case "cut":
            damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
        case "flip":
            for at in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=8)):
                damaged[at] ^= data.draw(st.integers(1, 255))
        case "insert":
            at = data.draw(st.integers(0, len(damaged)))
            damaged[at:at] = data.draw(st.binary(min_size=1, max_size=20))
        case _:
            at = data.draw(st.integers(0, len(damaged)))
            damaged[at:at] = damaged[at : at + 60] * 3
    held.write_bytes(bytes(damaged))
    read_or_refuse(path, kind, keys, frame, data)


@EACH
@QUICK
@given(data=st.data())
def test_hostile_values_are_read_or_refused(tmp_path, kind, file, keys, frame, data):
    path, held, content = held_file(file, tmp_path)
    if held.suffix == ".json":
        tree = json.loads(content)
        for place in data.draw(st.lists(st.sampled_from(places(tree)), min_size=1, max_size=3)):
            put(tree, place, copy.deepcopy(data.draw(st.sampled_from(HOSTILE))))
        held.write_text(json.dumps(tree))
    else:
        numbers = list(NUMBER.finditer(content))
        if not numbers:
            return
        at = data.draw(st.sampled_from(numbers))
        word = data.draw(st.sampled_from(WORDS)).encode()
        held.write_bytes(content[: at.start()] + word + content[at.end() :])
    read_or_refuse(path, kind, keys, frame, data)


def places(tree, before=()):
    found = []
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(items)[:50]:
        found += [(*before, key), *places(value, (*before, key))]
    return found


def put(tree, place, value):
    *way, last = place
    for key in way:
        if not isinstance(tree, dict | list) or (isinstance(tree, dict) and key not in tree):
            return
        if isinstance(tree, list) and not (isinstance(key, int) and key < len(tree)):
            return
        tree = tree[key]
    if isinstance(tree, dict) or (isinstance(tree, list) and isinstance(last, int) and last < len(tree)):
        tree[last] = value


BOMB = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;"><!ENTITY z "&y;&y;&y;&y;&y;&y;&y;&y;">]>'


@pytest.mark.parametrize("root", ["annotation", "annotations", "LidcReadMessage"])
@pytest.mark.parametrize("doctype", [BOMB, '<!DOCTYPE a [<!ENTITY z SYSTEM "file:///etc/passwd">]>'])
def test_entities_are_refused_by_every_reader_of_xml(tmp_path, root, doctype):
    file = tmp_path / "a.xml"
    file.write_text(f"{doctype}<{root}>&z;</{root}>")
    for kind in ("voc", "cvat", "lidc"):
        with pytest.raises(DataError, match="declares a document type"):
            read_annotations(AnnotationSection(path=file, format=kind), index((40, 60)), merge={})


def test_a_file_that_is_too_large_is_refused_unread(tmp_path):
    file = tmp_path / "marks.json"
    with file.open("wb") as hole:
        hole.truncate(600 * 2**20)  # takes no room on the disk
    with pytest.raises(
        DataError, match=r"marks\.json: 600 MB, and annotations of more than 512 MB are not read"
    ):
        read_annotations(AnnotationSection(path=file), index((40, 60)), merge={})


def png_bomb(side=40_000):
    """A PNG of a hundred bytes whose header says that it has 1.6 thousand million pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


def test_an_image_bomb_is_refused_as_a_mask_and_inside_labelme(tmp_path):
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "a.png").write_bytes(png_bomb())
    with pytest.raises(
        DataError, match=r"a\.png: the mask has more pixels than an image can be expected to have"
    ):
        read_annotations(AnnotationSection(path=tmp_path / "masks"), index((40, 60)), merge={})
    mask = base64.b64encode(png_bomb()).decode()
    shape = {"label": "x", "shape_type": "mask", "points": [[0, 0], [39_999, 39_999]], "mask": mask}
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"shapes": [shape]}))
    with pytest.raises(DataError, match="more pixels than an image can be expected to have"):
        read_annotations(AnnotationSection(path=file), index((40, 60)), merge={})


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (
            "cvat",
            '<annotations><image name="a"><mask rle="1" left="0" top="0" width="9999999" height="9999999"/></image></annotations>',
        ),
        (
            "coco",
            '{"images":[{"id":1,"file_name":"a"}],"annotations":[{"image_id":1,"segmentation":{"size":[999999,999999],"counts":[999998000001]}}]}',
        ),
        ("chexlocalize", '{"a":{"x":{"size":[999999,999999],"counts":"0"}}}'),
        ("labelme", '{"shapes":[],"imagePath":"a","imageHeight":1e9,"imageWidth":1e9}'),
    ],
)
def test_a_huge_declared_size_is_refused_before_room_is_made_for_it(tmp_path, kind, text):
    file = tmp_path / "a.json"
    file.write_text(text)
    with pytest.raises(DataError, match=r"drawn on|a mask of"):
        read_annotations(AnnotationSection(path=file), index((40, 60)), merge={})


def test_json_that_is_nested_without_end_is_refused(tmp_path):
    file = tmp_path / "marks.json"
    file.write_text("[" * 200_000)
    with pytest.raises(DataError, match="nested too deeply"):
        read_annotations(AnnotationSection(path=file), index((40, 60)), merge={})


@pytest.mark.parametrize("text", ["names: &a [*a]", "names: {0: [1]}", "names", "names: {x: y}", "a: b: c"])
def test_class_names_that_are_no_names_are_refused(tmp_path, text):
    (tmp_path / "data.yaml").write_text(text)
    (tmp_path / "a.txt").write_text("0 .5 .5 .1 .1")
    with pytest.raises(DataError, match=r"data\.yaml"):
        read_annotations(AnnotationSection(path=tmp_path, format="yolo"), index((40, 60)), merge={})


def test_a_folder_that_links_to_itself_is_read_once(tmp_path):
    shutil.copytree(FILES / "yolo", tmp_path / "labels")
    Path(tmp_path / "labels" / "again").symlink_to(tmp_path / "labels", target_is_directory=True)
    found, *_ = read_annotations(AnnotationSection(path=tmp_path / "labels"), index((40, 60)), merge={})
    assert len(found) == 1
