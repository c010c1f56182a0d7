"""From any format to any other: nothing lost without a word, and proof of what is left."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_annotation_formats import FILES, SMALL, SQUARES, index, square

from xaudit.cases.conversion import Marked, convert
from xaudit.cases.images.plane import Plane
from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.cases.marks.encodings.brush import decode_brush, encode_brush
from xaudit.cases.marks.encodings.run_lengths import decode_runs, encode_runs
from xaudit.cases.marks.formats.cvat import runs_by_rows, runs_of_rows
from xaudit.cases.marks.writing import MarkedImage, write_annotations
from xaudit.catalog.formats import WRITABLE
from xaudit.config import AnnotationSection
from xaudit.errors import DataError
from xaudit.geometry import mask_region, rasterise
from xaudit.records import Annotation, Box, Polygon

PLANE = Plane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0))
IMAGES = (MarkedImage("one/a", "one/a.png", 24, 37, PLANE), MarkedImage("two/a", "two/a.png", 24, 37, PLANE))
NAMES = {
    "coco": "marks.json",
    "boxes": "marks.csv",
    "label-studio": "marks.json",
    "cvat": "marks.xml",
    "chexlocalize": "marks.json",
}
OF_ONE_READER = ("chexlocalize",)

quarter = st.integers(0, 4 * 20).map(lambda n: n / 4)


@st.composite
def regions(draw, kinds=("box", "polygon", "mask")):
    x, y = draw(quarter), draw(quarter)
    match draw(st.sampled_from(kinds)):
        case "box":
            return Box(x, y, x + draw(st.integers(1, 60)) / 4, y + draw(st.integers(1, 15)) / 4)
        case "polygon":
            return Polygon(
                ((x, y), (x + draw(st.integers(1, 60)) / 4, y), (x, y + draw(st.integers(1, 15)) / 4))
            )
        case _:
            mask = np.zeros((24, 37), dtype=bool)
            for row, column in draw(
                st.lists(st.tuples(st.integers(0, 23), st.integers(0, 36)), min_size=1, max_size=9)
            ):
                mask[row, column] = True
            return mask_region(mask)


@st.composite
def annotations(draw, kinds=("box", "polygon", "mask")):
    found = []
    for case in ("one/a", "two/a"):
        for reader in draw(st.sets(st.sampled_from(["reader-1", "dr b", "train"]))):
            drawn = draw(st.lists(regions(kinds), max_size=3))
            found += [
                Annotation(case, reader, region, draw(st.sampled_from(["x", "y z", None])))
                for region in drawn
            ]
            found += [] if drawn else [Annotation(case, reader, None)]
    return tuple(sorted(found, key=lambda mark: (mark.case_id, mark.reader_id)))


# What each format holds to the pixel: with marks of these kinds every image and reader comes back.
EXACT = {
    "coco": ("box", "polygon", "mask"),
    "voc": ("box",),
    "yolo": ("box", "polygon"),
    "labelme": ("box", "polygon", "mask"),
    "boxes": ("box",),
    "label-studio": ("box", "polygon", "mask"),
    "cvat": ("box", "polygon", "mask"),
    "chexlocalize": ("box", "polygon", "mask"),
    "masks": ("box", "polygon", "mask"),
    "nifti": ("box", "polygon", "mask"),
}


@pytest.mark.parametrize("kind", WRITABLE)
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_what_a_format_can_hold_comes_back_at_the_same_pixels(kind, data, tmp_path_factory):
    given_marks = data.draw(annotations(EXACT[kind]).filter(bool))
    if "train" in {mark.reader_id for mark in given_marks} and kind in ("yolo", "labelme", "masks", "nifti"):
        given_marks = tuple(
            Annotation(mark.case_id, mark.reader_id.replace("train", "dr c"), mark.region, mark.label)
            for mark in given_marks
        )
    if kind in OF_ONE_READER:
        given_marks = tuple(Annotation(m.case_id, "reader-1", m.region, m.label) for m in given_marks)
        drawn = {mark.case_id for mark in given_marks if mark.region is not None}
        given_marks = tuple(m for m in given_marks if m.region is not None or m.case_id not in drawn)
    out = tmp_path_factory.mktemp("out") / NAMES.get(kind, "marks")
    done = convert(Marked(IMAGES, given_marks, ()), kind, out)
    assert done.n_same == done.n_sheets == len({(mark.case_id, mark.reader_id) for mark in given_marks})


@pytest.mark.parametrize("kind", [k for k in WRITABLE if k not in ("masks", "nifti", *OF_ONE_READER)])
def test_labels_readers_and_votes_come_back(kind, tmp_path):
    marks = (
        Annotation("one/a", "dr b", Box(1, 2, 5, 6), "y z"),
        Annotation("one/a", "dr b", Box(7, 2, 9, 6), "x"),
        Annotation("one/a", "reader-1", None),
        Annotation("two/a", "dr b", None),
    )
    out = tmp_path / NAMES.get(kind, "marks")
    write_annotations(kind, IMAGES, marks, out)
    images = {image.path: image.case_id for image in IMAGES}
    back, *_ = read_annotations(AnnotationSection(path=out), index_of(images), merge={})
    assert back == marks


def index_of(images):
    from xaudit.cases.names.image_index import ImageIndex

    return ImageIndex(images, dict.fromkeys(images.values(), (24, 37)))


@pytest.mark.parametrize(
    ("kind", "losses"),
    [
        ("coco", ("readers stand under reader_id, which other tools pass over",)),
        (
            "voc",
            (
                "1 outline became the box around it",
                "1 mask became the box around it",
                "readers stand under <annotator>, which other tools pass over",
            ),
        ),
        (
            "yolo",
            (
                "the reader 'dr/b' is called 'dr_b', as a folder",
                "1 mask became the box around it",
                "1 mark without a label is of the class 'unnamed'",
                "readers are 1 folder, which other tools take for other images",
            ),
        ),
        ("labelme", ("the reader 'dr/b' is called 'dr_b', as a folder",)),
        (
            "label-studio",
            ("readers stand by name under completed_by, where Label Studio has its users' numbers",),
        ),
        (
            "cvat",
            (
                "1 mark without a label has an empty one, which CVAT does not import",
                "readers stand in an attribute `reader`, which CVAT imports where the label has one",
            ),
        ),
        (
            "chexlocalize",
            (
                "1 box or outline is the pixels whose centres it holds",
                "1 mark without a label is of the finding 'unnamed'",
                "the reader's name is lost",
            ),
        ),
        ("boxes", ("1 outline became the box around it", "1 mask became the box around it")),
        (
            "masks",
            (
                "the reader 'dr/b' is called 'dr_b', as a folder",
                "1 box or outline is the pixels whose centres it holds",
                "1 label is lost",
                "2 marks are one mask with others of the same reader and image",
            ),
        ),
    ],
)
def test_what_a_format_cannot_hold_is_said(kind, losses, tmp_path):
    mask = np.zeros((24, 37), dtype=bool)
    mask[3, 4] = mask[5, 9] = True
    marks = (
        Annotation("one/a", "dr/b", Polygon(((1, 1), (9, 1), (1, 9))), "x"),
        Annotation("one/a", "dr/b", mask_region(mask)),
    )
    out = tmp_path / NAMES.get(kind, "marks")
    done = convert(Marked(IMAGES, marks, ()), kind, out)
    assert done.losses == losses
    same = 1 if kind in ("coco", "label-studio", "cvat", "chexlocalize") else 0
    assert (done.n_sheets, done.n_same) == (1, same)


def test_readers_whose_folders_would_be_the_same_are_refused(tmp_path):
    marks = (Annotation("one/a", "a/b", None), Annotation("one/a", "a:b", None))
    with pytest.raises(DataError, match="two readers would have the folder 'a_b'"):
        write_annotations("labelme", IMAGES, marks, tmp_path / "out")


def test_nothing_is_written_outside_the_folder(tmp_path):
    marks = (Annotation("one/a", "../../evil", None), Annotation("one/a", "..", None))
    for kind in WRITABLE:
        marks = marks[:1] if kind in OF_ONE_READER else marks
        write_annotations(kind, IMAGES, marks, tmp_path / kind / "deep" / NAMES.get(kind, "marks"))
    written = [path.relative_to(tmp_path).parts[:2] for path in tmp_path.rglob("*") if path.is_file()]
    assert {parts[1] for parts in written} == {"deep"}
    assert {parts[0] for parts in written} == set(WRITABLE)


def test_nothing_to_convert_is_refused(tmp_path):
    with pytest.raises(DataError, match="belong to none of the images"):
        convert(Marked(IMAGES, (), ()), "coco", tmp_path / "x.json")


@pytest.mark.parametrize("to", WRITABLE)
@pytest.mark.parametrize("case", [one for one in SQUARES if one[3] == SMALL], ids=lambda one: one[1])
def test_the_square_goes_from_any_format_to_any(case, to, tmp_path):
    _, file, keys, frame, _ = case
    found, *_ = read_annotations(AnnotationSection(path=FILES / file, **keys), index(frame, file), merge={})
    known = index(frame, file)
    images = tuple(
        MarkedImage(case_id, path, *frame, known.planes.get(case_id, PLANE))
        for path, case_id in known.paths.items()
    )
    out = tmp_path / NAMES.get(to, "marks")
    if to in OF_ONE_READER and len({mark.reader_id for mark in found}) > 1:
        with pytest.raises(DataError, match="holds one reader, and there are 2"):
            convert(Marked(images, found, ()), to, out)
        return
    done = convert(Marked(images, found, ()), to, out)
    assert done.n_same == done.n_sheets
    back, *_ = read_annotations(AnnotationSection(path=out), index(frame, file), merge={})
    (drawn,) = (mark.region for mark in back if mark.region is not None)
    assert np.array_equal(rasterise(drawn, frame), square(frame))


def test_coco_that_we_write_has_what_other_tools_need(tmp_path):
    marks = (Annotation("one/a", "reader-1", Box(1, 2, 5, 6), "x"),)
    write_annotations("coco", IMAGES, marks, tmp_path / "x.json")
    content = json.loads((tmp_path / "x.json").read_text())
    (one,) = content["annotations"]
    assert (one["bbox"], one["area"], one["iscrowd"], one["category_id"]) == ([1, 2, 4, 4], 16, 0, 1)
    assert content["categories"] == [{"id": 1, "name": "x"}]


@given(runs=st.lists(st.integers(1, 2**40), min_size=1, max_size=30), outside=st.booleans())
def test_compressed_run_lengths_are_read_back(runs, outside):
    counts = (0, *runs) if outside else tuple(runs)
    assert decode_runs(encode_runs(counts)) == counts


@pytest.mark.parametrize("side", [1, 2, 7, 300])
def test_brush_strokes_of_any_length_are_read_back(side):
    mask = np.zeros((side, side + 1), dtype=bool)
    for inside in (mask, ~mask, np.indices(mask.shape).sum(axis=0) % 5 < 2):
        assert np.array_equal(decode_brush(encode_brush(inside), inside.size), inside.ravel())


def test_run_lengths_by_rows_are_read_back():
    mask = np.array([[True, True, False], [False, True, False]])
    assert runs_of_rows(mask) == "0, 2, 2, 1, 1"
    assert np.array_equal(runs_by_rows(runs_of_rows(mask), 2, 3), mask)
