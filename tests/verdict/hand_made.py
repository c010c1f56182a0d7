"""Summaries made by hand, and the verdicts on them."""

from xaudit.config import Gate
from xaudit.records import ExplainerJudgement, Interval, Summary
from xaudit.verdict import judge

MARK_COUNTS = (0.42, 0.33, 0.51)
MARK_IDLE = (0.01, -0.01, 0.03)


def summary(
    metric="iou", explainer="gradcam", interval=(0.41, 0.34, 0.48), *, model="honest", n=41, **kwargs
):
    estimate, low, high = interval
    families = {"pixel-flipping": "faithfulness"}
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


def judgement(
    captured,
    prior=(0.3, 0.2, 0.4),
    difference=(0.5, 0.4, 0.6),
    *,
    explainer="gradcam",
    model="honest",
    **kwargs,
):
    limits = [None if one is None else Interval(*one, "bca") for one in (captured, prior, difference)]
    plain = {"n_cases": 82, "n_patients": 41, "n_without_reliance": 0, "n_needed": None, "state": "shows"}
    return ExplainerJudgement(model, explainer, *limits, **{**plain, **kwargs})
