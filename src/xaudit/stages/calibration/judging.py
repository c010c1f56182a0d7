"""An audit of a wrapped model, judged by the code that judges every audit, and whether its findings are about the plant."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xaudit.catalog import METRICS, MODEL_FAMILIES
from xaudit.config import AuditFile, Gate
from xaudit.records import Area, BoolArray, Interval, MapTest, Summary, Verdict, Work
from xaudit.stages.calibration.case_effects import CaseEffects
from xaudit.stages.outcome.dependence.gate_values import area_summaries
from xaudit.stages.outcome.dependence.image_properties import property_summaries
from xaudit.stages.outcome.dependence.measured import Dependence, dependence_of
from xaudit.stages.outcome.judging import judge_run, metric_names
from xaudit.stages.outcome.results import Results, RunFacts
from xaudit.statistics.max_test import DRAWS
from xaudit.summarise import summarise
from xaudit.verdict import area_findings, class_findings, image_findings, missed_gates
from xaudit.verdict.asked_images import asked_images
from xaudit.verdict.findings import ELSEWHERE
from xaudit.verdict.own_regions import is_used

_NO_WORK = Work(0.0, 0.0, 0, 0, 0)
_USES = "XA201"


@dataclass(frozen=True, slots=True)
class PlantedPlace:
    """The place of a plant, as far as findings can be about it.

    Attributes:
        pixels: (h, w) of the model's frame, True where it changes any image.
        regions: the regions that it lies in.
        whole: True for a plant of the whole image.
    """

    pixels: BoolArray
    regions: frozenset[str]
    whole: bool

    def holds(self, area: Area) -> bool:
        """Return True if one of the area's windows holds a pixel of the plant; never for a plant of the whole image."""
        height, width = self.pixels.shape
        return not self.whole and any(
            self.pixels[round(y0 * height) : round(y1 * height), round(x0 * width) : round(x1 * width)].any()
            for x0, y0, x1, y1 in area.windows
        )


@dataclass(frozen=True, slots=True)
class JudgedAudit:
    """The conclusion of one audit of a wrapped model.

    Attributes:
        codes: failing findings about the plant.
        other_codes: failing findings about something else.
        stopped: True if a gate fails.
        shown: True if the reliance map shows an area at the plant, judged or not.
    """

    summaries: tuple[Summary, ...]
    dependence: Dependence
    codes: tuple[str, ...]
    other_codes: tuple[str, ...]
    stopped: bool
    shown: bool


def audit_for(audit: AuditFile, model_id: str) -> tuple[AuditFile, list[Gate]]:
    """Return the audit as far as it asks one model itself, and the gates that it leaves out."""
    families = {row.id: row.family for row in METRICS}
    names = metric_names(audit)
    kept = [
        gate
        for gate in audit.gates
        if gate.subject is None and families.get(names.get(gate.metric, gate.metric)) in MODEL_FAMILIES
    ]
    left = [gate for gate in audit.gates if gate not in kept]
    update = {
        "models": tuple(model for model in audit.models if model.id == model_id),
        "explainers": (),
        "controls": (),
        "metrics": (),
        "gates": tuple(kept),
    }
    return audit.model_copy(update=update), left


def judged_audit(
    audit: AuditFile,
    effects: Iterable[CaseEffects],
    place: PlantedPlace,
    *,
    patients_known: bool,
    draws: int = DRAWS,
) -> JudgedAudit:
    """Conclude an audit of one wrapped model from what was measured on its cases.

    Args:
        audit: of that model alone, see :func:`audit_for`.
        draws: random sign flips of each test of the reliance map.
    """
    cases, model_id = list(effects), audit.models[0].id
    results = Results(
        scores=[one for case in cases for one in case.scores],
        problems=(),
        work=_NO_WORK,
        reliances=[one for case in cases for one in case.reliances],
        windows=[one for case in cases for one in case.windows],
        image_changes=[one for case in cases for one in case.changes],
    )
    dependence = dependence_of(audit, results, patients_known=patients_known, draws=draws)
    summaries = (
        *summarise(
            results.scores,
            controls=(),
            patients_known=patients_known,
            settings=audit.statistics,
            seed=audit.seed,
        ),
        *area_summaries(dependence.tests),
        *property_summaries(dependence.properties),
    )
    facts = RunFacts(
        n_cases=len(cases),
        n_chosen=len(cases),
        n_explained={model_id: len(cases)},
        positive={},
        external=(),
        explained_by={},
        patients_known=patients_known,
        notes=(),
        data_findings=(),
    )
    verdicts = judge_run(audit, summaries, facts, (), dependence)
    own_regions = audit.own_regions_by_model.get(model_id, {})
    codes, others = _by_subject(verdicts, summaries, dependence, place, own_regions)
    shown = bool(areas_at_plant(dependence.tests, place))
    return JudgedAudit(summaries, dependence, codes, others, bool(missed_gates(verdicts)), shown)


