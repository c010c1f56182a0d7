"""Cases that decide the verdict on each model, with the reason why each of them is worth a look."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from xaudit.catalog import MARGIN
from xaudit.report.lookup import SummaryLookup
from xaudit.report.sections.verdict import model_findings
from xaudit.stages.views.gallery_view import GalleryView
from xaudit.stages.views.report_material import ReportMaterial
from xaudit.statistics.digits import shown
from xaudit.verdict.findings import region_name

MOST = 6
"""Cases of one model."""

_OF_A_KIND = 2


@dataclass(frozen=True, slots=True)
class DecidingCase:
    """A case that matters to the verdict.

    Attributes:
        place: index of its view in the material.
    """

    place: int
    reason: str


def deciding_cases(
    material: ReportMaterial, *, named: Callable[[str], str] = str
) -> Mapping[str, tuple[DecidingCase, ...]]:
    """Choose the cases of each model that decide its verdict, the most telling first; models without views are absent.

    Taken are two cases of each patient without whom the verdict changes, two wrong answers of each kind, two right answers
    for the wrong reason, and the two images on which the region that the model depends on most has its largest effect.

    Args:
        named: how an id is shown; the outcome's own are taken as they are.
    """
    found = {}
    for model in material.outcome.model_ids:
        own = [(place, view) for place, view in enumerate(material.views) if view.model_id == model]
        if own:
            kinds = [*_patients(material, own, (model, named)), *_wrong(own), *_wrong_reasons(own)]
            found[model] = _chosen([*kinds, _strongest(material, model, own)])
    return found


Reasons = list[tuple[int, str]]


def _chosen(kinds: Iterable[Reasons]) -> tuple[DecidingCase, ...]:
    """Take the first cases of each kind; a case of several kinds says each reason."""
    reasons: dict[int, list[str]] = {}
    for kind in kinds:
        for place, reason in kind[:_OF_A_KIND]:
            reasons.setdefault(place, []).append(reason)
    return tuple(DecidingCase(place, " ".join(own)) for place, own in list(reasons.items())[:MOST])


def _patients(
    material: ReportMaterial,
    own: Sequence[tuple[int, GalleryView]],
    about: tuple[str, Callable[[str], str]],
) -> list[Reasons]:
    model, named = about
    findings = model_findings(material.outcome, model)
    names = [name for one in findings if one.stability for name in one.stability.deciding]
    patient_of = {name: named(case.patient_id or name) for name, case in material.cases.items()}
    return [
        [
            (place, f"Decides the verdict: without {patient} it changes.")
            for place, view in own
            if patient_of[view.case_id] == patient
        ]
        for patient in dict.fromkeys(names)
    ]


def _wrong(own: Sequence[tuple[int, GalleryView]]) -> list[Reasons]:
    by_answer: dict[tuple[str, str], Reasons] = {}
    for place, view in own:
        true, said = view.prediction.label, view.prediction.predicted
        if true != said:
            by_answer.setdefault((true, said), []).append((place, f"Wrong answer: is {true}, called {said}."))
    return list(by_answer.values())


def _wrong_reasons(own: Sequence[tuple[int, GalleryView]]) -> list[Reasons]:
    found: Reasons = []
    for place, view in own:
        names = [name for name, one in view.maps.items() if one.wrong_reason]
        if names and view.prediction.label == view.prediction.predicted:
            found.append((place, f"Right answer for the wrong reason, by {', '.join(names)}."))
    return [found]


def _strongest(material: ReportMaterial, model: str, own: Sequence[tuple[int, GalleryView]]) -> Reasons:
    """Rank the cases by the effect of the region that the model depends on most, over all cases."""
    lookup = SummaryLookup(material.outcome)
    reader = lookup.readers(model)[0]
    means = {
        region: summary.interval.estimate
        for region in lookup.regions(model)
        if (summary := lookup.model_level(model, f"reliance-{region}", reader)) is not None
    }
    if not means:
        return []
    region = max(means, key=lambda name: means[name])
    name = region_name(region, _outside(lookup, model))
    effects = [
        (own_effects[region], place)
        for place, view in own
        if region in (own_effects := material.effects.get((model, view.case_id), {}))
    ]
    effects.sort(key=lambda item: (-item[0], item[1]))
    return [
        (place, f"Among the largest effects of hiding {name}.")
        for effect, place in effects
        if effect > MARGIN
    ]


def reasons_of_answers(material: ReportMaterial) -> Mapping[tuple[str, str], str]:
    """Say by model and case which region the answer depends on most; cases on which that was not measured are absent."""
    lookup = SummaryLookup(material.outcome)
    outside = {model: _outside(lookup, model) for model in material.outcome.model_ids}
    sentences = {}
    for view in material.views:
        effects = material.effects.get((view.model_id, view.case_id))
        if not effects:
            continue
        region, target = max(effects, key=lambda name: (effects[name], name)), view.prediction.target
        sentences[view.model_id, view.case_id] = (
            _effect(region_name(region, outside[view.model_id]), target, effects[region])
            if effects[region] > MARGIN
            else f"Hiding any one region lowers P({target}) by at most {MARGIN:g} more than hiding a random area of its size."
        )
    return sentences


def _effect(region: str, target: str, effect: float) -> str:
    return (
        f"Hiding {region} lowers P({target}) by {shown(effect)} more than hiding a random area of its size."
    )


def _outside(lookup: SummaryLookup, model: str) -> str:
    known = lookup.lungs_known(model, lookup.readers(model)[0], ())
    return "the area outside the lungs" if known else "the rest of the image"
