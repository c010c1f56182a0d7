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
from xaudit.metrics.human import (
    EMPTY,
    NO_CONSENSUS,
    OVERLAPS,
    TOO_FEW,
    UNMARKED,
    leave_one_out,
    overlap_of_marks,
)

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


def row(first, last):
    mask = np.zeros((1, 8), dtype=bool)
    mask[0, first:last] = True
    return mask


ALL = np.ones((1, 8), dtype=bool)
THREE = {"r1": row(0, 4), "r2": row(2, 6), "r3": row(2, 4)}


def reached(name, masks, policy="union", *, valid=ALL, votes=None, **options):
    spec = MetricSpec.model_validate({"name": name, **options})
    return leave_one_out(spec, masks, valid, policy=policy, votes=votes)


def test_each_reader_is_held_against_the_union_of_the_others():
    """r1 against 2..6: 2 of 6 for IoU, 2 of its 4 for precision; r2 against 0..4 alike; r3 against 0..6: 2/6 and 2/2."""
    assert reached("iou", THREE) == pytest.approx({"union": 2 / 6})
    assert reached("precision", THREE) == pytest.approx({"union": (2 / 4 + 2 / 4 + 1) / 3})


@pytest.mark.parametrize(
    "cut",
    [{}, {"binarisation": "area"}, {"binarisation": "fixed", "threshold": 0.9}, {"binarisation": "tuned"}],
)
def test_a_mark_is_cut_already_so_how_maps_are_cut_changes_nothing(cut):
    assert reached("iou", THREE, **cut) == pytest.approx({"union": 2 / 6})
    assert reached("lesion-recall", THREE, **cut) == {"union": 1}


def test_metrics_of_rank_and_mass_take_the_mark_as_a_map():
    """r1 against 2..6: half of its pixels hit; of 4 · 4 pairs 2 · 2 are won and 2 · 2 + 2 · 2 tied: .5. r3 lies within
    the others' 0..6: all hit, and of 6 · 2 pairs 2 · 2 are won and 4 · 2 tied: 2/3."""
    assert reached("pointing-game", THREE) == pytest.approx({"union": (0.5 + 0.5 + 1) / 3})
    assert reached("pixel-auroc", THREE) == pytest.approx({"union": (0.5 + 0.5 + 2 / 3) / 3})


@pytest.mark.parametrize(
    ("name", "worth"),
    [("iou", 0), ("relevance-mass-accuracy", 0), ("pixel-auroc", 0.5), ("pixel-auprc", 2 / 8)],
)
def test_who_found_nothing_missed_it_as_an_empty_map_does(name, worth):
    """Of two readers one found nothing: held against the other's 2 of 8 pixels it is worth a map of nothing; the other
    one, held against nothing, is worth what chance gives there."""
    against_nothing = 0.5 if name == "pixel-auroc" else 0
    found = reached(name, {"r1": row(0, 0), "r2": row(0, 2)})
    assert found == pytest.approx({"union": (worth + against_nothing) / 2})


def test_votes_are_those_of_the_audit():
    """Of r1's others 2 must agree: 2..4. Of two readers nobody has two others."""
    assert reached("iou", THREE, "majority", votes=2) == pytest.approx({"majority": (2 / 4 + 2 / 4 + 1) / 3})
    assert reached("iou", THREE, "majority", votes=1) == pytest.approx({"majority": 2 / 6})
    two = {"r1": row(0, 4), "r2": row(2, 6)}
    assert reached("iou", two, "majority", votes=2) == {"majority": NO_CONSENSUS}


def test_only_what_the_model_saw_counts():
    valid = row(3, 5)
    # of pixels 3 and 4, r1 holds 3 and r2 both: 1/2 from either side
    two = {"r1": row(0, 4), "r2": row(3, 8)}
    assert reached("iou", two, valid=valid) == {"union": 0.5}


def test_where_nobody_can_be_compared_the_reason_is_said():
    assert reached("iou", {"r1": row(0, 4)}) == {"union": TOO_FEW}
    assert reached("iou", {"r1": row(0, 0), "r2": row(0, 0)}) == {"union": UNMARKED}
    assert reached("iou", {"r1": row(0, 4)}, "each") == {"r1": TOO_FEW}


@settings(max_examples=30, deadline=None)
@given(st.permutations(["r1", "r2", "r3"]))
def test_the_order_of_the_readers_changes_nothing(order):
    assert reached("iou", {name: THREE[name] for name in order}) == pytest.approx(reached("iou", THREE))