def areas_at_plant(
    tests: Sequence[MapTest], place: PlantedPlace, *, copied: bool = False
) -> list[tuple[MapTest, Area]]:
    """Return the areas at the plant, with their tests, the largest effect first.

    Areas of windows whose hiding lowers the probability on images of the class that is asked about, in the frame of the image;
    or of windows that are copied from there into images of another class and raise it. Where marks are known, windows that touch
    them are left out, and where lungs are known and show an area at the plant, those in the marked lung: what is left may hold
    the plant and not the finding.
    """
    wanted = ("transplant", "against") if copied else ("hide", "for")
    asked = [
        test
        for test in tests
        if (test.question, test.direction) == wanted
        and (test.answer, test.frame) == ("probability", "image")
        and (test.images == test.target) != copied
    ]
    scopes = ("elsewhere", "outside-mark") if any(one.scope == "outside-mark" for one in asked) else ("all",)
    for scope in scopes:
        shown = [
            (test, area) for test in asked if test.scope == scope for area in test.areas if place.holds(area)
        ]
        if shown:
            return sorted(shown, key=lambda one: -one[1].effect.estimate)
    return []


def _by_subject(
    verdicts: Sequence[Verdict],
    summaries: Sequence[Summary],
    dependence: Dependence,
    place: PlantedPlace,
    own_regions: Mapping[str, bool],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the codes of the failing findings about the plant, and of those about something else."""
    about: dict[bool, set[str]] = {True: set(), False: set()}
    for is_plant in _areas_at_fault(dependence.tests, place, own_regions):
        about[is_plant].add("XA207")
    if any(one.code == _USES and one.status == "fail" for one in verdicts):
        for region in _used_regions(summaries, own_regions):
            about[not place.whole and region in place.regions].add(_USES)
    for row in dependence.by_class:
        # The rows of lungs say that lungs are known; they are at fault in no finding.
        beside = [one for one in dependence.by_class if one is row or one.region in ("lungs", "same-lung")]
        for finding in class_findings(beside, {row.model_id: dict(own_regions)}):
            if finding.status == "fail":
                about[not place.whole and row.region in place.regions].add(finding.code)
    for finding in image_findings(dependence.properties):
        # XA214 says that an answer moves with a property, and not what it comes from.
        if (finding.code, finding.status) == ("XA210", "fail"):
            about[place.whole].add(finding.code)
    return tuple(sorted(about[True])), tuple(sorted(about[False] - about[True]))


def _areas_at_fault(
    tests: Sequence[MapTest], place: PlantedPlace, own_regions: Mapping[str, bool]
) -> Iterable[bool]:
    """Yield for each area that makes XA207 fail if it lies at the plant."""
    for images in asked_images(tests):
        (verdict,) = area_findings(images.tests, own_regions={images.model_id: own_regions})
        if (verdict.code, verdict.status) == ("XA207", "fail"):
            for one in images.shown:
                if one.is_sure and not one.may_be_the_infill and not own_regions.get(one.area.place, False):
                    yield place.holds(one.area)


def _used_regions(summaries: Sequence[Summary], own_regions: Mapping[str, bool]) -> list[str]:
    elsewhere = {*ELSEWHERE, *own_regions} - {name for name, may_matter in own_regions.items() if may_matter}
    named = {f"reliance-{region}": region for region in elsewhere}
    return [named[one.metric_id] for one in summaries if one.metric_id in named and is_used(one)]


def effect_of(summaries: Sequence[Summary], metric_id: str) -> Interval | None:
    """Return a summary's interval; None if the metric has no value."""
    return next((one.interval for one in summaries if one.metric_id == metric_id), None)
