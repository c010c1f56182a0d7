"""YOLO lines of boxes, outlines, key points and tracks, told apart or refused with the line."""

import math

import pytest
from case_files import refused
from test_annotation_formats import SMALL, index

from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.config import AnnotationSection
from xaudit.errors import DataError
from xaudit.records import Box, Polygon

ASK = (
    "in data.yaml, give kpt_shape for key points, or names and no kpt_shape for outlines; for a track, give the readers' marks "
    "and not a model's"
)
POSE = "0 .5 .5 .4 .4 .4 .4 .6 .6 .5 .55 .45 .6\n"
"""A box of 24 × 16 pixels around (30, 20), and four points in it."""


@pytest.fixture
def read(tmp_path):
    def read(yaml=None, **files):
        for name, text in files.items():
            file = tmp_path / "labels" / f"{name.replace('__', '/')}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        if yaml is not None:
            (tmp_path / "data.yaml").write_text(yaml)
        return read_annotations(AnnotationSection(path=tmp_path / "labels"), index(SMALL), merge={})

    return read


def ring(n, radius=0.1):
    angles = [2 * math.pi * k / n for k in range(n)]
    return (
        "0 "
        + " ".join(f"{0.5 + radius * math.cos(a):.4f} {0.5 + radius * math.sin(a):.4f}" for a in angles)
        + "\n"
    )


def test_kpt_shape_makes_the_first_four_numbers_a_box_and_says_so(read):
    found, _, notes = read("names: [nodule]\nkpt_shape: [4, 2]\n", a=POSE + "0 .5 .5 .2 .2\n")
    # .5 ± .2 of 60 and of 40; .5 ± .1.
    assert [mark.region for mark in found] == [Box(18, 12, 42, 28), Box(24, 16, 36, 24)]
    assert notes == (
        "annotations: YOLO lines with key points, which have no area, so that their boxes count: 1",
    )


def test_a_line_that_kpt_shape_does_not_allow_is_refused(read):
    with refused(
        "a.txt: line 2: 8 numbers after the class, and kpt_shape [4, 2] means 4 or 12",
        "mend the line, or kpt_shape in data.yaml",
    ):
        read("names: [nodule]\nkpt_shape: [4, 2]\n", a=POSE + "0 .1 .1 .2 .1 .2 .2 .1 .2\n")


def test_key_points_with_visibility_are_told_without_kpt_shape_and_refused(read):
    with refused(
        "a.txt: line 1: 10 numbers after the class: they look like a box and 2 key points with x, y and visibility",
        ASK,
    ):
        read(a="0 .5 .5 .4 .4 .4 .4 2 .6 .6 1\n")


def test_what_can_be_key_points_or_an_outline_is_refused(read):
    with refused(
        "a.txt: line 1: 12 numbers after the class: they can be a box and 4 key points, or 6 points of an outline",
        ASK,
    ):
        read(a=POSE)


def test_a_track_is_refused(read):
    with refused(
        "a.txt: line 1: 6 numbers after the class: they are a box with a confidence and a track's number, or three points",
        ASK,
    ):
        read(a="0 .5 .5 .4 .4 .9 7\n")


def test_names_without_kpt_shape_say_that_lines_are_outlines(read):
    (mark,), *_ = read("names: [nodule]\n", a=POSE)
    assert mark.region == Polygon(((30, 20), (24, 16), (24, 16), (36, 24), (30, 22), (27, 24)))


@pytest.mark.parametrize(
    "text",
    [
        ring(16),
        ring(5) + ring(5, 0.2),
        "0 .3 .3 .6 .35 .55 .6 .28 .55\n",  # an oriented box: four corners
        ring(6) + ring(9),  # of different lengths, as no key points have
        "0 .1 .1 .2 .1 .2 .2\n",  # as a box it would leave the image
    ],
)
def test_outlines_are_read_as_outlines(read, text):
    found, _, notes = read(a=text)
    assert all(isinstance(mark.region, Polygon) for mark in found)
    assert len(found) == text.count("\n")
    assert notes == ()


def test_readers_folders_are_told_apart_one_by_one(read):
    # dr-b's outlines differ in length, which must not make outlines of dr-a's key points.
    with pytest.raises(DataError, match=r"^dr-a/a.txt: line 1: 12 numbers"):
        read(**{"dr-a__a": POSE, "dr-b__a": ring(6) + ring(9)})
