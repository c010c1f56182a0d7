"""From what was measured of every map to its failure category, and to the tables that a report shows of them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from xaudit.config import CategoriesSection
from xaudit.metrics.categories import DIFFUSE, NO_MAP, UNMARKED, category_of, is_wrong_reason
from xaudit.records import (
    CategorisedMap,
    CategoryCount,
    LocalizedAndCausal,
    MapFacts,
    Outcome,
    ThresholdShift,
)
from xaudit.stages.outcome.reasons import giving_reasons
from xaudit.verdict import is_refused

SHIFTS = (0.8, 1.2)
"""By what each threshold is multiplied in turn, to show how much a table rests on it."""


def categorise(
    facts: Iterable[MapFacts], thresholds: CategoriesSection, positive: Mapping[str, str]
) -> tuple[CategorisedMap, ...]:
    """Every map with its category, sorted by model, explainer and case.

    Args:
        positive: the class whose evidence readers mark, by model.
    """
    ordered = sorted(facts, key=lambda one: (one.model_id, one.explainer_id, one.case_id))
    return tuple(
        CategorisedMap(
            one,
            category_of(one, thresholds),
            confusion_cell(one, positive[one.model_id]),
            is_wrong_reason(one, thresholds),
        )
        for one in ordered
    )


def confusion_cell(facts: MapFacts, positive: str) -> str:
    """``TP``, ``FN``, ``FP`` or ``TN``: the positive class against all others together.

    A case of one other class taken for another is a true negative here, though the model's answer is not correct.

    Example:
        >>> confusion_cell(MapFacts("a", None, "m", "e", "", "sick", "sick", "well"), "sick")
        'FN'
    """
    said = "P" if facts.predicted == positive else "N"
    return ("T" if (facts.label == positive) == (said == "P") else "F") + said


def category_counts(
    maps: Sequence[CategorisedMap], giving: Collection[tuple[str, str]]
) -> tuple[CategoryCount, ...]:
    """Count the maps of each model and explainer in each category, by confusion cell.

    Args:
        giving: models and explainers whose maps give reasons; no reason is counted for others.
    """
    n_maps: Counter[tuple[str, str, str, str]] = Counter()
    n_wrong: Counter[tuple[str, str, str, str]] = Counter()
    n_judged: Counter[tuple[str, str, str, str]] = Counter()
    n_no_reason: Counter[tuple[str, str, str, str]] = Counter()
    for one in maps:
        key = (one.facts.model_id, one.facts.explainer_id, one.category, one.cell)
        n_maps[key] += 1
        right = one.facts.correct and one.facts.no_mark is None and key[:2] in giving
        n_wrong[key] += right and one.wrong_reason
        n_no_reason[key] += right and one.category in (NO_MAP, DIFFUSE)
        n_judged[key] += right and one.category not in (NO_MAP, DIFFUSE, UNMARKED)
    return tuple(
        CategoryCount(*key, n, n_wrong[key], n_judged[key], n_no_reason[key])
        for key, n in sorted(n_maps.items())
    )


def with_categories(
    outcome: Outcome,
    maps: Sequence[CategorisedMap],
    thresholds: CategoriesSection,
    causal: Iterable[LocalizedAndCausal],
) -> Outcome:
    """Return the outcome with the counts of its maps.

    Reasons are counted for explainers that show what the model uses. Reasons and causal counts are left out for a model
    whose answers are refused: its maps explain nothing then.
    """
    giving = giving_reasons(outcome)
    refused = {model for model in outcome.model_ids if is_refused(outcome.verdicts, model)}
    return replace(
        outcome,
        categories=category_counts(maps, giving),
        category_shifts=tuple(
            one if (one.model_id, one.explainer_id) in giving else replace(one, change_wrong_reason=0)
            for one in threshold_shifts(maps, thresholds)
        ),
        causal=tuple(one for one in causal if one.model_id not in refused),
    )


def threshold_shifts(
    maps: Sequence[CategorisedMap], thresholds: CategoriesSection
) -> tuple[ThresholdShift, ...]:
    """Count the categories that change when one threshold at a time is a fifth lower or higher.

    A threshold that would leave its range stops at 1.
    """
    groups: dict[tuple[str, str], list[CategorisedMap]] = {}
    for one in maps:
        groups.setdefault((one.facts.model_id, one.facts.explainer_id), []).append(one)
    shifts: list[ThresholdShift] = []
    for (model_id, explainer_id), own in sorted(groups.items()):
        for name in CategoriesSection.model_fields:
            for factor in SHIFTS:
                value = min(1.0, getattr(thresholds, name) * factor)
                moved = thresholds.model_copy(update={name: value})
                shifts.append(
                    ThresholdShift(
                        model_id=model_id,
                        explainer_id=explainer_id,
                        threshold=name,
                        value=value,
                        n_maps=len(own),
                        n_moved=sum(category_of(one.facts, moved) != one.category for one in own),
                        change_wrong_reason=sum(
                            is_wrong_reason(one.facts, moved) - one.wrong_reason for one in own
                        ),
                    )
                )
    return tuple(shifts)
