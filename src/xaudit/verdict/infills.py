"""Regions on which the in-fills do not agree: a verdict that holds under one and not under another is undecided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from xaudit.catalog import MARGIN
from xaudit.records import InfillEffect, Interval, Summary, Verdict
from xaudit.statistics.digits import counted, shown_interval
from xaudit.verdict.naming import named, subject_of

ByInfill: TypeAlias = Mapping[str, Mapping[str, Interval]]
"""Region → in-fill → fall of the answer beyond random areas."""

WORTH_SAYING: Final = 0.1
"""Share of odd images above which a verdict that rests on them says so; of real images a hundredth is odd."""

INFILL_RULE = f"lower end of a region's effect > {MARGIN:g} under every in-fill, or under none"


def disputed_regions(effects: Sequence[InfillEffect], model_id: str) -> ByInfill:
    """Return the regions of a model that matter under one in-fill and not under another.

    A region matters where the lower end of the interval lies above the margin, as in XA201. Too few patients for an
    interval dispute nothing.
    """
    regions: dict[str, dict[str, Interval]] = {}
    for one in effects:
        if one.model_id == model_id:
            regions.setdefault(one.region, {})[one.infill] = one.effect
    return {region: by_infill for region, by_infill in regions.items() if is_disputed(by_infill.values())}


def is_disputed(effects: Iterable[Interval]) -> bool:
    """Return True if a region matters under one of the in-fills and not under another."""
    return len({effect.low > MARGIN for effect in effects if effect.low is not None}) > 1


def with_odd_images(verdict: Verdict, effects: Sequence[InfillEffect], names: Mapping[str, str]) -> Verdict:
    """Say in a verdict which share of the images that it rests on are odd to the model.

    Args:
        names: by id, the names of the regions that the verdict may rest on; it rests on those that matter under an in-fill.
    """
    shares = [
        (one.odd, one.infill, names[one.region])
        for one in effects
        if (one.model_id, one.region in names) == (verdict.model_id, True)
        and one.odd is not None
        and one.odd > WORTH_SAYING
        and one.effect.low is not None
        and one.effect.low > MARGIN
    ]
    if not shares:
        return verdict
    share, infill, name = max(shares, key=lambda item: item[0])
    sentence, _, patients = verdict.sentence.rpartition(" (")
    addition = (
        f". With {infill} in place of {name}, {share:.0%} of the images are odder to the model than 99 % of real images: "
        "the effect may be the in-fill's doing"
    ).replace("%", " %", 1)
    return replace(verdict, sentence=f"{sentence}{addition} ({patients}")


def disputed_finding(
    summary: Summary, regions: Mapping[str, Mapping[str, Interval]], answer: str, *, rule: str, several: bool
) -> Verdict:
    """Return XA212: it is undecided if some regions matter.

    Args:
        summary: of the mark, or of the only region; gives the subject and the patients.
        regions: name for the sentence → in-fill → effect; at least one.
        rule: the rule of the finding that it replaces, or :data:`INFILL_RULE`.
    """
    parts = [
        f"Hiding {name} lowers {answer} "
        + " and ".join(
            f"by {shown_interval(effect, beside=MARGIN, estimate_too=False)} with {infill}"
            for infill, effect in by_infill.items()
        )
        for name, by_infill in regions.items()
    ]
    return Verdict(
        code="XA212",
        status="error",
        model_id=summary.model_id,
        subject=subject_of(summary, several),
        rule=rule,
        sentence=(
            f"{named(summary, several)}: it is undecided if {_either(list(regions))} affects the answer, because the "
            f"in-fills do not agree. {'. '.join(parts)}, each beyond random areas of its size; the lower end would have "
            f"to be above {MARGIN:g} with all of them or with none ({counted(summary.n_patients, summary.cluster)})"
        ),
        value=summary.interval.low,
        threshold=MARGIN,
        n_patients=summary.n_patients,
        gating=False,
    )


def _either(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
