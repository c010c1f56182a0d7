"""Parts of the cases that are summarised on their own: small lesions, wrong answers, one class.

A stratum is written ``property=value``, such as ``lesion-size=small``. A case without a value, such as the
lesion size of a case without marks, is in the stratum ``unknown`` of the property: no case is lost unseen.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from xaudit.config import StratumSpec
from xaudit.config.sections.strata import SAME, STRATA, UNKNOWN
from xaudit.records import Annotation, Attribute, Case, Prediction
from xaudit.statistics.lesion_shape import LesionShape, lesion_shape

StratumCases = Mapping[str, frozenset[str]]
"""The cases of each stratum, in the order of display."""

NO_ATTRIBUTES: Mapping[str, Attribute] = {}


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Facts about one case and one model's answer that strata are made from.

    Attributes:
        shape: shape of all readers' marks together; None without marks.
        attributes: attributes of all cases, by name.
    """

    case: Case
    prediction: Prediction
    shape: LesionShape | None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)

    @property
    def area_mm2(self) -> float | None:
        """Area of the marks in mm², None without marks or without spacing."""
        if self.shape is None or self.case.spacing_mm is None:
            return None
        return self.shape.area_px * self.case.spacing_mm[0] * self.case.spacing_mm[1]

    @property
    def confidence(self) -> float:
        """The model's probability of the class that is explained."""
        return self.prediction.probabilities[self.prediction.class_names.index(self.prediction.target)]


def facts_of(
    cases: Iterable[Case],
    annotations: Iterable[Annotation],
    predictions: Iterable[Prediction],
    attributes: Mapping[str, Attribute] = NO_ATTRIBUTES,
) -> dict[str, dict[str, CaseFacts]]:
    """Return the facts of each case that was predicted, by model and case.

    Args:
        annotations: all readers' marks; their union is the lesion, whatever policy the maps were scored with.
    """
    by_case = {case.case_id: case for case in cases}
    marks: dict[str, list[Annotation]] = {}
    for mark in annotations:
        marks.setdefault(mark.case_id, []).append(mark)
    shapes: dict[str, LesionShape | None] = {}
    facts: dict[str, dict[str, CaseFacts]] = {}
    for prediction in predictions:
        case = by_case.get(prediction.case_id)
        if case is None:
            continue
        if case.case_id not in shapes:
            regions = [m.region for m in marks.get(case.case_id, ()) if m.region is not None]
            shapes[case.case_id] = lesion_shape(regions, (case.height, case.width))
        facts.setdefault(prediction.model_id, {})[case.case_id] = CaseFacts(
            case, prediction, shapes[case.case_id], attributes
        )
    return facts


def missing_property(
    cases: Sequence[Case], specs: Sequence[StratumSpec], attributes: Collection[str] = ()
) -> str | None:
    """Return the first property that must come from the data and is missing there; None if there is none.

    Args:
        attributes: names of the attributes that are known for some case.

    Example:
        >>> missing_property([], [StratumSpec(name="class"), StratumSpec(name="site")])
        'site'
    """
    is_known: dict[str, bool] = {
        **{spec.name: spec.name in attributes for spec in specs if spec.name not in STRATA},
        "site": any(case.site is not None for case in cases),
        "augmented": any(case.augmented is not None for case in cases),
    }
    return next((spec.name for spec in specs if not is_known.get(spec.name, True)), None)


def strata_of(facts: Mapping[str, CaseFacts], specs: Sequence[StratumSpec]) -> dict[str, frozenset[str]]:
    """Return the cases of each stratum of each property, for one model; strata without a case are left out.

    Args:
        facts: by case id, of the cases that are summarised: thirds and deciles are theirs.

    Example:
        >>> strata_of({}, [StratumSpec(name="class")])
        {}
    """
    strata: dict[str, frozenset[str]] = {}
    for spec in specs:
        values, order = _values(spec, facts)
        for value in [*order, UNKNOWN]:
            cases = frozenset(case for case, own in values.items() if own == value)
            if cases:
                strata[f"{spec.name}={value}"] = cases
    return strata


