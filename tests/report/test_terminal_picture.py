"""Pictures of characters: the mark and the map's peak stand where they are, in colour and without."""

import numpy as np
import pytest

from xaudit.report.pictures.figures import OUTLINES
from xaudit.report.terminal.picture import beside, picture_lines


def drawn(pixels=None, saliency=None, marks=None, **options):
    options = {"columns": 8, "aspect": 1.0, "signed": True, "colour": False, **options}
    return picture_lines(pixels, saliency, marks or {}, **options)


def square(shape=(16, 16), rows=slice(0, 8), columns=slice(8, 16)):
    mask = np.zeros(shape, bool)
    mask[rows, columns] = True
    return mask


def test_without_colour_an_image_is_shades_and_a_character_is_twice_as_high_as_wide():
    pixels = np.zeros((16, 16), np.float32)
    pixels[:, 8:] = 1.0
    assert [line.plain for line in drawn(pixels)] == ["    @@@@"] * 4


def test_without_colour_a_line_is_drawn_just_outside_the_mark():
    marks = {"a": square((32, 16), slice(8, 24), slice(4, 12))}
    lines = drawn(np.zeros((32, 16), np.float32), marks=marks, aspect=2.0)
    empty = " " * 8
    assert [line.plain for line in lines] == [
        empty, " oooooo ", *[" o    o "] * 4, " oooooo ", empty,
    ]  # fmt: skip


def test_without_colour_the_strongest_point_of_a_map_is_marked():
    saliency = np.zeros((8, 8), np.float32)
    saliency[4:6, 6] = 2.0
    saliency[0:2, 1] = 1.0
    assert [line.plain for line in drawn(saliency=saliency)] == [
        " =      ",
        "        ",
        "      X ",
        "        ",
    ]


def test_the_strongest_point_is_that_of_the_map_before_it_is_made_small():
    saliency = np.zeros((512, 512), np.float32)
    saliency[20, 50] = 1.0
    saliency[300:400, 300:400] = 0.5
    assert drawn(saliency=saliency)[0].plain[0] == "X"


def test_a_mark_over_the_whole_frame_has_its_line_at_the_edge():
    lines = drawn(np.zeros((16, 16), np.float32), marks={"a": np.ones((16, 16), bool)})
    assert [line.plain for line in lines] == ["o" * 8, "o      o", "o      o", "o" * 8]


def test_evidence_against_counts_only_where_signs_mean_nothing():
    saliency = np.zeros((8, 8), np.float32)
    saliency[4:6, 6] = -2.0
    assert "X" not in "".join(line.plain for line in drawn(saliency=saliency))
    assert drawn(saliency=saliency, signed=False)[2].plain == "      X "


def test_a_map_of_zeros_has_no_strongest_point():
    assert [line.plain for line in drawn(saliency=np.zeros((8, 8), np.float32))] == [" " * 8] * 4


def test_in_colour_a_character_holds_two_pixels():
    pixels = np.zeros((8, 8), np.float32)
    pixels[1] = 1.0
    lines = drawn(pixels, colour=True)
    assert [line.plain for line in lines] == ["▀" * 8] * 4
    style = lines[0].spans[0].style
    assert (style.color.name, style.bgcolor.name) == ("#000000", "#ffffff")


def test_in_colour_the_line_round_the_marks_leaves_what_is_marked_to_be_seen():
    marks = {"a": square(rows=slice(0, 2), columns=slice(6, 16)), "b": square(rows=slice(0, 2))}
    lines = drawn(np.zeros((16, 16), np.float32), marks=marks, colour=True)
    cyan = "#{:02x}{:02x}{:02x}".format(*OUTLINES[0])
    black = "#000000"
    assert [span.style.color.name for span in lines[0].spans] == [black] * 2 + [cyan] + [black] * 5
    assert [span.style.bgcolor.name for span in lines[0].spans] == [black] * 2 + [cyan] * 6


def test_the_picture_and_its_marks_may_come_in_different_sizes():
    lines = drawn(
        np.zeros((20, 20), np.float32), marks={"a": square((640, 640), slice(0, 320), slice(320, 640))}
    )
    assert [line.plain for line in lines] == ["   o    ", "   o    ", "   ooooo", "        "]


def test_a_picture_of_nothing_is_refused():
    with pytest.raises(ValueError, match="a picture of nothing"):
        drawn()


@pytest.mark.parametrize(("width", "n_lines"), [(18, 10), (17, 15), (3, 15)])
def test_as_many_pictures_stand_beside_each_other_as_fit(width, n_lines):
    pictures = [(name, drawn(np.zeros((8, 8), np.float32))) for name in ("one", "two", "three")]
    assert len(list(beside(pictures, columns=8, width=width))) == n_lines
