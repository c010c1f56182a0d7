"""Summaries made by hand, and the verdicts on them."""

from dataclasses import replace

from xaudit.config import Gate
from xaudit.records import Interval, Summary
from xaudit.verdict import judge

MARK_COUNTS = (0.42, 0.33, 0.51)
MARK_IDLE = (0.01, -0.01, 0.03)


def summary(
    metric="iou", explainer="gradcam", interval=(0.41, 0.34, 0.48), *, model="honest", n=41, **kwargs
):
    estimate, low, high = interval
    families = {"reliance-agreement": "agreement", "pixel-flipping": "faithfulness"}
    default = "reliance" if metric.startswith("reliance-") else "localization"
    plain = {
        "model_id": model,
        "explainer_id": "-" if default == "reliance" and metric not in families else explainer,
        "metric_id": metric,
        "family": families.get(metric, default),
        "reader": "union",
        "interval": Interval(estimate, low, high, "none" if low is None else "bca"),
        "n_cases": 2 * n,
        "n_patients": n,
        "n_unscored": 0,
        "cluster": "patient",
    }
    return Summary(**{**plain, **kwargs})


def judged(summaries, *gates, models=("honest",), gate_on="lower", **kwargs):
    return judge(
        summaries, gates=[Gate.read(gate) for gate in gates], models=models, gate_on=gate_on, **kwargs
    )


def reliances(**intervals):
    return [
        summary(f"reliance-{region.replace('_', '-')}", interval=interval)
        for region, interval in intervals.items()
    ]


def agreement(interval, difference, *, explainer="gradcam"):
    return replace(
        summary("reliance-agreement", explainer, interval),
        control_id=None if difference is None else "edges",
        control_difference=None if difference is None else Interval(*difference, "bca"),
    )
