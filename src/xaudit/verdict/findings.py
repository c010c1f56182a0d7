"""What each model uses, and which explainers can be believed: findings, which inform and decide no exit code.

No finding claims that a model has no shortcut: it can only say that none was seen where it looked.
"""

from collections.abc import Iterable, Mapping, Sequence

from xaudit.catalog import MARGIN
from xaudit.records import Interval, Summary, Verdict
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.digits import counted, shown, shown_interval
from xaudit.verdict.naming import named, over, several_readers, subject_of

ELSEWHERE: tuple[str, ...] = ("border", "outside", "opposite-lung", "thorax", "body", "empty")
"""Regions that hold no evidence of a lesion.

The rest of the same lung is none of them: the surroundings of a mark may rightly count.
"""

_AGREEMENT = "reliance-agreement"
USE_RULE = f"lower end of reliance-mark > {MARGIN:g}, and of no other region"
_AGREEMENT_RULE = f"lower end of {_AGREEMENT} > 0, and of its difference to the best control > 0"
_PLACES = {
    "thorax": "the rest of the thorax",
    "body": "the rest of the body",
    "empty": "what lies outside the body",
}


def model_findings(own: Sequence[Summary], positive: str | None) -> list[Verdict]:
    """XA201 or XA202 for each reader with reliance on the mark; nothing where reliance was not measured."""
    regions = {(s.reader, s.metric_id.removeprefix("reliance-")): s for s in own if s.family == "reliance"}
    marks = [summary for (_, region), summary in regions.items() if region == "mark"]
    several = several_readers(marks)
    outside = "what lies outside the lungs" if _lungs_known(regions) else "the rest of the image"
    verdicts = [] if marks else _unmarked(regions.values(), positive, outside)
    for mark in marks:
        others = {
            region: regions[mark.reader, region] for region in ELSEWHERE if (mark.reader, region) in regions
        }
        if mark.interval.low is None:
            verdicts.append(_undecided(mark, "what it uses", (USE_RULE, MARGIN), several=several))
        else:
            answer = "the target's probability" if positive is None else f"P({positive})"
            verdicts.append(_use(mark, others, answer, outside, several=several))
    return verdicts


def _lungs_known(regions: Mapping[tuple[str, str], Summary]) -> bool:
    """Return True if the lungs are known on every case of which something is said of the region ``outside``."""
    n_cases = dict.fromkeys(("same-lung", "lungs", "outside"), 0)
    for (_, region), summary in regions.items():
        if region in n_cases:
            n_cases[region] = max(n_cases[region], summary.n_cases)
    return n_cases["same-lung"] + n_cases["lungs"] >= n_cases["outside"] > 0


def _unmarked(found: Iterable[Summary], positive: str | None, outside: str) -> list[Verdict]:
    """XA201 for each region that counts although no reader's mark is there to compare it with."""
    answer = "the target's probability" if positive is None else f"P({positive})"
    return [
        Verdict(
            code="XA201",
            status="fail",
            model_id=summary.model_id,
            subject=summary.model_id,
            rule=f"lower end of {summary.metric_id} <= {MARGIN:g}",
            sentence=(
                f"{summary.model_id}: looks elsewhere: hiding "
                f"{_place(summary.metric_id.removeprefix('reliance-'), outside)} lowers "
                f"{answer} by {shown_interval(summary.interval, beside=MARGIN, estimate_too=False)} more than hiding "
                f"a random area of its size; without marks the lesion's own part is not known "
                f"({counted(summary.n_patients, summary.cluster)})"
            ),
            value=summary.interval.low,
            threshold=MARGIN,
            n_patients=summary.n_patients,
            gating=False,
        )
        for summary in found
        if _counts(summary)
    ]


def _use(
    mark: Summary, others: Mapping[str, Summary], answer: str, outside: str, *, several: bool
) -> Verdict:
    """XA202 where only the mark counts, else XA201 with what counts instead or beside it.

    Only a fall counts. A random area of the border's size may touch the mark, so on an honest model the border's
    reliance is negative, and that is no shortcut.
    """
    uses_mark = _counts(mark)
    used = sorted(
        (
            (_place(region, outside), summary.interval)
            for region, summary in others.items()
            if _counts(summary)
        ),
        key=lambda item: -item[1].estimate,
    )
    beyond = "more than hiding a random area of its size"
    by_mark = _figures(mark.interval)
    if used and not uses_mark:
        (place, interval), *rest = used
        further = [
            *(f"hiding {other} by {_figures(by)}" for other, by in rest),
            f"hiding the mark by {by_mark}",
        ]
        sentence = f"looks elsewhere: hiding {place} lowers {answer} by {_figures(interval)} {beyond}; "
        sentence += "; ".join(further)
    elif used:
        sentence = _mixed(mark.interval, used, f"lowers {answer} by", beyond)
    elif uses_mark:
        sentence = (
            f"uses the mark: hiding it lowers {answer} by {by_mark} {beyond}; "
            "no other region measured stands out, which is no proof that no shortcut exists"
        )
    else:
        certain = mark.interval.high is not None and mark.interval.high <= MARGIN
        lead = "the mark does not count" if certain else "the mark is not shown to count"
        sentence = (
            f"{lead}: hiding it lowers {answer} by {by_mark} {beyond}, and the lower end would have to be above "
            f"{MARGIN:g}; no other region measured stands out either"
        )
    sound = uses_mark and not used
    return Verdict(
        code="XA202" if sound else "XA201",
        status="pass" if sound else "fail",
        model_id=mark.model_id,
        subject=subject_of(mark, several),
        rule=USE_RULE,
        sentence=f"{named(mark, several)}: {sentence} ({counted(mark.n_patients, mark.cluster)})",
        value=mark.interval.low,
        threshold=MARGIN,
        n_patients=mark.n_patients,
        gating=False,
    )


