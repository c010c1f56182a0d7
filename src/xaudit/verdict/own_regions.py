"""Findings on regions that the audit file names and that no answer should rest on."""

from collections.abc import Mapping, Sequence

from xaudit.catalog import MARGIN
from xaudit.records import Summary, Verdict
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.digits import counted, shown_interval


def own_region_findings(
    own: Sequence[Summary], model_id: str, regions: Mapping[str, bool], answer: str
) -> list[Verdict]:
    """Return XA211 for each region that should not matter and is not shown to matter; XA201 names those that do.

    Args:
        own: summaries of the model over all cases.
        regions: those that the audit file names, true where an answer may rest on them.
        answer: what falls, such as ``P(cancer)``.
    """
    reliance = {summary.metric_id: summary for summary in own if summary.family == "reliance"}
    verdicts = []
    for region, may_matter in regions.items():
        summary = reliance.get(f"reliance-{region}")
        if not may_matter and reliance and not (summary is not None and is_used(summary)):
            verdicts.append(_finding(model_id, region, summary, answer))
    return verdicts


def is_used(summary: Summary) -> bool:
    """Return True if even the lower end of a region's reliance lies above the margin; this holds for the mark too."""
    return summary.interval.low is not None and summary.interval.low > MARGIN


def _finding(model_id: str, region: str, summary: Summary | None, answer: str) -> Verdict:
    words = f"the {region.replace('-', ' ')}"
    is_unused = summary is not None and summary.interval.high is not None and summary.interval.high <= MARGIN
    if summary is None:
        sentence = f"it is not known if {words} affects the answer: no image that was asked about shows it"
    elif summary.interval.high is None:
        are = counted(summary.n_patients, f"{summary.cluster} is", f"{summary.cluster}s are")
        sentence = (
            f"{are} too few to tell if {words} affects the answer; an interval needs at least {MIN_CLUSTERS}"
        )
    else:
        fall = shown_interval(summary.interval, beside=MARGIN, estimate_too=False)
        n = counted(summary.n_patients, summary.cluster)
        effect = f"Hiding it lowers {answer} by {fall} more than hiding a random area of its size"
        if is_unused:
            sentence = f"{words} does not affect the answer. {effect} ({n})"
        else:
            sentence = (
                f"it is undecided if {words} affects the answer. {effect}; the interval would have to lie on one side of {MARGIN:g} "
                f"({n})"
            )
    return Verdict(
        code="XA211",
        status="pass" if is_unused else "error",
        model_id=model_id,
        subject=model_id,
        rule=f"upper end of reliance-{region} <= {MARGIN:g}",
        sentence=f"{model_id}: {sentence}",
        value=None if summary is None else summary.interval.high,
        threshold=MARGIN,
        n_patients=0 if summary is None else summary.n_patients,
        gating=False,
    )
