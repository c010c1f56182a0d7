"""Findings on areas of the reliance map: what the answer depends on, with marks or without; they decide no exit code.

Each is about one model and the images of one true class. Where hiding an area inside the body raises the answer, the area
may hold evidence against, or the in-fill may look like evidence: such an area is named and not judged. The probability
decides; only where hiding any window does not move it, as it is near 0 or 1, the log odds decide in its place.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from xaudit.catalog import MARGIN
from xaudit.records import Area, Interval, MapTest, Status, Verdict
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.digits import counted, shown, shown_interval
from xaudit.verdict.asked_images import WITHOUT_EVIDENCE, AskedImages, ShownArea, asked_images, shown_in
from xaudit.verdict.findings import region_name
from xaudit.verdict.infills import WORTH_SAYING

AREA_RULE = f"lower end of no area's effect outside the mark or the organ > {MARGIN:g}"

TOO_FEW = "undecided where the answer comes from"
"""Begins a finding that more patients would decide."""

NOTHING = 0.05
"""Upper end of the strongest window's effect up to which nothing is said to matter; above, too little is known."""

_ORGANS = ("lungs", "same-lung", "opposite-lung")
_BESIDE_LUNGS = ("outside", "thorax", "body")
_NAMED_AREAS = 3


def area_findings(
    tests: Sequence[MapTest],
    *,
    refused: Collection[str] = (),
    own_regions: Mapping[str, Mapping[str, bool]] = MappingProxyType({}),
) -> list[Verdict]:
    """Return XA207, XA208 or XA209 for each model and true class, or why nothing can be said.

    Args:
        refused: models whose answers rule out findings about their evidence.
        own_regions: by model, regions that the audit file names, true where an answer may rest on them.
    """
    return [
        _finding(images, own_regions.get(images.model_id, {}))
        for images in asked_images(tests)
        if images.model_id not in refused
    ]


def _finding(images: AskedImages, own_regions: Mapping[str, bool]) -> Verdict:
    if all(test.p is None for test in images.judged("probability")):
        n, cluster = max((test.n_patients, test.cluster) for test in images.tests)
        few = counted(n, f"{cluster} is", f"{cluster}s are")
        sentence = f"{few} too few to tell what the answer depends on; an area needs at least {MIN_CLUSTERS}"
        return _verdict(images, "XA102", "error", sentence)
    shown = images.shown
    judged = [one for one in shown if not one.may_be_the_infill]
    sure = [one for one in judged if one.is_sure]
    if sure:
        if images.is_marked:
            return _outside_mark(images, sure, own_regions)
        return _unmarked(images, sure, own_regions)
    if judged:
        return _undecided(images, judged)
    if shown and not images.is_marked:
        sentence = f"undecided what the answer depends on. {_rises(images)}"
        return _verdict(images, "XA207", "error", sentence, shown[0].area)
    if images.clear and not images.shows_a_place:
        return _spread(images)
    if images.in_lungs and not images.is_marked:
        return _in_lungs(images)
    return _nothing(images)


def _in_lungs(images: AskedImages) -> Verdict:
    """Return XA207 for images without marks on which no place of the image stands out, and a place of the lungs does."""
    first = images.in_lungs[0]
    sentence = (
        f"the answer depends on a place relative to the lungs, mostly in {_region(images, first.area)}. Hiding it lowers "
        f"{_answer(first.test)} by {_figures(first.area.effect)}. No place of the image itself stands out"
    )
    status: Status = "pass" if first.area.place in _ORGANS and first.is_sure else "error"
    return _verdict(images, "XA207", status, sentence + _still(images), first.area)


def _outside_mark(
    images: AskedImages, shown: Sequence[ShownArea], own_regions: Mapping[str, bool]
) -> Verdict:
    """Return XA207 for images with marks: it passes if every area lies where the audit file lets an answer rest."""
    where = "the mark and its lung" if images.scope == "elsewhere" else "the mark"
    at_fault = [one for one in shown if not own_regions.get(one.area.place, False)]
    named = "" if at_fault else ", where the audit file lets an answer rest"
    sentence = f"an area outside {where} matters{named}. {_effects(images, at_fault or shown)}"
    return _verdict(
        images, "XA207", "fail" if at_fault else "pass", sentence, (at_fault or list(shown))[0].area
    )


def _unmarked(images: AskedImages, shown: Sequence[ShownArea], own_regions: Mapping[str, bool]) -> Verdict:
    """Return XA207 for images without marks: it fails for areas that hold no organ, or a region named as no evidence."""
    organs = (*_ORGANS, *(name for name, may_matter in own_regions.items() if may_matter))
    no_evidence = {name for name, may_matter in own_regions.items() if not may_matter}
    at_fault = [one for one in shown if one.area.place in no_evidence or _is_at_fault(images, one.area.place)]
    unknown = [one for one in shown if one.area.place not in organs and one not in at_fault]
    ordered = [*at_fault, *(one for one in shown if one not in at_fault)]
    places = " and ".join(dict.fromkeys(_region(images, one.area) for one in ordered[:_NAMED_AREAS]))
    sentence = f"the answer depends on {places}. {_effects(images, ordered)}"
    if unknown and not at_fault:
        sentence += ". Without marks or masks, whether evidence lies there is not known"
    status: Status = "fail" if at_fault else "error" if unknown else "pass"
    return _verdict(images, "XA207", status, sentence, ordered[0].area)