def _mixed(mark: Interval, used: Sequence[tuple[str, Interval]], lowers: str, beyond: str) -> str:
    """Mark and other regions, the strongest first, and whether one of them dominates.

    One dominates where its interval lies wholly above that of the next: both rest on the same patients, so this asks
    for more than a paired difference would.
    """
    (place, interval), (second, other), *rest = sorted(
        [("the mark", mark), *used], key=lambda item: -item[1].estimate
    )
    apart = interval.low is not None and other.high is not None and interval.low > other.high
    difference = shown(interval.estimate - other.estimate)
    lead = (
        f"{place} dominates by {difference}" if apart else f"neither {place} nor {second} clearly dominates"
    )
    further = [f"hiding {name} by {_figures(by)}" for name, by in [(second, other), *rest]]
    return f"mixed evidence, {lead}: hiding {place} {lowers} {_figures(interval)} {beyond}; " + "; ".join(
        further
    )


def _counts(summary: Summary) -> bool:
    """Return True where even the lower end of a region's reliance lies above the margin; the mark is no exception."""
    return summary.interval.low is not None and summary.interval.low > MARGIN


def _figures(interval: Interval) -> str:
    return shown_interval(interval, beside=MARGIN, estimate_too=False)


def _place(region: str, outside: str) -> str:
    return outside if region == "outside" else _PLACES.get(region, f"the {region.replace('-', ' ')}")


def explainer_findings(own: Sequence[Summary], asked: Sequence[str]) -> list[Verdict]:
    """XA301 or XA302 for each explainer whose maps could be held against the model's reliance."""
    found = [summary for summary in own if summary.metric_id == _AGREEMENT]
    several = several_readers(found)
    verdicts = []
    for summary in (summary for name in asked for summary in found if summary.explainer_id == name):
        difference = summary.control_difference
        if summary.interval.low is None or (difference is not None and difference.low is None):
            verdicts.append(
                _undecided(
                    summary, "whether its maps can be believed", (_AGREEMENT_RULE, 0.0), several=several
                )
            )
        else:
            verdicts.append(_agreement(summary, several=several))
    return verdicts


def _agreement(summary: Summary, *, several: bool) -> Verdict:
    low, difference = summary.interval.low, summary.control_difference
    above_zero = low is not None and low > 0
    above_control = difference is None or (difference.low is not None and difference.low > 0)
    agrees = above_zero and above_control
    figures = (
        f"rank correlation with what the model depends on {over(summary, beside=0.0, estimate_too=False)}"
    )
    reasons = [] if above_zero else ["not above zero"]
    if difference is not None:
        beyond = shown_interval(difference, beside=0.0, estimate_too=False)
        if agrees:
            figures += f", above the best control ({summary.control_id}) by {beyond}"
        elif not above_control:
            reasons.append(f"not above the best control ({summary.control_id}): difference {beyond}")
    verb = "agrees" if agrees else "misreports"
    why = "" if agrees else f", {' and '.join(reasons)}"
    return Verdict(
        code="XA302" if agrees else "XA301",
        status="pass" if agrees else "fail",
        model_id=summary.model_id,
        subject=subject_of(summary, several),
        rule=_AGREEMENT_RULE,
        sentence=f"{named(summary, several)} {verb}: {figures}{why}",
        value=low,
        threshold=0.0,
        n_patients=summary.n_patients,
        gating=False,
    )


def _undecided(summary: Summary, what: str, rule: tuple[str, float], *, several: bool) -> Verdict:
    return Verdict(
        code="XA102",
        status="error",
        model_id=summary.model_id,
        subject=subject_of(summary, several),
        rule=rule[0],
        sentence=(
            f"{named(summary, several)}: cannot tell {what} from "
            f"{counted(summary.n_patients, summary.cluster)}; an interval needs at least {MIN_CLUSTERS}"
        ),
        threshold=rule[1],
        n_patients=summary.n_patients,
        gating=False,
    )
