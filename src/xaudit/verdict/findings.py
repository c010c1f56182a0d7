"""Findings on the regions that each model uses; they decide no exit code.

No finding claims that a model has no shortcut: it can only say that no measured region is one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from xaudit.catalog import AREA_METRICS, MARGIN
from xaudit.records import Interval, Summary, Verdict
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.digits import counted, shown, shown_interval
from xaudit.verdict.infills import INFILL_RULE, ByInfill, disputed_finding
from xaudit.verdict.naming import named, several_readers, subject_of
from xaudit.verdict.own_regions import is_used

ELSEWHERE: tuple[str, ...] = ("border", "outside", "opposite-lung", "thorax", "body", "empty")
"""Regions that hold no evidence of what readers mark.

The rest of the same lung is left out: a model may rightly use the surroundings of a mark. Where it has a clearly larger
effect than the mark, XA202 is undecided.
"""

USE_RULE = f"lower end of reliance-mark > {MARGIN:g}, and of no other region"
_NO_REGION = ("reliance-logit-", "reliance-agreement", "reliance-captured")
_NOTHING_ELSE = "No other measured region stands out"
_NAMES = {
    "mark": "the marked lesion",
    "thorax": "the rest of the thorax",
    "body": "the rest of the body",
    "empty": "the area outside the body",
}


def model_findings(
    own: Sequence[Summary],
    positive: str | None,
    own_regions: Mapping[str, bool] = MappingProxyType({}),
    disputed: ByInfill = MappingProxyType({}),
) -> list[Verdict]:
    """Return XA201 or XA202 for each reader with reliance on the mark; nothing if reliance was not measured.

    Where the in-fills do not agree, XA212 stands beside XA201 if another region is used under each of them, else alone.

    Args:
        own_regions: regions that the audit file names, true where an answer may rest on them.
        disputed: regions that matter under one in-fill and not under another.
    """
    regions = {
        (one.reader, one.metric_id.removeprefix("reliance-")): one
        for one in own
        if one.metric_id.startswith("reliance-")
        and not one.metric_id.startswith(_NO_REGION)
        and one.metric_id not in AREA_METRICS
    }
    marks = [summary for (_, region), summary in regions.items() if region == "mark"]
    several = several_readers(marks)
    outside = "the area outside the lungs" if _lungs_known(regions) else "the rest of the image"
    elsewhere = (*(name for name, may_matter in own_regions.items() if not may_matter), *ELSEWHERE)
    unmarked = [one for (_, region), one in regions.items() if not own_regions.get(region, False)]
    verdicts = [] if marks else _unmarked(unmarked, positive, outside, disputed)
    for mark in marks:
        others = {
            region: regions[mark.reader, region] for region in elsewhere if (mark.reader, region) in regions
        }
        if mark.interval.low is None:
            verdicts.append(_undecided(mark, "what the model uses", (USE_RULE, MARGIN), several=several))
        else:
            answer = "the target's probability" if positive is None else f"P({positive})"
            certain = {region: one for region, one in others.items() if region not in disputed}
            open_regions = {
                region_name(region, outside): disputed[region]
                for region in ("mark", *others)
                if region in disputed
            }
            is_settled = not open_regions or any(map(is_used, certain.values()))
            if is_settled:
                verdict = _use(mark, certain, answer, outside, several=several)
                lung = regions.get((mark.reader, "same-lung"))
                if verdict.status == "pass" and lung is not None and _clearly_larger(lung, mark):
                    verdict = _rather_the_lung(verdict, lung, mark, (answer, named(mark, several)))
                verdicts.append(_with_allowed(verdict, regions.values(), own_regions))
            if open_regions:
                rule = INFILL_RULE if is_settled else USE_RULE
                verdicts.append(disputed_finding(mark, open_regions, answer, rule=rule, several=several))
    return verdicts


def _lungs_known(regions: Mapping[tuple[str, str], Summary]) -> bool:
    """Return True if the lungs are known on every case that has a score for the region ``outside``."""
    n_cases = dict.fromkeys(("same-lung", "lungs", "outside"), 0)
    for (_, region), summary in regions.items():
        if region in n_cases:
            n_cases[region] = max(n_cases[region], summary.n_cases)
    return n_cases["same-lung"] + n_cases["lungs"] >= n_cases["outside"] > 0


def _unmarked(
    summaries: Iterable[Summary], positive: str | None, outside: str, disputed: ByInfill
) -> list[Verdict]:
    """Return XA201 for each region that the model uses, if there is no mark to compare it with, and XA212."""
    answer = "the target's probability" if positive is None else f"P({positive})"
    agreed, verdicts = [], []
    for summary in summaries:
        region = summary.metric_id.removeprefix("reliance-")
        if region in disputed:
            names = {region_name(region, outside): disputed[region]}
            verdicts.append(disputed_finding(summary, names, answer, rule=INFILL_RULE, several=False))
        else:
            agreed.append(summary)
    return verdicts + [
        Verdict(
            code="XA201",
            status="fail",
            model_id=summary.model_id,
            subject=summary.model_id,
            rule=f"lower end of {summary.metric_id} <= {MARGIN:g}",
            sentence=(
                f"{summary.model_id}: uses {region_name(summary.metric_id.removeprefix('reliance-'), outside)}. Hiding it lowers "
                f"{answer} by {_figures(summary.interval)} more than hiding a random area of its size. "
                f"Without marks, the effect of the lesion is not known ({counted(summary.n_patients, summary.cluster)})"
            ),
            value=summary.interval.low,
            threshold=MARGIN,
            n_patients=summary.n_patients,
            gating=False,
        )
        for summary in agreed
        if is_used(summary)
    ]


def _use(
    mark: Summary, others: Mapping[str, Summary], answer: str, outside: str, *, several: bool
) -> Verdict:
    """Return XA202 if the model uses only the mark, else XA201 with the regions that it uses.

    Only a fall counts. A random area of the border's size may touch the mark, so on an honest model the border's
    reliance is negative, and that is no shortcut.
    """
    uses_mark = is_used(mark)
    used = [
        (region_name(region, outside), summary.interval)
        for region, summary in others.items()
        if is_used(summary)
    ]
    used.sort(key=lambda item: -item[1].estimate)
    by_mark = f"by {_figures(mark.interval)}"
    beyond = "more than hiding a random area of its size"
    unaffected = mark.interval.high is not None and mark.interval.high <= MARGIN
    if used and not uses_mark:
        (region, interval), *rest = used
        further = "".join(f", hiding {other} by {_figures(by)}" for other, by in rest)
        rather = ", not" if unaffected else " and is not shown to use"
        sentence = (
            f"uses {_listed([name for name, _ in used])}{rather} the marked lesion. Hiding {region} lowers {answer} by "
            f"{_figures(interval)} {beyond}{further}, hiding the lesion {by_mark}"
        )
    elif used:
        sentence = _mixed(mark.interval, used, answer, beyond)
    elif uses_mark:
        sentence = (
            f"uses the marked lesion. Hiding it lowers {answer} {by_mark} {beyond}. {_NOTHING_ELSE}, which does not "
            "prove that there is no shortcut"
        )
    else:
        lead = "does not affect" if unaffected else "is not shown to affect"
        sentence = (
            f"the marked lesion {lead} the answer. Hiding it lowers {answer} {by_mark} {beyond}; the lower end would "
            f"have to be above {MARGIN:g}. {_NOTHING_ELSE}"
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


def _clearly_larger(one: Summary, other: Summary) -> bool:
    """Return True if one effect's interval lies wholly above the other's: stricter than a paired difference."""
    low, high = one.interval.low, other.interval.high
    return low is not None and high is not None and low > high


def _rather_the_lung(verdict: Verdict, lung: Summary, mark: Summary, names: tuple[str, str]) -> Verdict:
    """Return XA202 as undecided: the rest of the marked lung has a clearly larger effect than the mark.

    The lung holds the surroundings of the mark, and whatever else is in it.

    Args:
        names: of the answer and of the model.
    """
    answer, subject = names
    sentence = (
        f"undecided if the answer rests on the marked lesion. Hiding it lowers {answer} by {_figures(mark.interval)} more than "
        f"hiding a random area of its size, hiding the rest of its lung by {_figures(lung.interval)}, clearly more. That "
        "may be the lesion's surroundings, or something else in that lung; look at the areas of the reliance map"
    )
    return replace(
        verdict,
        status="error",
        sentence=f"{subject}: {sentence} ({counted(mark.n_patients, mark.cluster)})",
    )


def _with_allowed(verdict: Verdict, summaries: Iterable[Summary], own_regions: Mapping[str, bool]) -> Verdict:
    """Say less of the other regions if the model uses one on which the audit file lets it rest."""
    names = {summary.metric_id.removeprefix("reliance-") for summary in summaries if is_used(summary)}
    if not any(own_regions.get(name, False) for name in names):
        return verdict
    sentence = verdict.sentence.replace(_NOTHING_ELSE, "No region that should not matter stands out")
    return replace(verdict, sentence=sentence)


def _mixed(mark: Interval, used: Sequence[tuple[str, Interval]], answer: str, beyond: str) -> str:
    """Describe the effects of the mark and of other regions, the strongest first, and name the largest.

    A region has the largest effect if its interval lies wholly above that of the next: both rest on the same patients,
    so this asks for more than a paired difference would.
    """
    ranked = sorted([("the marked lesion", mark), *used], key=lambda item: -item[1].estimate)
    (region, interval), (second, other), *_ = ranked
    effects = "".join(f", hiding {name} by {_figures(by)}" for name, by in ranked[1:])
    if interval.low is not None and other.high is not None and interval.low > other.high:
        largest = f"{region[0].upper()}{region[1:]} has the largest effect, by {shown(interval.estimate - other.estimate)}"
    else:
        largest = f"Neither {region} nor {second} clearly has the larger effect"
    return (
        f"uses {_listed(['the marked lesion', *(name for name, _ in used)])}. Hiding {region} lowers {answer} by "
        f"{_figures(interval)} {beyond}{effects}. {largest}"
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _figures(interval: Interval) -> str:
    return shown_interval(interval, beside=MARGIN, estimate_too=False)


def region_name(region: str, outside: str) -> str:
    """Return a region's name for a sentence.

    Args:
        outside: the name of the region ``outside``, which depends on the anatomy that is known.
    """
    return outside if region == "outside" else _NAMES.get(region, f"the {region.replace('-', ' ')}")


def _undecided(summary: Summary, what: str, rule: tuple[str, float], *, several: bool) -> Verdict:
    return Verdict(
        code="XA102",
        status="error",
        model_id=summary.model_id,
        subject=subject_of(summary, several),
        rule=rule[0],
        sentence=(
            f"{named(summary, several)}: "
            f"{counted(summary.n_patients, f'{summary.cluster} is', f'{summary.cluster}s are')} too few to tell {what}; "
            f"an interval needs at least {MIN_CLUSTERS}"
        ),
        threshold=rule[1],
        n_patients=summary.n_patients,
        gating=False,
    )