def _is_at_fault(images: AskedImages, place: str) -> bool:
    return place in WITHOUT_EVIDENCE or (images.knows_lungs and place in _BESIDE_LUNGS)


def _undecided(images: AskedImages, shown: Sequence[ShownArea]) -> Verdict:
    first = shown[0]
    others = [name for name in first.test.infills if name not in first.area.infills]
    under = f"under {_listed(first.area.infills)} but not under {_listed(others)}"
    if not first.area.infills:
        under = "over all in-fills together, but under none of them by itself"
    sentence = (
        f"undecided if {_place(images, first.area)} matters: its effect is shown {under}. "
        f"{_effects(images, shown[:1])}"
    )
    return _verdict(images, "XA207", "error", sentence, first.area)


def _spread(images: AskedImages) -> Verdict:
    """Return XA209: hiding windows changes the answer, and none of them stands out.

    It is spread only if no window can hold half of the sum: with few patients, none stands out wherever the answer rests.
    """
    falls = [test for test in images.clear if test.direction == "for" or test.question != "hide"]
    test = falls[0] if falls else images.clear[0]
    border = images.largest("border", rises=not falls)
    sentence = "the answer is spread over the image" if falls else "undecided what the answer depends on"
    if not _is_spread(test):
        sentence = f"{TOO_FEW}; {counted(test.n_patients, test.cluster)} show no single window"
    sentence += (
        f". {'Hiding' if test.question == 'hide' else 'Copying'} one window after the other "
        f"{'lowers' if test.direction == 'for' else 'raises'} {_answer(test)} by {_figures(test.net)}, added up over the image, "
        f"and no window stands out: the strongest by {_figures(test.largest)}"
    )
    at_border = border is not None and border.high is not None and border.high > test.margin
    if border is not None:
        sentence += f", the strongest at the border by {_figures(border)}"
    if not falls:
        sentence += ". Either evidence against is spread over the image, or the in-fills look like evidence"
    decided = falls and _is_spread(test) and not (images.is_marked or at_border)
    return _verdict(images, "XA209", "pass" if decided else "error", sentence + _still(images))


def _is_spread(test: MapTest) -> bool:
    """Return True if even the upper end of the strongest window's effect is below half of the sum's lower end."""
    if test.largest is None or test.net is None or test.largest.high is None or test.net.low is None:
        return False
    return test.largest.high < test.net.low / 2


def _nothing(images: AskedImages) -> Verdict:
    """Return XA208: no window that should not matter does, or no window at all."""
    kind = "outside-mark" if images.is_marked else None
    bound = images.largest(kind, answer="probability", rises=not images.is_marked)
    high = None if bound is None else bound.high
    if not images.is_marked:
        sentence = "the answer depends on nothing that the map measures"
        if high is None or high > NOTHING:
            sentence = "no place is shown to matter, and more patients are needed to exclude one"
        sentence += f". Hiding any window changes P({images.target}) by {_at_most(high)}"
        return _verdict(images, "XA208", "error", sentence + _log_odds_too(images))
    where = "the mark and its lung" if images.scope == "elsewhere" else "the mark"
    if images.answer == "log-odds":
        sentence = (
            f"no area outside {where} is shown to matter. Hiding any window there changes P({images.target}) by {_at_most(high)}"
            f"{_log_odds_too(images, kind)}: the answers are too near 0 or 1 to say that nothing does"
        )
        return _verdict(images, "XA208", "error", sentence + _beside(images))
    if high is not None and high <= NOTHING and images.is_asked_of_target and not images.mark_matters:
        sentence = (
            f"no single place matters, not the mark either. Hiding any window outside {where} lowers P({images.target}) by "
            f"{_at_most(high)}, and no window on the mark stands out: the answer may rest on many places at once, or on the "
            "whole image"
        )
        verdict = _verdict(images, "XA208", "error", sentence + _beside(images))
        return replace(verdict, value=high, threshold=NOTHING)
    if high is not None and high <= NOTHING:
        lead = f"no single place outside {where} matters"
        if any(one.may_be_the_infill for one in images.shown):
            lead = f"no place outside {where} is needed for the answer"
        sentence = f"{lead}. Hiding any window there lowers P({images.target}) by {_at_most(high)}"
        verdict = _verdict(images, "XA208", "pass", sentence + _beside(images))
        return replace(verdict, value=high, threshold=NOTHING)
    sentence = (
        f"no area outside {where} is shown to matter, but an effect of up to {shown(1.0 if high is None else high, beside=NOTHING)} on "
        f"P({images.target}) is not ruled out; that takes more patients"
    )
    verdict = _verdict(images, "XA208", "error", sentence + _beside(images))
    return replace(verdict, value=high, threshold=NOTHING)


