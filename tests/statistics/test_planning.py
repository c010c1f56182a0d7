import pytest

from xaudit.config import Gate
from xaudit.records import Interval, Plan, Summary
from xaudit.statistics.planning import half_width, patients_needed, plan


def summary(explainer, low, high, *, metric="iou", n=20, stratum="all"):
    interval = Interval(0.4, low, high, "bca")
    return Summary(
        "m", explainer, metric, "localization", "union", interval, 3 * n, n, 0, "patient", stratum=stratum
    )


def test_half_the_width_takes_four_times_the_patients():
    assert patients_needed(0.1, 20, 0.05) == 80
    assert patients_needed(0.1, 20, 0.1) == 20
    # (.12 / .05)² · 20 = 115.2
    assert patients_needed(0.12, 20, 0.05) == 116


def test_no_plan_asks_for_fewer_patients_than_an_interval_takes():
    assert patients_needed(0.01, 20, 0.5) == 5


def test_without_limits_there_is_no_half_width():
    assert half_width(Interval(0.4, None, None, "none")) is None


def test_a_gate_without_an_explainer_asks_all_and_one_with_asks_it():
    summaries = [summary("lime", 0.3, 0.5), summary("gradcam", None, None), summary("random", 0, 0.1)]
    summaries.append(summary("lime", 0.1, 0.9, stratum="class=cancer"))
    found = plan([Gate.parse("iou >= 0.3")], summaries, explainers=["lime", "gradcam"], wanted=0.05)
    assert found == (
        Plan("iou >= 0.3", "m", "lime", "union", pytest.approx(0.1), 0.05, 20, 80),
        Plan("iou >= 0.3", "m", "gradcam", "union", None, 0.05, 20, None),
    )
    only = plan([Gate.parse("iou@random >= 0.3")], summaries, explainers=["lime"], wanted=0.05)
    assert [p.explainer_id for p in only] == ["random"]
