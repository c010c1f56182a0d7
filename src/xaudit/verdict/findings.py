"""What each model uses, and which explainers can be believed: findings, which inform and decide no exit code.

No finding claims that a model has no shortcut: it can only say that none was seen where it looked.
"""

from collections.abc import Iterable, Mapping, Sequence

from xaudit.records import Summary, Verdict
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.digits import counted, shown_interval
from xaudit.verdict.naming import named, over, several_readers, subject_of

MARGIN = 0.02
"""Reliance below which a region does not matter in practice: a fall in probability beyond a random area's.

With many patients an interval leaves out zero for effects that change no decision, so another region than the mark
counts as used only where even the lower end of its interval lies above this. The mark itself need only lie above 0.
"""

ELSEWHERE: tuple[str, ...] = ("border", "outside", "opposite-lung", "thorax", "body", "empty")
"""Regions that hold no evidence of a lesion.

The rest of the same lung is none of them: the surroundings of a mark may rightly count.
"""

_AGREEMENT = "reliance-agreement"
_USE_RULE = f"lower end of reliance-mark > 0, and of no other region > {MARGIN:g}"
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
    verdicts = [] if marks else _unmarked(regions.values(), positive)
    for mark in marks:
        others = {
            region: regions[mark.reader, region] for region in ELSEWHERE if (mark.reader, region) in regions
        }
        if mark.interval.low is None:
            verdicts.append(_undecided(mark, "what it uses", _USE_RULE, several=several))
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


def _unmarked(found: Iterable[Summary], positive: str | None) -> list[Verdict]:
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
                f"{summary.model_id}: looks elsewhere: hiding the {summary.metric_id.removeprefix('reliance-')} lowers "
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
        if summary.interval.low is not None and summary.interval.low > MARGIN
    ]


def _use(
    mark: Summary, others: Mapping[str, Summary], answer: str, outside: str, *, several: bool
) -> Verdict:
    """Where the model's evidence lies.

    Only a fall counts. A random area of the border's size may touch the mark, so on an honest model the border's
    reliance is negative, and that is no shortcut.
    """
    uses_mark = mark.interval.low is not None and mark.interval.low > 0
    used = {
        region: summary
        for region, summary in others.items()
        if summary.interval.low is not None and summary.interval.low > MARGIN
    }
    beyond = "more than hiding a random area of its size"
    by_mark = shown_interval(mark.interval, beside=0.0, estimate_too=False)
    places = [
        (
            outside if region == "outside" else _PLACES.get(region, f"the {region.replace('-', ' ')}"),
            shown_interval(summary.interval, beside=MARGIN, estimate_too=False),
        )
        for region, summary in sorted(used.items(), key=lambda item: -item[1].interval.estimate)
    ]
    if used and not uses_mark:
        (place, figures), *rest = places
        sentence = f"looks elsewhere: hiding {place} lowers {answer} by {figures} {beyond}; " + "".join(
            f"hiding {other} by {by}; " for other, by in [*rest, ("the mark", by_mark)]
        ).removesuffix("; ")
    elif used:
        sentence = f"mixed evidence: hiding the mark lowers {answer} by {by_mark} {beyond}, but so does " + (
            " and ".join(f"hiding {place} by {figures}" for place, figures in places)
        )
    elif uses_mark:
        sentence = (
            f"uses the mark: hiding it lowers {answer} by {by_mark} {beyond}; "
            "no other region measured stands out, which is no proof that no shortcut exists"
        )
    else:
        sentence = (
            f"the mark does not count: hiding it lowers {answer} by {by_mark} {beyond}; "
            "no other region measured stands out either"
        )
    sound = uses_mark and not used
    return Verdict(
        code="XA202" if sound else "XA201",
        status="pass" if sound else "fail",
        model_id=mark.model_id,
        subject=subject_of(mark, several),
        rule=_USE_RULE,
        sentence=f"{named(mark, several)}: {sentence} ({counted(mark.n_patients, mark.cluster)})",
        value=mark.interval.low,
        threshold=0.0,
        n_patients=mark.n_patients,
        gating=False,
    )


def explainer_findings(own: Sequence[Summary], asked: Sequence[str]) -> list[Verdict]:
    """XA301 or XA302 for each explainer whose maps could be held against the model's reliance."""
    found = [summary for summary in own if summary.metric_id == _AGREEMENT]
    several = several_readers(found)
    verdicts = []
    for summary in (summary for name in asked for summary in found if summary.explainer_id == name):
        difference = summary.control_difference
        if summary.interval.low is None or (difference is not None and difference.low is None):
            verdicts.append(
                _undecided(summary, "whether its maps can be believed", _AGREEMENT_RULE, several=several)
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


def _undecided(summary: Summary, what: str, rule: str, *, several: bool) -> Verdict:
    return Verdict(
        code="XA102",
        status="error",
        model_id=summary.model_id,
        subject=subject_of(summary, several),
        rule=rule,
        sentence=(
            f"{named(summary, several)}: cannot tell {what} from "
            f"{counted(summary.n_patients, summary.cluster)}; an interval needs at least {MIN_CLUSTERS}"
        ),
        threshold=0.0,
        n_patients=summary.n_patients,
        gating=False,
    )
