"""Localized and causal: whether the map lies on the mark, beside whether the model relies on the mark, case by case."""

from collections import Counter
from collections.abc import Iterable

from xaudit.config import CategoriesSection
from xaudit.metrics.categories import has_reason, is_on_mark
from xaudit.records import LocalizedAndCausal, MapFacts, Score, ScoreResult
from xaudit.verdict import MARGIN


def localized_and_causal(
    facts: Iterable[MapFacts], scores: Iterable[ScoreResult], thresholds: CategoriesSection
) -> tuple[LocalizedAndCausal, ...]:
    """Four counts for each model and explainer, sorted; empty where reliance was not asked.

    A model relies on the mark of a case where replacing it lowers the target's probability by more than
    :data:`xaudit.verdict.MARGIN` beyond the fall for random areas. A map that is none or diffuse points at no place, and its
    case is counted as unknown.
    """
    relies = {
        (result.key.model_id, result.key.case_id): result.value > MARGIN
        for result in scores
        if isinstance(result, Score) and result.key.metric_id == "reliance-mark"
    }
    if not relies:
        return ()
    counts: Counter[tuple[str, str, tuple[bool, bool] | None]] = Counter()
    for one in facts:
        used = relies.get((one.model_id, one.case_id))
        known = used is not None and has_reason(one, thresholds)
        cell = (is_on_mark(one, thresholds), bool(used)) if known else None
        counts[one.model_id, one.explainer_id, cell] += 1
    return tuple(
        LocalizedAndCausal(
            model_id,
            explainer_id,
            n_both=counts[model_id, explainer_id, (True, True)],
            n_map_only=counts[model_id, explainer_id, (True, False)],
            n_model_only=counts[model_id, explainer_id, (False, True)],
            n_neither=counts[model_id, explainer_id, (False, False)],
            n_unknown=counts[model_id, explainer_id, None],
        )
        for model_id, explainer_id in sorted({(model, explainer) for model, explainer, _ in counts})
    )