def _beside(images: AskedImages) -> str:
    """Name the areas that are no fault: those of the marked lung, and those whose hiding raises the answer."""
    rises = _rises(images)
    copies = [test for test in images.judged("probability") if test.question == "transplant"]
    copied = any(test.p is not None for test in copies) and not any(test.areas for test in copies)
    beyond = (
        f". Copying windows from images of '{images.target}' raises it at no place beyond chance"
        if copied
        else ""
    )
    return _same_lung(images) + beyond + (f". {rises}" if rises else "")


def _rises(images: AskedImages) -> str:
    """Name the strongest area whose hiding raises the answer inside the body, which is not judged."""
    rises = [one for one in images.shown if one.may_be_the_infill]
    if not rises:
        return ""
    return f"{_effect(images, rises[0])}. " + (
        f"Either it holds evidence against '{images.target}', or the in-fill looks like evidence"
        if rises[0].test.question == "hide"
        else f"Either it holds evidence for '{images.target}', or the copied tissue looks like it"
    )


def _same_lung(images: AskedImages) -> str:
    """Describe areas of the marked lung beside the mark, which are no fault."""
    if images.scope != "elsewhere":
        return ""
    beside = [
        one
        for one in shown_in(images.of(images.answer, "outside-mark"))
        if one.area.same_lung > 0 and not one.may_be_the_infill
    ]
    if not beside:
        return ""
    return f". In the marked lung: {_effect(images, beside[0])}; that may be the mark's surroundings"


def _effects(images: AskedImages, shown: Sequence[ShownArea]) -> str:
    sentences = ". ".join(_effect(images, one) for one in shown[:_NAMED_AREAS])
    more = f". {counted(len(shown) - _NAMED_AREAS, 'further area')}" if len(shown) > _NAMED_AREAS else ""
    return sentences + more + _still(images)


def _effect(images: AskedImages, one: ShownArea) -> str:
    place, verb = _place(images, one.area), "lowers" if one.test.direction == "for" else "raises"
    action = f"Hiding {place}"
    if one.test.question == "transplant":
        action = f"Copying {place} from images of '{one.test.target}'"
    return (
        f"{action} {verb} {_answer(one.test)} by {_figures(one.area.effect)}, "
        f"seen in {round(100 * one.area.share_of_patients)} % of the {one.test.cluster}s{_odd(one)}"
    )


def _odd(one: ShownArea) -> str:
    """Say that many of the changed images are unlike real ones, where they are."""
    if one.area.odd is None or one.area.odd <= WORTH_SAYING:
        return ""
    changed = "in-filled" if one.test.question == "hide" else "changed"
    return f"; {round(100 * one.area.odd)} % of these {changed} images are odder to the model than 99 % of real images"


def _still(images: AskedImages) -> str:
    """Say that the probability does not move, where the log odds decided."""
    if images.answer == "probability":
        return ""
    moved = images.largest(answer="probability")
    high = None if moved is None else moved.high
    if high is None or high > NOTHING:
        return f". P({images.target}) itself shows no area, and no clear sum"
    return f". P({images.target}) itself changes by {_at_most(high)}: it is too near 0 or 1 to show it"


def _log_odds_too(images: AskedImages, kind: str | None = None) -> str:
    bound = images.largest(kind, answer="log-odds", rises=kind is None)
    return "" if bound is None else f", and its log odds by {_at_most(bound.high)}"


def _at_most(high: float | None) -> str:
    return "an unknown amount" if high is None else f"at most {shown(high, beside=MARGIN)}"


def _answer(test: MapTest) -> str:
    return f"P({test.target})" if test.answer == "probability" else f"the log odds of '{test.target}'"


def _figures(interval: Interval | None) -> str:
    return (
        "an unknown amount"
        if interval is None
        else shown_interval(interval, beside=MARGIN, estimate_too=False)
    )


def _place(images: AskedImages, area: Area) -> str:
    if area.place == "border":
        return f"the {area.position} at the image border"
    if area.place == "outside" and not images.knows_lungs:
        return f"the {area.position} of the image"
    if area.place == "outside":
        return f"the {area.position} of the image, outside the lungs"
    return f"the {area.position} of the image, in {_region(images, area)}"


def _region(images: AskedImages, area: Area) -> str:
    if area.place == "border":
        return "the image border"
    if area.place == "outside" and not images.knows_lungs:
        return f"the {area.position} of the image"
    return region_name(area.place, "the area outside the lungs")


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _verdict(
    images: AskedImages,
    code: str,
    status: Status,
    sentence: str,
    area: Area | None = None,
) -> Verdict:
    return Verdict(
        code=code,
        status=status,
        model_id=images.model_id,
        subject=images.model_id,
        rule=AREA_RULE,
        sentence=f"{images.model_id}: On images of '{images.images}', {sentence} {images.basis()}",
        value=None if area is None else area.effect.low,
        threshold=None if area is None else MARGIN,
        n_patients=images.of("probability", "all")[0].n_patients,
        gating=False,
    )
