"""All that a finished run's page shows, read from its folder alone."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from xaudit.catalog import METRICS, MODEL_FAMILIES, explainer_row, with_own_regions
from xaudit.compare import compare, pairs_of
from xaudit.config import ReportSection, StratumSpec
from xaudit.geometry import Fit, fit_geometry
from xaudit.records import (
    MODEL_LEVEL,
    Annotation,
    Calibration,
    Case,
    CategorisedMap,
    Comparison,
    Outcome,
    Preview,
    Score,
    ScoreResult,
)
from xaudit.stages.outcome.mean_curves import MeanCurve, mean_curves
from xaudit.stages.outcome.reasons import ReasonCount, giving_reasons, reason_counts, with_judged_reasons
from xaudit.stages.outcome.stored_run import StoredRun
from xaudit.stages.views.case_reliance import NAME as RELIANCE
from xaudit.stages.views.case_reliance import regions_of_cases, reliance_of_cases
from xaudit.stages.views.cluster_view import ClusterView, cluster_views
from xaudit.stages.views.gallery_choice import case_values, confusion_cells, gallery_cases, ranking_metric
from xaudit.stages.views.gallery_view import (
    GalleryMap,
    GalleryView,
    SmallMap,
    gallery_maps,
    shrunk,
    small_maps,
)
from xaudit.stages.views.reliance_view import RelianceView, reliance_views
from xaudit.statistics.strata import CaseFacts, facts_of, strata_of
from xaudit.store.parts import MAPS, part_keys
from xaudit.store.tables import read_categories, read_misclassified, read_previews


@dataclass(frozen=True, eq=False)
class ReportMaterial:
    """A finished run with all that its page shows.

    Attributes:
        manifest: as stored; empty where it was lost.
        comparisons: of the explainers on the headline metrics, as ``xaudit compare`` gives them.
        views: of each model, worst case first.
        reasons: what the right answers rest on.
        n_explained: cases by model, of which the views are a part.
        cases: those of the views.
        marks: what readers drew on them.
        previews: their pictures, where the run kept any.
        signed: whether negative values of an explainer's maps mean evidence against the target.
        ranked_by: the metric that decides which case is worst; None where there was none.
        maps_kept: whether the run kept its maps.
        curves: behind the scores of faithfulness, where the run kept them.
        curves_kept: whether the run was asked to.
        metric_names: catalog name of each metric id that the audit file chose.
        settings: the audit file as the run kept it.
        reliance: mean reliance maps, each with its typical case.
        calibration: how often an audit such as this run would be right, if one was named.
        clusters: groups of maps, each with the pictures of its examples.
        effects: by model and case, how much more hiding each region lowers the answer than hiding random areas of its size.
        explained: number of explained cases by model, true class and answer; those explained for their error alone count.
        answers: what a metric asks of the target class, such as ``logit``, by id; those without a choice are left out.
    """

    outcome: Outcome
    manifest: Mapping[str, Any]
    comparisons: tuple[Comparison, ...]
    reasons: tuple[ReasonCount, ...]
    views: tuple[GalleryView, ...]
    n_explained: Mapping[str, int]
    cases: Mapping[str, Case]
    marks: Mapping[str, tuple[Annotation, ...]]
    previews: Mapping[str, Preview]
    signed: Mapping[str, bool]
    ranked_by: str | None
    maps_kept: bool
    curves: tuple[MeanCurve, ...] = ()
    curves_kept: bool = False
    metric_names: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    reliance: tuple[RelianceView, ...] = ()
    calibration: Calibration | None = None
    clusters: tuple[ClusterView, ...] = ()
    effects: Mapping[tuple[str, str], Mapping[str, float]] = field(default_factory=dict)
    explained: Mapping[tuple[str, str, str], int] = field(default_factory=dict)


def report_material(path: Path, *, images: bool = True) -> ReportMaterial:
    """Everything that the page of a finished run shows.

    Args:
        images: whether pictures are wanted.

    Raises:
        RunFolderError: where the run was not finished, or is damaged or newer than this program.
    """
    run = StoredRun(path)
    settings = run.settings
    stored = read_categories(run.folder) if "categories" in run.head else ()
    giving = giving_reasons(run.outcome)
    categories = with_judged_reasons(stored, giving)
    judged = [one for one in categories if (one.facts.model_id, one.facts.explainer_id) in giving]
    errors = read_misclassified(run.folder)
    views = _views(run, categories, errors)
    shown = {view.case_id for view in views}
    previews = {one.case_id: one for one in read_previews(run.folder)} if images else {}
    signed = {str(spec["id"]): explainer_row(spec["name"]).signed for spec in settings["explainers"]}
    return ReportMaterial(
        outcome=run.outcome,
        manifest=_manifest(run),
        comparisons=_comparisons(run),
        reasons=reason_counts(judged, {mark.case_id for mark in run.annotations if mark.region is not None}),
        views=views,
        n_explained={model: len(confusion_cells(categories, model)) for model in run.outcome.model_ids},
        explained=_explained((*categories, *errors)),
        cases={case.case_id: case for case in run.cases if case.case_id in shown},
        marks=_marks(run, shown),
        previews=previews,
        signed=signed,
        ranked_by=ranking_metric(run.scores, run.explainers),
        maps_kept=bool(part_keys(run.folder, MAPS)),
        curves=mean_curves(run),
        curves_kept=bool(settings.get("run", {}).get("curves", False)),
        metric_names=run.metric_names,
        settings=settings,
        answers={
            str(one["id"]): str(one["answer"]) for one in settings.get("metrics", ()) if "answer" in one
        },
        reliance=reliance_views(run, previews),
        clusters=cluster_views(run, previews, signed),
        effects=_effects(run, views),
    )


def _marks(run: StoredRun, shown: Collection[str]) -> dict[str, tuple[Annotation, ...]]:
    marks: dict[str, list[Annotation]] = defaultdict(list)
    for mark in run.annotations:
        if mark.case_id in shown:
            marks[mark.case_id].append(mark)
    return {name: tuple(own) for name, own in marks.items()}


def every_id(path: Path) -> frozenset[str]:
    """The ids of all cases and patients of a finished run, those that could not be used included."""
    run = StoredRun(path)
    failed = (*run.outcome.problems, *run.outcome.misclassified_problems)
    ids = {case.case_id for case in run.cases} | {problem.case_id for problem in failed}
    return frozenset(ids | {case.patient_id for case in run.cases if case.patient_id is not None})


def _effects(run: StoredRun, views: tuple[GalleryView, ...]) -> dict[tuple[str, str], dict[str, float]]:
    """Return the reliance on each region of the cases that are shown, the mean over readers."""
    shown = {(view.model_id, view.case_id) for view in views}
    names = {
        f"reliance-{region}": region
        for own in ({}, *run.outcome.own_regions.values())
        for region in with_own_regions(own)
    }
    values: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in run.scores:
        key = one.key
        about, region = (key.model_id, key.case_id), names.get(key.metric_id)
        if isinstance(one, Score) and key.explainer_id == MODEL_LEVEL and region and about in shown:
            values[about][region].append(one.value)
    return {
        about: {region: sum(each) / len(each) for region, each in own.items()}
        for about, own in values.items()
    }


def _explained(maps: Iterable[CategorisedMap]) -> Counter[tuple[str, str, str]]:
    cases = {
        (one.facts.model_id, one.facts.case_id): (one.facts.model_id, one.facts.label, one.facts.predicted)
        for one in maps
    }
    return Counter(cases.values())


def _views(
    run: StoredRun, categories: tuple[CategorisedMap, ...], errors: tuple[CategorisedMap, ...]
) -> tuple[GalleryView, ...]:
    """The chosen cases of every model, worst first, then those that were explained for their error alone."""
    n = ReportSection.model_validate(run.settings.get("report", {})).gallery
    ranked_by = ranking_metric(run.scores, run.explainers)
    cells = {model: confusion_cells(categories, model) for model in run.outcome.model_ids}
    error_cells = {model: confusion_cells(errors, model) if n else {} for model in run.outcome.model_ids}
    chosen = {
        model: gallery_cases(
            own,
            case_values(run.scores, model_id=model, explainers=run.explainers, metric_id=ranked_by),
            n=n,
            deciding=_deciding(run, model),
        )
        for model, own in cells.items()
    }
    wanted = {model: (*own, *sorted(error_cells[model])) for model, own in chosen.items()}
    maps = _maps_by_view(run, wanted, (*categories, *errors))
    facts, facts_of_errors = _facts(run, cells), _facts(run, error_cells)
    regions = regions_of_cases(run.folder, error_cells)
    views: list[GalleryView] = []
    for settings in run.settings["models"]:
        model, fit = settings["id"], settings["fit"]
        sizes = _sizes(facts.get(model, {}))
        views += [
            _view(own, maps[model, case], fit, cells[model][case], sizes.get(case, "unknown"))
            for case in chosen[model]
            if (own := facts.get(model, {}).get(case)) is not None
        ]
        views += [
            replace(
                _view(own, maps[model, case], fit, cell, "unknown" if own.shape is None else ""),
                is_error=True,
                regions=regions.get((model, case), {}),
            )
            for case, cell in sorted(error_cells[model].items())
            if (own := facts_of_errors.get(model, {}).get(case)) is not None
        ]
    return tuple(views)


def _facts(run: StoredRun, cells: Mapping[str, Collection[str]]) -> Mapping[str, Mapping[str, CaseFacts]]:
    """Return the facts of these cases, by model and case.

    Args:
        cells: cases by model.
    """
    return facts_of(
        run.cases, run.annotations, [one for one in run.predictions if one.case_id in cells[one.model_id]]
    )


def _deciding(run: StoredRun, model: str) -> frozenset[str]:
    """Return the cases of the patients without whom a finding on a model, or a gate, would be another."""
    names = {
        name
        for one in run.outcome.verdicts
        if one.model_id == model and one.stability is not None
        for name in one.stability.deciding
    }
    return frozenset(case.case_id for case in run.cases if (case.patient_id or case.case_id) in names)


def _view(
    facts: CaseFacts,
    maps: tuple[tuple[int, int] | None, Mapping[str, GalleryMap]],
    fit: Fit,
    cell: str,
    size: str,
) -> GalleryView:
    original = (facts.case.height, facts.case.width)
    return GalleryView(
        case_id=facts.case.case_id,
        model_id=facts.prediction.model_id,
        prediction=facts.prediction,
        geometry=fit_geometry(original, maps[0] or original, fit),
        cell=cell,
        size=size,
        area_px=None if facts.shape is None else facts.shape.area_px,
        area_mm2=facts.area_mm2,
        maps=maps[1],
    )


def _sizes(facts: Mapping[str, CaseFacts]) -> dict[str, str]:
    """The third of lesion sizes that each case is in, as the strata have it."""
    strata = strata_of(facts, [StratumSpec(name="lesion-size")])
    return {case: name.partition("=")[2] for name, members in strata.items() for case in members}


def _maps_by_view(
    run: StoredRun, chosen: Mapping[str, tuple[str, ...]], categories: tuple[CategorisedMap, ...]
) -> Mapping[tuple[str, str], tuple[tuple[int, int] | None, Mapping[str, GalleryMap]]]:
    """By model and case: the model's frame, None where no map tells it, and every explainer's map."""
    wanted = {model: frozenset(own) for model, own in chosen.items()}
    stored: dict[tuple[str, str], dict[str, SmallMap]] = defaultdict(dict)
    for (model, case_id, name), one in small_maps(run.folder, wanted, run.explainers).items():
        stored[model, case_id][name] = one
    sorted_maps: dict[tuple[str, str], dict[str, CategorisedMap]] = defaultdict(dict)
    for known in categories:
        sorted_maps[known.facts.model_id, known.facts.case_id][known.facts.explainer_id] = known
    scores: dict[tuple[str, str], list[ScoreResult]] = defaultdict(list)
    for result in run.scores:
        if result.key.case_id in wanted.get(result.key.model_id, ()):
            scores[result.key.model_id, result.key.case_id].append(result)
    reliance = {(one.model_id, one.case_id): one for one in reliance_of_cases(run.folder, wanted)}
    found = {}
    for about in ((model, case_id) for model, own in chosen.items() for case_id in own):
        frame = next((one.frame for one in stored[about].values()), None)
        maps = gallery_maps(run.explainers, stored[about], sorted_maps[about], scores[about])
        if own_reliance := reliance.get(about):
            height, width = own_reliance.values.shape
            frame = frame or (height, width)
            maps[RELIANCE] = GalleryMap(shrunk(own_reliance.values), highest=own_reliance.highest)
        found[about] = (frame, maps)
    return found


def _comparisons(run: StoredRun) -> tuple[Comparison, ...]:
    """As `xaudit compare` without options, so that both print the same numbers."""
    if len(run.explainers) < 2:
        return ()
    has = {result.key.metric_id for result in run.scores}
    return compare(
        {run.run_id: run.scores},
        pairs_of("explainer", runs=[run.run_id], models=run.outcome.model_ids, explainers=run.explainers),
        metrics=[
            row.id for row in METRICS if row.headline and row.family not in MODEL_FAMILIES and row.id in has
        ],
        settings=run.statistics,
        seed=0,
        metric_names=run.metric_names,
    )


def _manifest(run: StoredRun) -> dict[str, Any]:
    try:
        plain = json.loads(run.folder.manifest_path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return plain if isinstance(plain, dict) else {}
