"""What a run could not score, and why."""

from collections import defaultdict
from collections.abc import Sequence

from xaudit.records import MODEL_LEVEL, Problem, ScoreResult, Unscored, UnscoredGroup
from xaudit.statistics.digits import counted


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
    """How many cases failed of how many that were asked, first before the choice of cases, then after it.

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
    """What has no value, by model, explainer and reason, the most cases first; neither region shares nor what only limits others count."""
    cases: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for result in scores:
        if isinstance(result, Unscored) and result.key.family not in ("regions", "limits"):
            key = result.key
            cases[key.model_id, key.explainer_id, result.reason].append(key.case_id)
    groups = [UnscoredGroup(*key, len(set(ids)), len(ids)) for key, ids in cases.items()]
    return sorted(
        groups, key=lambda group: (-group.n_cases, group.model_id, group.explainer_id, group.reason)
    )