def _values(spec: StratumSpec, facts: Mapping[str, CaseFacts]) -> tuple[dict[str, str], list[str]]:
    """Return the value of each case, and all values in the order of display."""
    match spec.name:
        case "correctness":
            wordings = {case: "correct" if f.prediction.correct else "wrong" for case, f in facts.items()}
            return wordings, list(spec.parts or ())
        case "class":
            slugs = slugs_of(f.case.label for f in facts.values())
            return {case: slugs[f.case.label] for case, f in facts.items()}, list(slugs.values())
        case "site":
            sites = {case: f.case.site for case, f in facts.items()}
            slugs = slugs_of(site for site in sites.values() if site is not None)
            named = {case: UNKNOWN if site is None else slugs[site] for case, site in sites.items()}
            return named, list(slugs.values())
        case "augmented":
            augmented_words = {None: UNKNOWN, True: "yes", False: "no"}
            return {case: augmented_words[f.case.augmented] for case, f in facts.items()}, ["no", "yes"]
        case "lesion-count":
            counts = {
                case: "none" if f.shape is None else str(f.shape.n_lesions) for case, f in facts.items()
            }
            return counts, sorted(set(counts.values()), key=lambda text: (len(text), text))
        case "confidence":
            numbers = {case: f.confidence for case, f in facts.items()}
            return _cut(numbers, spec)
        case name if name not in STRATA:
            return _by_attribute(name, facts)
        case _:
            return _cut(_measured(spec, facts), spec)


def _by_attribute(name: str, facts: Mapping[str, CaseFacts]) -> tuple[dict[str, str], list[str]]:
    """Return the level of each case in the characters that a stratum may have; unknown where no case has the attribute."""
    own = next((f.attributes[name] for f in facts.values() if name in f.attributes), None)
    if own is None:
        return dict.fromkeys(facts, UNKNOWN), []
    slugs = slugs_of(own.levels)
    levels = {case: own.by_case.get(case) for case in facts}
    placed = {case: UNKNOWN if level is None else slugs[level] for case, level in levels.items()}
    return placed, [slugs[level] for level in own.levels]


def _cut(numbers: Mapping[str, float | None], spec: StratumSpec) -> tuple[dict[str, str], list[str]]:
    words = list(spec.parts or ())
    return _by_cuts(numbers, spec.cuts, words) if spec.cuts else _by_quantiles(numbers, words)


def _measured(spec: StratumSpec, facts: Mapping[str, CaseFacts]) -> dict[str, float | None]:
    def each(measure: Callable[[CaseFacts], float | None]) -> dict[str, float | None]:
        return {case: measure(f) for case, f in facts.items()}

    match spec.name:
        case "lesion-size":
            marked = [f for f in facts.values() if f.shape is not None]
            if spec.cuts or all(f.area_mm2 is not None for f in marked):
                return each(lambda f: f.area_mm2)
            return each(
                lambda f: None if f.shape is None else f.shape.area_px / (f.case.height * f.case.width)
            )
        case "elongation":
            return each(lambda f: None if f.shape is None else f.shape.elongation)
        case "irrectangularity":
            return each(lambda f: None if f.shape is None else f.shape.irrectangularity)
        case "resolution":
            return each(lambda f: float(f.case.height * f.case.width))
        case "spacing":
            return each(
                lambda f: None if f.case.spacing_mm is None else math.sqrt(math.prod(f.case.spacing_mm))
            )
        case name:
            raise ValueError(f"'{name}' is not a property of a case")


def _by_quantiles(
    numbers: Mapping[str, float | None], words: Sequence[str]
) -> tuple[dict[str, str], list[str]]:
    """Divide into parts of as equal size as ties allow; a number on a limit belongs to the lower part.

    If all numbers are equal, there is one part called ``same``.
    """
    known = [number for number in numbers.values() if number is not None]
    if known and min(known) == max(known):
        same = {case: UNKNOWN if number is None else SAME for case, number in numbers.items()}
        return same, [SAME]
    limits = np.quantile(known, np.arange(1, len(words)) / len(words)) if known else np.zeros(0)
    placed = {
        case: UNKNOWN if number is None else words[int(np.searchsorted(limits, number, side="left"))]
        for case, number in numbers.items()
    }
    return placed, list(words)


def _by_cuts(
    numbers: Mapping[str, float | None], cuts: Sequence[float], words: Sequence[str]
) -> tuple[dict[str, str], list[str]]:
    """Divide at given limits; a number on a limit belongs to the upper part."""
    placed = {
        case: UNKNOWN if number is None else words[int(np.searchsorted(cuts, number, side="right"))]
        for case, number in numbers.items()
    }
    return placed, list(words)


def slugs_of(names: Iterable[str]) -> dict[str, str]:
    """Return each name in the characters that a stratum may have; names that would then be equal are numbered."""
    slugs: dict[str, str] = {}
    for name in sorted(set(names)):
        slug = re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-") or "class"
        # A class called "unknown" must not share the stratum of cases without a value.
        slug = f"{slug}-1" if slug == UNKNOWN else slug
        taken = slugs.values()
        number = 2
        unique = slug
        while unique in taken:
            unique, number = f"{slug}-{number}", number + 1
        slugs[name] = unique
    return slugs
