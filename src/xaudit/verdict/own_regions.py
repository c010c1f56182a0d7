"""Findings on regions that the audit file names and that no answer should rest on."""

from collections.abc import Mapping, Sequence

from xaudit.catalog import MARGIN
from xaudit.records import Summary, Verdict
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.digits import counted, shown_interval


def own_region_findings(
    own: Sequence[Summary], model_id: str, regions: Mapping[str, bool], answer: str
) -> list[Verdict]:
    """Return XA211 for each region that should not matter and is not shown to, and for each that may and does.

    XA201 names the regions that should not matter and do.

    Args:
        own: summaries of the model over all cases.
        regions: those that the audit file names, true where an answer may rest on them.
        answer: what falls, such as ``P(cancer)``.
    """
    reliance = {summary.metric_id: summary for summary in own if summary.family == "reliance"}
    verdicts = []
    for region, may_matter in regions.items():
        summary = reliance.get(f"reliance-{region}")
        if reliance and may_matter == (summary is not None and is_used(summary)):
            verdicts.append(_finding(model_id, region, summary, answer))
    return verdicts


def is_used(summary: Summary) -> bool:
    """Return True if even the lower end of a region's reliance lies above the margin; this holds for the mark too."""
    return summary.interval.low is not None and summary.interval.low > MARGIN


def _finding(model_id: str, region: str, summary: Summary | None, answer: str) -> Verdict:
    words = f"the {region.replace('-', ' ')}"
    high = None if summary is None else summary.interval.high
    used = summary is not None and is_used(summary)
    unused = high is not None and high <= MARGIN
    return Verdict(
        code="XA211",
        status="pass" if used or unused else "error",
        model_id=model_id,
        subject=model_id,
        rule=f"{region} has `evidence: true`" if used else f"upper end of reliance-{region} <= {MARGIN:g}",
        sentence=f"{model_id}: {_sentence(words, summary, answer, used=used, unused=unused)}",
        value=high,
        threshold=MARGIN,
        n_patients=0 if summary is None else summary.n_patients,
        gating=False,
    )


def _sentence(words: str, summary: Summary | None, answer: str, *, used: bool, unused: bool) -> str:
    if summary is None:
        return f"it is not known if {words} affects the answer: no image has a value for it, see what was left out"
    if summary.interval.high is None:
        are = counted(summary.n_patients, f"{summary.cluster} is", f"{summary.cluster}s are")
        return (
            f"{are} too few to tell if {words} affects the answer; an interval needs at least {MIN_CLUSTERS}"
        )
    fall = shown_interval(summary.interval, beside=MARGIN, estimate_too=False)
    effect = f"Hiding it lowers {answer} by {fall} more than hiding a random area of its size"
    n = counted(summary.n_patients, summary.cluster)
    if used:
        return f"{words} affects the answer, and the audit file lets an answer rest on it. {effect} ({n})"
    if unused:
        return f"{words} does not affect the answer. {effect} ({n})"
    return (
        f"it is undecided if {words} affects the answer. {effect}; the interval would have to lie on one side of "
        f"{MARGIN:g} ({n})"
    )
