"""Findings on explainers whose maps ignore the model or the image, or depend on the seed."""

from collections.abc import Callable, Sequence

from xaudit.records import Summary, Verdict
from xaudit.verdict.naming import named, over

ALIKE = 0.5
"""Rank correlation of a random network's map with the trained one's from which the map shows the image, not the model."""

ONE_PLACE = 0.75
"""Agreement of different patients' maps from which they point at one place; a fixed blob reaches 1."""

STABLE = 0.5
"""Agreement of one image's maps from different seeds below which they show the draw rather than the model."""


def sanity_findings(own: Sequence[Summary], explainers: Sequence[str]) -> list[Verdict]:
    """Return XA311, XA312 and XA313 for each explainer with a whole interval on the wrong side of the limit.

    An explainer that was not measured, or on too few patients for an interval, gets none.
    """
    verdicts: list[Verdict] = []
    for explainer_id in explainers:
        for metric, check in _CHECKS.items():
            measured = [s for s in own if s.metric_id == metric and s.explainer_id == explainer_id]
            verdicts += [verdict for summary in measured if (verdict := check(summary)) is not None]
    return verdicts


def _unmoved(summary: Summary) -> Verdict | None:
    low = summary.interval.low
    if low is None or low <= ALIKE:
        return None
    return _finding(
        "XA311", summary, f"lower end of mprt <= {ALIKE:g}", (low, ALIKE),
        "does not depend on the model: after all weights of the network are randomised, its map stays nearly the same, "
        f"rank correlation {over(summary, beside=ALIKE, estimate_too=False)}",
    )  # fmt: skip


def _in_one_place(summary: Summary) -> Verdict | None:
    low = summary.interval.low
    if low is None or low <= ONE_PLACE:
        return None
    return _finding(
        "XA312", summary, f"lower end of location-collapse <= {ONE_PLACE:g}", (low, ONE_PLACE),
        "points at the same place on every image: maps of different patients have nearly the same layout, rank "
        f"correlation {over(summary, beside=ONE_PLACE, estimate_too=False)}",
    )  # fmt: skip


def _unstable(summary: Summary) -> Verdict | None:
    high = summary.interval.high
    if high is None or high >= STABLE:
        return None
    return _finding(
        "XA313", summary, f"upper end of seed-stability >= {STABLE:g}", (high, STABLE),
        "is unstable: another seed gives another map of the same image, rank correlation "
        f"{over(summary, beside=STABLE, estimate_too=False)}",
    )  # fmt: skip


_CHECKS: dict[str, Callable[[Summary], Verdict | None]] = {
    "mprt": _unmoved,
    "location-collapse": _in_one_place,
    "seed-stability": _unstable,
}


def _finding(code: str, summary: Summary, rule: str, compared: tuple[float, float], sentence: str) -> Verdict:
    value, threshold = compared
    return Verdict(
        code=code,
        status="fail",
        model_id=summary.model_id,
        subject=f"{summary.model_id}/{summary.explainer_id}",
        rule=rule,
        sentence=f"{named(summary, False)} {sentence}",
        value=value,
        threshold=threshold,
        n_patients=summary.n_patients,
        gating=False,
    )
