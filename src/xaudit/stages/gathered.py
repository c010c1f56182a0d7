"""Gather what an outcome needs beside the scores: facts, notes, problems and pictures of cases."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from xaudit.catalog import explainer_row
from xaudit.records import (
    Case,
    Ceiling,
    MapClusters,
    MapFacts,
    MisclassifiedCases,
    PatientSide,
    Problem,
    Regression,
    ScoreResult,
    WindowEffects,
)
from xaudit.stages.outcome.categories import confusion_cell
from xaudit.stages.outcome.clusters.map_clusters import ClusterSettings, map_clusters
from xaudit.stages.outcome.clusters.placed_maps import MapPlacer
from xaudit.stages.outcome.findings import data_findings
from xaudit.stages.outcome.published_regressions import (
    MarkedResults,
    lesion_geometries,
    pooled,
    published_regressions,
)
from xaudit.stages.outcome.reader_figures import agreement_of, ceilings_of, seen_by
from xaudit.stages.outcome.results import CaseFigures, RunFacts
from xaudit.stages.views.gallery_choice import case_values, gallery_cases, ranking_metric
from xaudit.stages.views.pictures import Picture, pick_cases, pictures
from xaudit.stages.views.previews import previews
from xaudit.stages.work.audited import Audited
from xaudit.stages.work.external_model import explained_by, external_notes
from xaudit.stages.work.part_keys import PartKeys
from xaudit.statistics.strata import CaseFacts, facts_of
from xaudit.store.parts import MAPS, MISCLASSIFIED_PROBLEMS, PART_PROBLEMS, has_part, iter_parts, read_parts
from xaudit.store.tables import write_previews


def case_figures(audited: Audited, scores: Sequence[ScoreResult]) -> CaseFigures:
    """Gather the figures of the explained cases and of their readers."""
    settings = audited.audit.statistics
    facts: dict[str, Mapping[str, CaseFacts]] = {}
    ceilings: list[Ceiling] = []
    marked: dict[str, MarkedResults] = {}
    explained: dict[str, dict[str, Case]] = {}
    for model in audited.audit.models:
        dataset, pairs = audited.dataset_of(model), audited.chosen(model)
        cases = [case for case, _ in pairs]
        explained.setdefault(dataset.id, {}).update({case.case_id: case for case in cases})
        if settings.strata or settings.regression:
            answers = [answer for _, answer in pairs]
            facts |= facts_of(cases, dataset.annotations, answers, dataset.attributes)
        ceilings += ceilings_of(
            dataset,
            cases,
            [result for result in scores if result.key.model_id == model.id],
            metrics=audited.audit.metrics,
            explainers=[spec.id for spec in audited.audit.explainers],
            settings=settings,
            seed=audited.audit.seed,
            seen=seen_by(audited.classifiers[model.id].model_hw, model.fit),
        )
        if audited.audit.localization.protocol is not None:
            marked[model.id] = MarkedResults(
                [result for result in scores if result.key.model_id == model.id],
                lesion_geometries(dataset, cases),
                [answer for _, answer in pairs],
            )
    agreements = [
        one
        for name, dataset in audited.datasets.items()
        for one in agreement_of(dataset, list(explained.get(name, {}).values()))
    ]
    return CaseFigures(
        facts, tuple(agreements), tuple(ceilings), _published(audited, marked), audited.evaluations
    )


def _published(audited: Audited, marked: Mapping[str, MarkedResults]) -> tuple[Regression, ...]:
    """The regressions of the protocol: of each model, then of each pool of models."""
    pools = [
        pooled(name, {model: marked[model] for model in models})
        for name, models in audited.audit.localization.pool.items()
    ]
    return tuple(
        line
        for results in (*marked.values(), *pools)
        for line in published_regressions(
            results, metric_names=audited.audit.metric_names, controls=audited.audit.control_ids
        )
    )


def map_clusters_of(
    audited: Audited, windows: Sequence[WindowEffects], facts: Sequence[MapFacts], keys: PartKeys
) -> tuple[MapClusters, ...]:
    """Divide the maps of each model and explainer into groups that lie at the same place; maps are read part by part."""
    audit = audited.audit
    signed = {spec.id: explainer_row(spec.name).signed for spec in audit.explainers}
    placer = MapPlacer(windows, facts, signed)
    placed = placer.reliance_maps()
    if audit.run.maps == "all":
        parts = iter_parts(audited.folder, MAPS, list(keys.maps))
        placed |= placer.explainer_maps(one for part in parts for one in part.rows or ())
    order = {model.id: place for place, model in enumerate(audit.models)}
    sources = {spec.id: place for place, spec in enumerate(audit.explainers)}
    placed = dict(sorted(placed.items(), key=lambda item: (order[item[0][0]], sources.get(item[0][1], -1))))
    attributes = {model.id: audited.dataset_of(model).attributes for model in audit.models}
    settings = ClusterSettings(audit.statistics, audit.seed)
    return map_clusters(placed, placer.windows, attributes, settings)


def left_edges(audited: Audited) -> dict[tuple[str, str], PatientSide | None]:
    """Return the side of the patient at the left edge of each image, by model and case."""
    return {
        (model.id, case.case_id): case.left_edge
        for model in audited.audit.models
        for case in audited.dataset_of(model).cases
    }


def save_previews(
    audited: Audited,
    scores: Sequence[ScoreResult],
    facts: Sequence[MapFacts],
    further: Collection[tuple[str, str]],
) -> None:
    """Store pictures of the cases that the report's gallery shows, and of further ones.

    They are the only part of the report that needs the data.

    Args:
        further: model and case.
    """
    wanted: dict[str, dict[str, Case]] = {}
    names = [spec.id for spec in audited.audit.explainers]
    metric = ranking_metric(scores, names)
    for model in audited.audit.models if audited.audit.report.images else ():
        dataset = audited.dataset_of(model)
        own = [one for one in facts if one.model_id == model.id]
        cells = {one.case_id: confusion_cell(one, dataset.positive) for one in own}
        values = case_values(scores, model_id=model.id, explainers=names, metric_id=metric)
        chosen = set(gallery_cases(cells, values, n=audited.audit.report.gallery))
        chosen |= {case_id for model_id, case_id in further if model_id == model.id}
        cases = {case.case_id: case for case in dataset.cases if case.case_id in chosen}
        wanted.setdefault(model.dataset or "data", {}).update(cases)
    made = [
        one
        for name, cases in wanted.items()
        for one in previews(audited.datasets[name], cases.values(), longest=audited.audit.report.pixels)
    ]
    write_previews(audited.folder, made)


def pictures_of(audited: Audited, scores: Sequence[ScoreResult]) -> Iterator[Picture]:
    """The cases most worth looking at, read one by one."""
    for model in audited.audit.models:
        pairs = audited.chosen(model)
        own = [result for result in scores if result.key.model_id == model.id]
        yield from pictures(
            audited.folder,
            audited.dataset_of(model),
            pick_cases(pairs, own, n_pictures=audited.audit.run.figures),
            explainers=audited.audit.explainers,
            model_id=model.id,
            fit=model.fit,
        )


def problems_of(audited: Audited, keys: PartKeys) -> list[Problem]:
    """List everything that could not be read, classified, explained or scored, each once."""
    there = [key for key in keys.problems if has_part(audited.folder, PART_PROBLEMS, key)]
    found = [problem for dataset in audited.datasets.values() for problem in dataset.problems]
    found += audited.predicted[1]
    found += read_parts(audited.folder, PART_PROBLEMS, there).rows
    return list(dict.fromkeys(found))


def misclassified_cases(audited: Audited, facts: Sequence[MapFacts]) -> list[MisclassifiedCases]:
    """Count the misclassified test images of each model.

    Args:
        facts: of the maps of cases that are explained for their error alone.
    """
    answers, found = audited.predicted[0], []
    for model in audited.audit.models:
        wrong = [one for one in answers[model.id].values() if one.split == "test" and not one.correct]
        chosen, asked = audited.chosen(model), audited.errors(model)
        explained = {one.case_id for one in facts if one.model_id == model.id}
        n_chosen = sum(not answer.correct for _, answer in chosen)
        found.append(MisclassifiedCases(model.id, len(wrong), n_chosen, len(asked), len(explained)))
    return found


def misclassified_problems(audited: Audited, keys: PartKeys) -> list[Problem]:
    """List what failed of the cases that are explained for their error alone, each once."""
    those = {case.case_id for model in audited.audit.models for case, _ in audited.errors(model)}
    there = [
        key
        for key in (*keys.asked_errors, *keys.errors)
        if has_part(audited.folder, MISCLASSIFIED_PROBLEMS, key)
    ]
    # A donor that cannot be read stands among the problems of the run.
    failed = read_parts(audited.folder, MISCLASSIFIED_PROBLEMS, there).rows
    return list(dict.fromkeys(one for one in failed if one.case_id in those))


def facts_of_run(audited: Audited, problems: Sequence[Problem], further_notes: Sequence[str]) -> RunFacts:
    """Return the counts, classes and notes of the run."""
    notes = list(dict.fromkeys(note for dataset in audited.datasets.values() for note in dataset.notes))
    notes += [note for one in audited.classifiers.values() for note in (*one.notes, *one.memory_notes)]
    notes += external_notes(audited.audit)
    notes += [note for note in further_notes if note not in notes]
    for name, dataset in audited.datasets.items():
        if not dataset.split_known:
            unit = "patient" if dataset.patients_known else "image, since no patients are known"
            notes.append(f"data set '{name}': no splits were given; it was divided here by {unit}")
    listed = {case.case_id for dataset in audited.datasets.values() for case in dataset.cases}
    listed |= {problem.case_id for dataset in audited.datasets.values() for problem in dataset.problems}
    return RunFacts(
        n_cases=len(listed),
        n_chosen=len({case.case_id for model in audited.audit.models for case, _ in audited.chosen(model)}),
        n_explained={model.id: len(audited.chosen(model)) for model in audited.audit.models},
        positive={model.id: audited.dataset_of(model).positive for model in audited.audit.models},
        external=[model.id for model in audited.audit.models if model.is_external],
        explained_by={model.id: explained_by(audited.audit, model) for model in audited.audit.models},
        patients_known=all(dataset.patients_known for dataset in audited.datasets.values()),
        data_findings=data_findings(audited.datasets, problems),
        notes=notes,
    )
