"""One reader's mark against another's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reading_models import box

from xaudit.catalog import METRICS
from xaudit.config import MetricSpec
from xaudit.metrics import score_localization
from xaudit.metrics.human import EMPTY, OVERLAPS, overlap_of_marks

SHAPE = (10, 10)
NOTHING = np.zeros(SHAPE, dtype=bool)
ONE = box(SHAPE, (0, 4), (0, 4))  # 16 pixels
OTHER = box(SHAPE, (0, 4), (2, 8))  # 24 pixels, 8 in both, 32 in either


def test_the_four_overlaps_by_hand():
    found = {name: overlap_of_marks(name, ONE, OTHER) for name in OVERLAPS}
    assert found == pytest.approx({"iou": 8 / 32, "dice": 16 / 40, "coverage": 8 / 24, "precision": 8 / 16})


@pytest.mark.parametrize("name", OVERLAPS)
def test_finding_nothing_where_the_other_found_something_is_no_agreement(name):
    assert overlap_of_marks(name, NOTHING, ONE) == 0
    assert overlap_of_marks(name, ONE, NOTHING) == 0
    assert overlap_of_marks(name, NOTHING, NOTHING) is EMPTY


@given(arrays(np.bool_, SHAPE), arrays(np.bool_, SHAPE))
def test_dice_follows_from_iou_and_both_from_coverage_and_precision(one, other):
    if not one.any() or not other.any():
        return
    found = {name: overlap_of_marks(name, one, other) for name in OVERLAPS}
    assert found["dice"] == pytest.approx(2 * found["iou"] / (1 + found["iou"]))
    if found["iou"]:
        inverse = 1 / found["coverage"] + 1 / found["precision"] - 1
        assert found["iou"] == pytest.approx(1 / inverse)


@settings(deadline=None)  # the first call imports Quantus
@given(arrays(np.bool_, SHAPE), arrays(np.bool_, SHAPE), st.data())
def test_a_mark_in_a_maps_place_scores_as_a_map_would(one, other, data):
    known = [row.id for row in METRICS if row.id in OVERLAPS]
    name = data.draw(st.sampled_from(known))
    if not one.any() or one.all() or not other.any() or other.all():
        return
    as_map = score_localization(
        MetricSpec(name=name), one.astype(np.float32), other, np.ones(SHAPE, dtype=bool)
    )
    assert overlap_of_marks(name, one, other) == pytest.approx(as_map)


def test_what_does_not_fit_is_a_mistake_of_the_program():
    with pytest.raises(ValueError, match=r"^'pointing-game' asks for more than overlap$"):
        overlap_of_marks("pointing-game", ONE, OTHER)
    with pytest.raises(ValueError, match=r"^marks of \(10, 10\) and \(2, 5\) do not match$"):
        overlap_of_marks("iou", ONE, np.ones((2, 5), dtype=bool))
