"""Right answers counted by their reason, by model and explainer."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from xaudit.metrics.categories import DIFFUSE, NO_MAP
from xaudit.records import CategorisedMap, Outcome
from xaudit.verdict import is_refused


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """The maps of one model and explainer on the cases with a mark.

    Attributes:
        n_right_reason: correct answers whose map meets the mark, and is denser there than elsewhere.
        n_wrong_reason: correct answers whose map misses the mark, or is no denser there than elsewhere.
        n_no_reason: correct answers whose map is none or points at everything, so that no reason can be told.
        n_wrong_answer: wrong answers, whatever the map shows.
    """

    model_id: str
    explainer_id: str
    n_right_reason: int
    n_wrong_reason: int
    n_no_reason: int
    n_wrong_answer: int

    @property
    def n_maps(self) -> int:
        """All of them."""
        return self.n_right_reason + self.n_wrong_reason + self.n_no_reason + self.n_wrong_answer


def giving_reasons(outcome: Outcome) -> frozenset[tuple[str, str]]:
    """Return each model and explainer whose maps give the reason of an answer.

    Those are the explainers that show what the model uses; a control is none, and a model whose answers are refused has no
    reasons.
    """
    return frozenset(
        (one.model_id, one.explainer_id)
        for one in outcome.explainers_judged
        if one.state == "shows"
        and one.explainer_id not in outcome.control_ids
        and not is_refused(outcome.verdicts, one.model_id)
    )


def with_judged_reasons(
    maps: Iterable[CategorisedMap], giving: Collection[tuple[str, str]]
) -> tuple[CategorisedMap, ...]:
    """Return the maps, none called right for the wrong reason unless its explainer gives reasons.

    Args:
        giving: from :func:`giving_reasons`.
    """
    return tuple(
        one if (one.facts.model_id, one.facts.explainer_id) in giving else replace(one, wrong_reason=False)
        for one in maps
    )


def reason_counts(maps: Iterable[CategorisedMap], marked: Collection[str]) -> tuple[ReasonCount, ...]:
    """The counts of every model and explainer that has maps of marked cases, sorted by their ids.

    Args:
        marked: cases on which a reader marked something.
    """
    counts: dict[tuple[str, str], Counter[str]] = {}
    for one in maps:
        if one.facts.case_id in marked:
            about = (one.facts.model_id, one.facts.explainer_id)
            counts.setdefault(about, Counter())[_group(one)] += 1
    return tuple(
        ReasonCount(*about, own["right"], own["wrong"], own["none"], own["answer"])
        for about, own in sorted(counts.items())
    )


def _group(one: CategorisedMap) -> str:
    if not one.facts.correct:
        return "answer"
    if one.wrong_reason:
        return "wrong"
    return "none" if one.category in (NO_MAP, DIFFUSE) else "right"
