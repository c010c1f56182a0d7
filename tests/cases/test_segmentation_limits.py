"""The limits of the built-in segmentations, on pictures of a few rectangles."""

import numpy as np
import pytest

from xaudit.cases.anatomy import xray as segmentation_xray
from xaudit.cases.anatomy.ct import _pair, _without_table
from xaudit.cases.anatomy.refused import Refused


def drawn(*rectangles, grey=0.5):
    image = np.zeros((100, 100))
    for top, bottom, left, right in rectangles:
        image[top:bottom, left:right] = grey
    return image


BODY = (10, 50, 30, 70)
TABLE = (70, 72, 20, 80)  # begins below row 55, and is wider than 25 pixels
POST = (80, 90, 40, 45)  # hangs below the table, apart from it
ASIDE = (80, 90, 5, 10)  # as low, but beside it


def test_a_table_goes_with_all_that_hangs_below_it_and_nothing_else():
    left = _without_table(drawn(BODY, TABLE, POST, ASIDE))
    assert np.array_equal(left, drawn(BODY, ASIDE) > 0)


def test_what_stands_above_a_table_in_its_columns_stays():
    bed = drawn(BODY, TABLE)
    bed[60:70, 20:22] = bed[60:70, 78:80] = 0.5  # with sides that rise: one piece from row 60 on
    bed[62:66, 40:60] = 0.5  # what lies between them, apart
    left = _without_table(bed)
    assert np.array_equal(left, drawn(BODY, (62, 66, 40, 60)) > 0)


@pytest.mark.parametrize(
    ("rectangle", "is_table"),
    [
        ((56, 58, 20, 80), True),
        ((55, 57, 20, 80), False),  # begins at 55 of 100, not below
        ((70, 72, 20, 46), True),
        ((70, 72, 20, 45), False),  # 25 of 100 is not wider than a quarter
    ],
)
def test_a_table_begins_below_the_middle_and_is_wider_than_a_quarter(rectangle, is_table):
    assert (
        _without_table(drawn(BODY, rectangle)).sum()
        == (drawn(BODY) if is_table else drawn(BODY, rectangle)).astype(bool).sum()
    )


def test_a_pixel_is_bright_above_five_grey_levels_of_black():
    # 5 · .02 = .1
    assert not _without_table(drawn(BODY, grey=0.1)).any()
    assert not _without_table(drawn(BODY, grey=0.09)).any()
    assert _without_table(drawn(BODY, grey=0.11)).sum() == 40 * 40


def test_an_xray_without_contrast_is_refused_though_one_half_is_a_little_brighter():
    halves = np.full((64, 64), 0.7, dtype=np.float32)
    halves[:, 32:] = 0.75
    assert segmentation_xray.segment_body(halves) == Refused("the image is all of one brightness")
    halves[:, 32:] = 0.8
    body = segmentation_xray.segment_body(halves)
    assert body[:, 40:].all()
    assert not body[:, :24].any()


@pytest.mark.parametrize(
    ("first", "last", "both"), [(37, 63, True), (38, 63, False), (37, 62, False), (38, 62, False)]
)
def test_a_dark_piece_is_cut_at_the_middle_where_it_reaches_twelve_hundredths_of_the_body_to_either_side(
    first, last, both
):
    # Columns 0 to 99: the middle is 50, and 12 of 100 to either side are 38 and 62.
    body = np.ones((30, 100), dtype=bool)
    dark = np.zeros_like(body)
    dark[10:20, first : last + 1] = True
    found = _pair(dark, body, smallest=0.08)
    if not both:
        assert found == Refused("dark areas were found on one side of the body only")
        return
    left, right = found
    assert np.argwhere(left)[[0, -1]].tolist() == [[10, first], [19, 49]]
    assert np.argwhere(right)[[0, -1]].tolist() == [[10, 50], [19, last]]


@pytest.mark.parametrize(("width", "enough"), [(2, True), (1, False)])
def test_the_smaller_lung_is_one_from_its_share_of_the_larger_on(width, enough):
    body = np.ones((30, 100), dtype=bool)
    dark = np.zeros_like(body)
    # 10 × 20 pixels on the left; of .1 of them, 20, on the right there are 2 × 10 or 1 × 10.
    dark[10:20, 10:30] = dark[10:20, 70 : 70 + width] = True
    found = _pair(dark, body, smallest=0.1)
    assert not isinstance(found, Refused) if enough else found == Refused("only one lung was found")
