"""A window so hard that lung, fat and air are black: the walls around the lungs have a gap, which is closed before they are filled."""

import numpy as np
import pytest

from xaudit.cases.anatomy.ct import HARD_FROM, segment_body, segment_lungs
from xaudit.cases.anatomy.refused import Refused

SIDE = 160
ROWS, COLUMNS = np.mgrid[0:SIDE, 0:SIDE]
RADIUS = np.hypot(ROWS - 79.5, COLUMNS - 79.5)
BODY = RADIUS <= 56
MIDDLE = np.abs(COLUMNS - 79.5) < 4
HALLS = (RADIUS < 46) & ~MIDDLE


def walls(gap_px):
    """A ring of muscle and a bar between the lungs, with a gap in the left wall."""
    muscle = BODY & ~HALLS
    muscle[(np.abs(ROWS - 79.5) < gap_px / 2) & (COLUMNS < 60)] = False
    return np.where(muscle, 0.6, 0.0).astype(np.float32)


def dice(one, other):
    return 2 * (one & other).sum() / (one.sum() + other.sum())


@pytest.mark.parametrize("gap_px", [4, 8, 12])
def test_lungs_behind_a_wall_with_a_gap_are_the_halls_within(gap_px):
    image = walls(gap_px)
    assert (image == 0).mean() > HARD_FROM
    lungs = segment_lungs(image)
    assert dice(lungs, HALLS) > 0.95
    # Both of them, and not what lies between.
    assert lungs[:, :79].any()
    assert lungs[:, 81:].any()
    assert not lungs[79, 78:82].any()


def test_the_body_behind_a_small_gap_is_all_that_the_wall_surrounds():
    assert dice(segment_body(walls(4)), BODY) > 0.97


def test_a_wall_that_is_half_gone_shows_no_lungs():
    assert isinstance(segment_lungs(walls(60)), Refused)


def test_of_one_hall_alone_there_are_no_two_lungs():
    image = walls(8)
    image[BODY & (COLUMNS >= 80)] = 0.6
    assert isinstance(segment_lungs(image), Refused)
