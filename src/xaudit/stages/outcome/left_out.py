"""Missing scores of a run, and their reasons."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from xaudit.records import MODEL_LEVEL, Problem, ScoreResult, Unscored, UnscoredGroup
from xaudit.statistics.digits import counted

Kind = Literal["score", "region", "ceiling"]

_KINDS: dict[str, Kind] = {"regions": "region", "limits": "ceiling"}
"""What a result of a family is; of every other one it is a score."""


def what_is_missing(
    scores: Sequence[ScoreResult], problems: Sequence[Problem]
) -> tuple[tuple[str, str], ...]:
    """Every explainer of every model that has no score, and every case that failed, with the reason of each."""
    groups = unscored_groups(scores)
    found = [
        (
            group.model_id if group.explainer_id == MODEL_LEVEL else f"{group.model_id}/{group.explainer_id}",
            f"{counted(group.n_cases, 'case')}: {group.reason}",
        )
        for group in groups
    ]
    found += [(problem.case_id, f"{problem.stage}: {problem.reason}") for problem in problems]
    return tuple(found) or (("scores", "no case was explained"),)


def failures(problems: Sequence[Problem], *, n_cases: int, n_chosen: int) -> list[tuple[int, int]]:
    """Count failed and requested cases, before and after the choice of cases.

    Every image of the data is opened and most are classified, but only a few may be explained: held against those
    few, one damaged training image would fail a run.

    Args:
        n_cases: images that the data lists.
        n_chosen: cases that were to be explained.
    """
    late = {problem.case_id for problem in problems if problem.stage == "explain"}
    early = {problem.case_id for problem in problems if problem.stage != "explain"}
    return [(len(early), n_cases), (len(late), n_chosen)]


def unscored_groups(scores: Sequence[ScoreResult]) -> list[UnscoredGroup]:
    """Scores that have no value, without shares of regions and what only limits others."""
    return [group for group in groups_without_value(scores) if group.what == "score"]


def groups_without_value(scores: Sequence[ScoreResult]) -> list[UnscoredGroup]:
    """Everything that has no value, by model, explainer, kind and reason, the most cases first.

    Scores come before regions and ceilings, which only describe and limit them.
    """
    cases: dict[tuple[str, str, str, Kind], list[str]] = defaultdict(list)
    for result in scores:
        if isinstance(result, Unscored):
            key = result.key
            what = _KINDS.get(key.family, "score")
            cases[key.model_id, key.explainer_id, result.reason, what].append(key.case_id)
    groups = [
        UnscoredGroup(model, explainer, reason, len(set(ids)), len(ids), what)
        for (model, explainer, reason, what), ids in cases.items()
    ]
    order = list(_KINDS.values())
    return sorted(
        groups,
        key=lambda group: (
            group.what != "score" and 1 + order.index(group.what),
            -group.n_cases,
            group.model_id,
            group.explainer_id,
            group.reason,
        ),
    )
