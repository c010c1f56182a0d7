"""The prior: the other patients' mean reliance map, each patient counted once, on frames small enough to add up by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from xaudit.config import ExplainersSection
from xaudit.metrics.absent import Absent
from xaudit.metrics.reliance_map.captured import NO_RELIANCE
from xaudit.records import Prediction, Score, Unscored, WindowEffects
from xaudit.stages.scores.prior import NO_OTHERS, ReliancePool, score_prior

HW = (4, 4)
LIMITS = ExplainersSection(area=1 / 16)


def effects(case_id, patient, *places, target="cancer", question="hide"):
    """Windows of one pixel each; the median of 16 is 0, so the map is what is named here."""
    drops = np.zeros(HW, dtype=np.float32)
    for row, column, value in places:
        drops[row, column] = value
    return WindowEffects(
        case_id, patient, "net", target, "cancer", "cancer", question, "blur", 0.25, 1.0, HW, 0.9, 2.0, drops, drops,
        np.zeros(HW, dtype=np.float32), ("body",) * 16,
    )  # fmt: skip


ROWS = [
    effects("a1", "A", (0, 0, 0.8)),
    effects("a2", "A", (0, 0, 0.4), (1, 1, 0.2)),
    effects("b1", "B", (2, 2, 0.5)),
    effects("c1", "C", (1, 1, 0.1)),
]
CLUSTERS = {one.case_id: one.patient_id for one in ROWS}


def pool(rows=ROWS, cuts=(4,), clusters=CLUSTERS):
    parts, left = [], list(rows)
    for size in cuts:
        parts.append(left[:size])
        left = left[size:]
    return ReliancePool(
        clusters, [frozenset(one.patient_id for one in part) for part in parts], parts.__getitem__
    )


def spots(*places):
    values = np.zeros(HW)
    for row, column, value in places:
        values[row, column] = value
    return values


@pytest.mark.parametrize("cuts", [(4,), (1, 1, 1, 1), (2, 2), (1, 3)], ids=str)
def test_the_mean_leaves_out_the_patient_and_counts_every_other_one_once(cuts):
    """Without B: A's mean of two cases is .6 at (0, 0) and .1 at (1, 1); C has .1 at (1, 1)."""
    np.testing.assert_allclose(pool(cuts=cuts).mean_without("B"), spots((0, 0, 0.3), (1, 1, 0.1)), atol=1e-7)
    np.testing.assert_allclose(
        pool(cuts=cuts).mean_without("A"), spots((2, 2, 0.25), (1, 1, 0.05)), atol=1e-7
    )


def test_cases_that_failed_and_other_questions_do_not_count():
    rows = [*ROWS, effects("d1", "D", (3, 3, 0.9)), effects("c1", "C", (3, 0, 0.9), question="transplant")]
    np.testing.assert_array_equal(pool(rows, (6,), CLUSTERS).mean_without("B"), pool().mean_without("B"))


def test_the_order_of_cases_changes_no_bit():
    np.testing.assert_array_equal(pool(ROWS[::-1]).mean_without("C"), pool().mean_without("C"))


def chunk(*cases):
    def subject(row):
        case = SimpleNamespace(case_id=row.case_id, patient_id=row.patient_id, cluster=row.patient_id)
        prediction = Prediction(
            row.case_id,
            row.patient_id,
            "net",
            "test",
            "cancer",
            "cancer",
            "cancer",
            (1.0, 0.0),
            (0.9, 0.1),
            ("cancer", "normal"),
        )
        return SimpleNamespace(case=case, prediction=prediction)

    return SimpleNamespace(
        subjects=[subject(row) for row in cases], classifier=SimpleNamespace(id="net", model_hw=HW)
    )


def test_the_prior_is_scored_by_each_case_s_own_reliance():
    """The others' strongest pixel of A's cases is (2, 2), where A has nothing; of B's (0, 0); of C's (0, 0) too."""
    results = score_prior(chunk(*ROWS), ROWS, pool(), LIMITS)
    assert [one.value for one in results] == [0.0, 0.0, 0.0, 0.0]
    shared = [effects("a1", "A", (1, 1, 0.8)), effects("b1", "B", (1, 1, 0.4), (2, 2, 0.5))]
    clusters = {"a1": "A", "b1": "B"}
    results = score_prior(chunk(*shared), shared, pool(shared, (2,), clusters), LIMITS)
    # A's pixel is (1, 1), the others' (2, 2). B's best pixel holds .5, and A's points at .4.
    assert [one.value for one in results] == pytest.approx([0.0, 0.4 / 0.5])
    key = results[0].key
    assert (key.explainer_id, key.metric_id, key.model_id, key.case_id) == (
        "prior", "reliance-captured", "net", "a1",
    )  # fmt: skip


def test_a_case_without_reliance_and_a_patient_without_others_have_no_prior():
    rows = [effects("a1", "A", (0, 0, 0.01)), effects("b1", "B", (0, 0, 0.5))]
    clusters = {"a1": "A", "b1": "B"}
    without, other = score_prior(chunk(*rows), rows, pool(rows, (2,), clusters), LIMITS)
    assert isinstance(without, Unscored)
    assert without.reason == NO_RELIANCE
    assert isinstance(other, Score)
    alone = pool(rows[:1], (1,), {"a1": "A"})
    assert alone.mean_without("A") == Absent(NO_OTHERS)
    [result] = score_prior(chunk(rows[0]), rows, alone, LIMITS)
    assert result.reason == NO_OTHERS
