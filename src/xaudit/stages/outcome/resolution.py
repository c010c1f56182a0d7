"""Find the marks that are too small for an explainer's native grid to show."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from xaudit.catalog import CEILING, metric_row
from xaudit.records import ALL_CASES, NO_READER, Summary, Verdict
from xaudit.statistics.digits import shown

LEAST_HIT = 0.5
"""A ceiling of the pointing game below this: a perfect map points beside the mark more often than into it."""

LEAST_OVERLAP = 0.25
"""A ceiling of any other share below this: of what a perfect map shows, or of the mark, little meets the other.

On nodules of LIDC's size a perfect 7 × 7 map has an IoU of .04 and a 14 × 14 one .18; on large tumours 7 × 7 has .61.
"""


def resolution_findings(summaries: Sequence[Summary], metric_names: Mapping[str, str]) -> list[Verdict]:
    """XA303 for each model, explainer and reader of which a ceiling is too low for its scores to say anything.

    Args:
        metric_names: catalog name of each metric id, where an audit gives a metric its own id.
    """
    low: dict[tuple[str, str, str], list[Summary]] = defaultdict(list)
    several_readers = len({one.reader for one in summaries if one.reader != NO_READER}) > 1
    for summary in summaries:
        name = metric_names.get(summary.metric_id, summary.metric_id)
        is_ceiling = summary.family == "limits" and name.endswith(CEILING) and summary.stratum == ALL_CASES
        if is_ceiling and metric_row(name).is_share and summary.interval.estimate < least(name):
            low[summary.model_id, summary.explainer_id, summary.reader].append(summary)
    return [
        _finding(found, f"{model}/{explainer}" + (f"/{reader}" if several_readers else ""))
        for (model, explainer, reader), found in low.items()
    ]


def least(ceiling: str) -> float:
    """The mean below which a ceiling is called too low.

    Example:
        >>> least("pointing-game-ceiling"), least("iou-ceiling")
        (0.5, 0.25)
    """
    return LEAST_HIT if ceiling == f"pointing-game{CEILING}" else LEAST_OVERLAP


def _finding(low: Sequence[Summary], subject: str) -> Verdict:
    reached = ", ".join(
        f"{one.metric_id.removesuffix(CEILING)} {shown(one.interval.estimate)}" for one in low
    )
    first = low[0]
    return Verdict(
        "XA303",
        "fail",
        first.model_id,
        subject,
        f"mean ceiling of the pointing game at least {LEAST_HIT:g}, of other shares at least {LEAST_OVERLAP:g}",
        f"{subject}: not resolvable: on its native grid the mark itself, drawn as a map, reaches {reached}; "
        "low scores there say nothing of the model",
        value=first.interval.estimate,
        threshold=least(first.metric_id),
        n_patients=first.n_patients,
        gating=False,
    )
