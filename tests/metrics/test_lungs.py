"""Two lungs in one mask: parted where they are narrowest, or not at all."""

import numpy as np
import pytest

from xaudit.metrics.lungs import lungs_by_shape

SHAPE = (200, 240)


def ellipse(centre, radii, turned=0.0):
    y, x = np.indices(SHAPE)
    y, x = y - centre[0], x - centre[1]
    along, across = x * np.cos(turned) + y * np.sin(turned), y * np.cos(turned) - x * np.sin(turned)
    return (along / radii[1]) ** 2 + (across / radii[0]) ** 2 <= 1


SMALL, LARGE = ellipse((100, 50), (60, 36)), ellipse((100, 145), (80, 62))
"""They overlap in columns 83 to 86; the middle of both together is column 110."""


def shares(lungs):
    """Of each part the share of each lung's own pixels, the left part first."""
    ordered = sorted(lungs.each, key=lambda lung: np.flatnonzero(lung.any(0)).mean())
    alone = (SMALL & ~LARGE, LARGE & ~SMALL)
    return [[float(part[own].mean()) for own in alone] for part in ordered]


def test_lungs_that_touch_are_parted_at_the_neck_and_not_in_the_middle():
    lungs = lungs_by_shape(SMALL | LARGE)
    assert shares(lungs) == [[1.0, 0.0], [0.0, 1.0]]
    assert ((lungs.each[0] | lungs.each[1]) == (SMALL | LARGE)).all()
    assert not (lungs.each[0] & lungs.each[1]).any()


@pytest.mark.parametrize("turn", [lambda m: m[:, ::-1], lambda m: m[::-1], lambda m: m[::-1, ::-1]])
def test_a_flip_flips_the_parts(turn):
    plain = lungs_by_shape(SMALL | LARGE)
    flipped = lungs_by_shape(turn(SMALL | LARGE))
    sizes = sorted(int(lung.sum()) for lung in plain.each)
    assert sorted(int(lung.sum()) for lung in flipped.each) == pytest.approx(sizes, abs=8)


def test_lungs_that_touch_in_front_and_behind_are_parted_at_both_places():
    # Around the heart: a bridge of 4 rows above and one below.
    left, right = ellipse((100, 60), (70, 40)), ellipse((100, 150), (70, 40))
    bridges = np.zeros(SHAPE, dtype=bool)
    bridges[60:64, 60:150] = bridges[140:144, 60:150] = True
    lungs = lungs_by_shape(left | right | bridges)
    first, second = sorted(lungs.each, key=lambda lung: np.flatnonzero(lung.any(0)).mean())
    assert first[left].all()
    assert second[right].all()


@pytest.mark.parametrize(
    "mask",
    [
        np.pad(np.ones((50, 88), dtype=bool), 10),  # the rectangle that two rectangles make
        ellipse((100, 90), (60, 50)) | ellipse((100, 130), (60, 50)),  # more overlap than lung
        np.pad(np.ones((100, 75), dtype=bool), 10),
    ],
)
def test_a_wide_piece_without_a_neck_is_not_parted(mask):
    assert lungs_by_shape(mask).each == ()


@pytest.mark.parametrize(
    "mask",
    [
        ellipse((100, 100), (90, 45)),
        ellipse((100, 100), (90, 45)) & ~ellipse((100, 145), (35, 30)),  # the heart's notch
        ellipse((55, 100), (45, 35))
        | ellipse((135, 100), (45, 35)),  # a neck between an upper and a lower part
    ],
)
def test_a_tall_piece_is_one_lung(mask):
    (only,) = lungs_by_shape(mask).each
    assert (only == mask).all()


def test_a_fragment_beside_two_lungs_that_touch_goes_with_the_nearer():
    fragment = ellipse((185, 200), (10, 12))
    lungs = lungs_by_shape(SMALL | LARGE | fragment)
    assert shares(lungs) == [[1.0, 0.0], [0.0, 1.0]]
    assert next(lung for lung in lungs.each if lung[100, 145])[fragment].all()


def test_two_pieces_are_two_lungs_although_the_larger_one_has_a_neck():
    left = ellipse((60, 40), (40, 30)) | ellipse((130, 60), (40, 30))
    right = ellipse((100, 170), (80, 45))
    assert sorted(int(lung.sum()) for lung in lungs_by_shape(left | right).each) == sorted(
        (int(left.sum()), int(right.sum()))
    )


def test_an_empty_mask_holds_no_lung():
    assert lungs_by_shape(np.zeros(SHAPE, dtype=bool)).each == ()
