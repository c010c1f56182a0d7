"""Leave one reader out, by hand: three readers on one row of eight pixels."""

import numpy as np
import pytest
import torch

from xaudit.chunks import Subject
from xaudit.config import ExplainerSpec, MetricSpec
from xaudit.geometry import fit_geometry
from xaudit.records import Case, Prediction, Score, Unscored
from xaudit.stages.scores.human_control import score_people

HW = (1, 8)
HUMAN = ExplainerSpec(name="human")
METRICS = (MetricSpec(name="iou"), MetricSpec(name="pointing-game"))


def row(first, last):
    mask = np.zeros(HW, dtype=bool)
    mask[0, first:last] = True
    return mask


def subject(model_hw=HW, fit="stretch"):
    case = Case("a", "A", "data", "a.png", "0" * 64, "cancer", "test", *HW)
    said = Prediction(
        "a", "A", "net", "test", "cancer", "cancer", "cancer", (1.0, 0.0), (0.7, 0.3), ("cancer", "normal")
    )
    return Subject(case, said, torch.zeros(3, *model_hw), fit_geometry(HW, model_hw, fit), {}, None)


def people(masks, policy, **options):
    results = score_people(subject(**options), masks, HUMAN, model_id="net", policy=policy, metrics=METRICS)
    assert {r.key.metric_id for r in results} <= {"iou"}, "a mark has no highest point"
    return {r.key.reader: r.value if isinstance(r, Score) else r.reason for r in results}


THREE = {"r1": row(0, 4), "r2": row(2, 6), "r3": row(2, 4)}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        # r1 against 2..6: 2/6; r2 against 0..4: 2/6; r3 against 0..6: 2/6
        ("union", {"union": (2 / 6 + 2 / 6 + 2 / 6) / 3}),
        # r1 against 2..4: 2/4; r2 against 2..4: 2/4; r3 against 2..4: 1
        ("intersection", {"intersection": (2 / 4 + 2 / 4 + 1) / 3}),
        # of two others a majority is both
        ("majority", {"majority": (2 / 4 + 2 / 4 + 1) / 3}),
        # against r1: r2 2/6, r3 2/4; against r2: r1 2/6, r3 2/4; against r3: 2/4 each
        ("each", {"r1": (2 / 6 + 2 / 4) / 2, "r2": (2 / 6 + 2 / 4) / 2, "r3": 2 / 4}),
    ],
)
def test_each_reader_is_held_against_the_others_under_the_audits_policy(policy, expected):
    assert people(THREE, policy) == pytest.approx(expected)


def test_a_reader_who_found_nothing_has_said_so():
    """r1 against nothing is 0, r2 (nothing) against r1 is 0."""
    assert people({"r1": row(0, 4), "r2": row(0, 0)}, "union") == {"union": 0}


def test_identical_readers_agree():
    assert people({"r1": row(0, 4), "r2": row(0, 4)}, "majority") == {"majority": 1}


def test_only_what_the_model_saw_counts():
    """A crop of twice its height: of 1 × 8 pixels the model sees the two in the middle, 3 and 4."""
    seen = people({"r1": row(0, 4), "r2": row(3, 8)}, "union", model_hw=(2, 4), fit="crop")
    # of pixels 3 and 4, r1 holds 3 and r2 both: 1/2, as seen from either
    assert seen == pytest.approx({"union": 1 / 2})


@pytest.mark.parametrize(
    ("masks", "reason"),
    [
        ({"r1": row(0, 4)}, "fewer than two readers looked at this case"),
        ({"r1": row(0, 0), "r2": row(0, 0)}, "no reader marked anything on this case"),
    ],
)
def test_where_nobody_can_be_compared_the_reason_is_said(masks, reason):
    assert people(masks, "union") == {"union": reason}


def test_a_case_that_nobody_looked_at_is_not_counted():
    assert people({}, "union") == {}


def test_the_score_says_whose_it_is():
    [result] = score_people(subject(), THREE, HUMAN, model_id="net", policy="union", metrics=METRICS)
    assert not isinstance(result, Unscored)
    assert (result.key.explainer_id, result.key.model_id, result.key.family) == (
        "human",
        "net",
        "localization",
    )
