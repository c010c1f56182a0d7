"""Choose the cases of the report's gallery, and rank them from worst to best."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from xaudit.catalog import metric_row
from xaudit.records import CategorisedMap, Score, ScoreResult

RANKED_BY = ("relevance-mass-accuracy", "iou", "pixel-auroc", "pixel-flipping")
"""The first of these that a run has decides what is bad."""


def ranking_metric(scores: Sequence[ScoreResult], explainers: Sequence[str]) -> str | None:
    """The metric by which cases are ordered; None where a run has none of them."""
    there = {
        one.key.metric_id for one in scores if isinstance(one, Score) and one.key.explainer_id in explainers
    }
    return next((name for name in RANKED_BY if name in there), None)


def case_values(
    scores: Sequence[ScoreResult], *, model_id: str, explainers: Sequence[str], metric_id: str | None
) -> dict[str, float]:
    """Mean of the metric over explainers and readers, by case; turned so that higher is better."""
    if metric_id is None:
        return {}
    sign = -1.0 if metric_row(metric_id).higher_is_better is False else 1.0
    found: dict[str, list[float]] = defaultdict(list)
    for one in scores:
        key = one.key
        if (
            isinstance(one, Score)
            and (key.model_id, key.metric_id) == (model_id, metric_id)
            and key.explainer_id in explainers
        ):
            found[key.case_id].append(sign * one.value)
    return {case: sum(values) / len(values) for case, values in found.items()}


def gallery_cases(
    cells: Mapping[str, str], values: Mapping[str, float], *, n: int, deciding: Collection[str] = ()
) -> tuple[str, ...]:
    """At most ``n`` cases of one model, worst first.

    All of them where there are no more. Otherwise half of them at most from those that decide a verdict, the worst of each confusion cell, a tenth of ``n`` at most, so
    that no cell is empty; of the places left half go to the worst cases, a quarter to those around the median and
    a quarter to the best. A case without a value comes after those that have one.

    Args:
        cells: by case: ``TP``, ``FN``, ``FP`` or ``TN``.
        values: by case; higher is better.
        deciding: cases of the patients without whom a verdict would be another.

    Example:
        >>> cells = {f"c{i}": "TP" for i in range(9)}
        >>> gallery_cases(cells, {f"c{i}": float(i) for i in range(9)}, n=4)
        ('c0', 'c1', 'c4', 'c8')
    """
    ordered = sorted(cells, key=lambda case: (case not in values, values.get(case, 0.0), case))
    if len(ordered) <= n:
        return tuple(ordered)
    taken = set([case for case in ordered if case in deciding][: n // 2])
    for cell in sorted(set(cells.values())):
        taken.update([case for case in ordered if cells[case] == cell and case not in taken][: n // 10])
    rest = [case for case in ordered if case not in taken]
    room = n - len(taken)
    best = room // 4
    median = (room - best) // 3
    worst = room - best - median
    middle = range(max(worst, (len(rest) - median) // 2), len(rest) - best)
    taken.update(rest[:worst], [rest[place] for place in middle[:median]], rest[len(rest) - best :])
    return tuple(case for case in ordered if case in taken)


def confusion_cells(maps: Sequence[CategorisedMap], model_id: str) -> dict[str, str]:
    """The confusion cell of every case of a model that was explained."""
    return {one.facts.case_id: one.cell for one in maps if one.facts.model_id == model_id}
