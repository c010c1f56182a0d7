"""The stages of one audit in order: data, models, predictions, maps and scores, conclusion."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any

from xaudit.cases import load_dataset
from xaudit.cases.dataset import Dataset
from xaudit.catalog.plugin_rows import origin_of
from xaudit.config import AuditFile, ModelSection, fingerprint
from xaudit.config.plugged import brought_by
from xaudit.engine.crew import Crew
from xaudit.engine.local import ShardCount, Tally
from xaudit.engine.threads import one_blas_thread, threads_each
from xaudit.errors import DataError, IncompleteRunError, OutputError, RunFolderError
from xaudit.models.classifier import Classifier
from xaudit.models.external import ExternalModel
from xaudit.models.extras import check_extra
from xaudit.models.predict import predict
from xaudit.records import (
    Case,
    Ceiling,
    Evaluation,
    MapFacts,
    Outcome,
    Prediction,
    Problem,
    Progress,
    Regression,
    ScoreResult,
    Work,
)
from xaudit.stages.categories import confusion_cell
from xaudit.stages.classifiers import obtain_classifier
from xaudit.stages.conclude import CaseFigures, conclude
from xaudit.stages.external_model import (
    explained_by,
    external_checksums,
    external_notes,
    external_predictions,
    resolved,
)
from xaudit.stages.findings import data_findings
from xaudit.stages.folder import at_work_in, obtain_folder
from xaudit.stages.gallery_choice import case_values, gallery_cases, ranking_metric
from xaudit.stages.half_precision import note_of_precision
from xaudit.stages.pictures import Picture, pick_cases, pictures
from xaudit.stages.previews import previews
from xaudit.stages.published_regressions import lesion_geometries, published_regressions
from xaudit.stages.reader_figures import agreement_of, ceilings_of, seen_by
from xaudit.stages.report_material import report_material
from xaudit.stages.request import FinishedRun, RunRequest, Stage
from xaudit.stages.selection import select_cases, select_for_tuning
from xaudit.stages.shards import SCORES_MEAN, PartKeys
from xaudit.stages.shares import (
    PREDICTED_FROM,
    begin_share,
    config_hash,
    note_share,
    require_all_stored,
    require_same_contents,
    take_over,
)
from xaudit.stages.tuning import check_tuning, choose_thresholds
from xaudit.stages.waves import DIVIDED, SCORING, LaneWork, Subject, Waves, n_shards, run_wave
from xaudit.statistics.classification import evaluate
from xaudit.statistics.strata import CaseFacts, check_told, facts_of
from xaudit.store.checksums import annotations_checksum, images_checksum
from xaudit.store.event_log import append_event
from xaudit.store.json_records import write_evaluations
from xaudit.store.manifest import Contents, Invocation, build_manifest
from xaudit.store.parts import (
    CURVES,
    MAP_FACTS,
    MAPS,
    PART_PROBLEMS,
    RELIANCE,
    SCORES,
    TUNING,
    TUNING_MAPS,
    has_part,
    prune_parts,
    read_parts,
)
from xaudit.store.run_folder import RunFolder
from xaudit.store.tables import (
    read_predictions,
    write_annotations,
    write_cases,
    write_predictions,
    write_previews,
    write_thresholds,
)


class Run:
    """One audit under way. Each property is a stage, done when it is first asked for."""

    def __init__(
        self, request: RunRequest, on_progress: Callable[[Progress], None], *, folder: RunFolder | None = None
    ) -> None:
        self.request = request
        self.audit = request.audit
        self.started = datetime.now(UTC)
        self._clock = time.perf_counter()
        self._tell = on_progress
        self._scores: Sequence[ScoreResult] = ()
        self._crew_cost = (0, 0.0)
        self._precision_notes: tuple[str, ...] = ()
        self.folder = folder or obtain_folder(request, lambda: self._contents({}))

    def to(self, until: Stage) -> FinishedRun:
        """Carries the audit out up to a stage; an interruption is noted in the folder and passed on."""
        with one_blas_thread(), at_work_in(self.folder, self.audit), ExitStack() as at_exit:
            at_exit.callback(self._note_interruption)
            outcome = self._carry_out(until)
            at_exit.pop_all()
        if outcome is None:
            return FinishedRun(self.folder.path, None)
        material = partial(report_material, self.folder.path) if self.audit.report.html else None
        return FinishedRun(self.folder.path, outcome, self._pictures, material)

    def _carry_out(self, until: Stage) -> Outcome | None:
        for model in self.audit.models:
            check_extra(model)
        append_event(self.folder, "started", {"until": until}, now=self.started)
        if self.request.merges:
            take_over(self.folder, self.request)
        elif self.request.share is not None:
            note_share(self.folder, self.request, SCORES_MEAN)
            begin_share(self.folder, self.request)
        write_cases(self.folder, [case for one in self.datasets.values() for case in one.cases])
        write_annotations(self.folder, [mark for one in self.datasets.values() for mark in one.annotations])
        self._check_strata()
        if self.audit.tunes_thresholds:
            for dataset in self.datasets.values():
                check_tuning(dataset, self.audit.localization)
        self.save_manifest({})
        _ = self.classifiers
        if self.request.merges:
            require_same_contents(self.request, self._contents({}))
        if until != "train":
            _ = self.evaluations
        if until not in ("train", "predict"):
            keys, count = self._explain(with_scores=until != "explain")
            if self.request.share is not None:
                self._finish("shard", {"shards": count.n_shards})
                return None
            if until == "report":
                return self._conclude(keys, count)
        self._finish("interrupted", {})
        append_event(self.folder, "stopped as asked", {"after": until}, now=datetime.now(UTC))
        return None

    def _check_strata(self) -> None:
        """Raises DataError where results are to be told apart by what the data tells of no case."""
        cases = [case for dataset in self.datasets.values() for case in dataset.cases]
        untold = check_told(cases, self.audit.statistics.strata)
        if untold is not None:
            raise DataError(
                f"statistics.strata: the data says of no case what its '{untold}' is",
                hint=f"give the table a column '{untold}'"
                + (" or set data.augmented_pattern" if untold == "augmented" else ""),
            )

    @cached_property
    def datasets(self) -> Mapping[str, Dataset]:
        """Every data set that a model is audited on, by its id."""
        return {
            name: load_dataset(section, dataset_id=name, workspace=self.request.out, on_progress=self._tell)
            for name, section in self.audit.all_datasets.items()
        }

    def dataset_of(self, model: ModelSection) -> Dataset:
        """The data set that a model is audited on."""
        return self.datasets[model.dataset or "data"]

    @cached_property
    def classifiers(self) -> Mapping[str, Classifier]:
        """Every model with its weights, by its id; trained where it has none."""
        return {
            model.id: obtain_classifier(
                model,
                self.dataset_of(model),
                self.request,
                folder=self.folder.models_path,
                on_progress=self._tell,
            )
            for model in self.audit.models
        }

    def audit_of(self, model: ModelSection) -> AuditFile:
        """The audit as a model sees it: its own explainers, and only what can be asked of it."""
        return resolved(self.audit, model, self.classifiers[model.id])

    @cached_property
    def _predicted(self) -> "Predicted":
        made_from = self._predictions_made_from()
        problems: list[Problem] = []
        stored = self._stored_predictions(made_from)
        if stored is None:
            fresh: list[Prediction] = []
            for model in self.audit.models:
                dataset = self.dataset_of(model)
                for answer in self._answers(model, dataset):
                    match answer:
                        case Prediction():
                            fresh.append(answer)
                        case Problem():
                            problems.append(answer)
            stored = tuple(fresh)
            write_predictions(self.folder, stored)
            if not problems:
                self.folder.save_json(PREDICTED_FROM, {"made_from": made_from})
        by_model: dict[str, dict[str, Prediction]] = {model.id: {} for model in self.audit.models}
        for prediction in stored:
            by_model[prediction.model_id][prediction.case_id] = prediction
        return by_model, tuple(problems)

    def _answers(self, model: ModelSection, dataset: Dataset) -> Iterator[Prediction | Problem]:
        classifier = self.classifiers[model.id]
        if isinstance(classifier, ExternalModel):
            return external_predictions(classifier, model, dataset, self.audit)
        return predict(
            classifier,
            dataset.cases,
            dataset.pixels,
            target_policy=model.target,
            positive=dataset.positive,
            on_progress=lambda progress: self._tell(replace(progress, stage=f"predict {model.id}")),
        )

    @cached_property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """How well every model classifies every split of its data."""
        found: list[Evaluation] = []
        for model in self.audit.models:
            dataset = self.dataset_of(model)
            found += evaluate(
                list(self._predicted[0][model.id].values()),
                positive=dataset.positive,
                dataset_id=dataset.id,
                settings=self.audit.statistics,
                seed=self.audit.seed,
                patients_known=dataset.patients_known,
            )
        write_evaluations(self.folder, found)
        return tuple(found)

    def chosen(self, model: ModelSection) -> list[tuple[Case, Prediction]]:
        """The cases of a model that are explained, with what it said of them."""
        dataset, predictions = self.dataset_of(model), self._predicted[0][model.id]
        cases = select_cases(
            dataset.cases,
            predictions,
            marked={mark.case_id for mark in dataset.annotations if mark.region is not None},
            settings=self.audit.run,
            seed=self.audit.seed,
        )
        return [(case, predictions[case.case_id]) for case in cases]

    def for_tuning(self, model: ModelSection) -> list[tuple[Case, Prediction]]:
        """The cases that choose a model's thresholds, with what it said of them."""
        dataset, predictions = self.dataset_of(model), self._predicted[0][model.id]
        cases = select_for_tuning(
            dataset.cases,
            predictions,
            marked={mark.case_id for mark in dataset.annotations if mark.region is not None},
            settings=self.audit.localization,
            seed=self.audit.seed,
        )
        return [(case, predictions[case.case_id]) for case in cases]

    @property
    def subjects(self) -> list[Subject]:
        """Every model with the cases that it is asked about."""
        return [
            Subject(
                self.audit_of(model),
                self.classifiers[model.id],
                self.dataset_of(model),
                self.chosen(model),
                self.for_tuning(model) if self.audit.tunes_thresholds else (),
            )
            for model in self.audit.models
        ]

    def _explain(self, *, with_scores: bool) -> tuple[PartKeys, ShardCount]:
        """Explains, scores where that is wanted, and gives the keys of all parts that belong to this run."""
        share = self.request.share
        waves = Waves(self.folder, self.audit, self.subjects, with_scores=with_scores)
        before = ShardCount(0, 0)
        with self._crew(with_scores=with_scores) as crew:
            if with_scores and self.audit.tunes_thresholds:
                before = self._tune(waves, crew)
            for plan in waves.plans:
                plan.check()
                note = note_of_precision(plan.audit, plan.classifier, plan.dataset, plan.pairs)
                self._precision_notes += (note,) if note and with_scores else ()
            chosen = SCORING if share is None else DIVIDED
            total = sum(n_shards(waves.lanes(wave), share) for wave in chosen)
            tally = Tally(total, partial(self._n_evals, crew), self._tell)
            for wave in chosen:
                if wave in DIVIDED and self.request.merges:
                    require_all_stored(self.request, waves.lanes(wave))
                run_wave(waves, wave, tally, crew=crew, share=share)
                if wave == "chunks":
                    waves.learn(replace(waves.told, failed=waves.failed()))
            self._crew_cost = (0, 0.0) if crew is None else (crew.n_evals, crew.seconds)
        counted = tally.counted
        return waves.keys, ShardCount(before.n_shards + counted.n_shards, before.n_reused + counted.n_reused)

    def _tune(self, waves: Waves, crew: Crew | None) -> ShardCount:
        """Chooses the thresholds of every model on its tuning split; a share does all of it."""
        total = n_shards(waves.lanes("tune"))
        tally = Tally(total, partial(self._n_evals, crew), self._tell, stage="tune thresholds")
        run_wave(waves, "tune", tally, crew=crew)
        curves = read_parts(self.folder, TUNING, list(waves.tuning_keys.tuning))
        if curves.missing:
            raise _gone(self.folder, len(curves.missing))
        tuned = choose_thresholds(curves.rows, split=self.audit.localization.tune_on)
        write_thresholds(self.folder, tuned)
        waves.learn(replace(waves.told, tuned=tuned))
        return tally.counted

    @contextmanager
    def _crew(self, *, with_scores: bool) -> Iterator[Crew | None]:
        """The processes that share the work; None where this one does it all."""
        if self.request.workers == 1:
            yield None
            return
        begin = BeginWork(self.request, self.folder, self.datasets, self._predicted, with_scores)
        n_threads = threads_each(self.request.workers)
        with Crew(self.request.workers, begin, n_threads=n_threads) as crew:
            yield crew

    def _n_evals(self, crew: Crew | None) -> int:
        own = sum(one.meter.n_evals for one in self.classifiers.values())
        return own + (0 if crew is None else crew.n_evals)

    def _conclude(self, keys: PartKeys, count: ShardCount) -> Outcome:
        self._tell(Progress("summarise", 0, 1))
        scores = read_parts(self.folder, SCORES, list(keys.scores))
        facts = read_parts(self.folder, MAP_FACTS, list(keys.facts))
        missing = {*scores.missing, *facts.missing}
        if missing:
            raise _gone(self.folder, len(missing))
        for table, kept in (
            (MAPS, keys.maps if self.audit.run.maps == "all" else []),
            (TUNING_MAPS, keys.tuning_maps if self.audit.run.maps == "all" else []),
            (TUNING, keys.tuning),
            (SCORES, keys.scores),
            (MAP_FACTS, keys.facts),
            (CURVES, keys.facts if self.audit.run.curves else []),
            (RELIANCE, keys.reliance),
            (PART_PROBLEMS, keys.problems),
        ):
            prune_parts(self.folder, table, kept)
        self._scores = scores.rows
        problems = self._problems(keys)
        try:
            outcome = conclude(
                self.folder,
                self.audit,
                scores=scores.rows,
                problems=problems,
                head=self._head(problems),
                work=self._work(count),
                figures=self._figures(scores.rows),
                facts=facts.rows,
            )
        except IncompleteRunError:
            self._finish("incomplete", {"problems": len(problems)})
            raise
        self._save_previews(scores.rows, facts.rows)
        self._finish("complete", {"scores": len(scores.rows), "problems": len(problems)})
        self._tell(Progress("summarise", 1, 1))
        return outcome

    def _figures(self, scores: Sequence[ScoreResult]) -> CaseFigures:
        """What is known of the explained cases and their readers beside the scores."""
        settings = self.audit.statistics
        facts: dict[str, Mapping[str, CaseFacts]] = {}
        ceilings: list[Ceiling] = []
        published: list[Regression] = []
        explained: dict[str, dict[str, Case]] = {}
        for model in self.audit.models:
            dataset, pairs = self.dataset_of(model), self.chosen(model)
            cases = [case for case, _ in pairs]
            explained.setdefault(dataset.id, {}).update({case.case_id: case for case in cases})
            if settings.strata or settings.regression:
                facts |= facts_of(cases, dataset.annotations, [answer for _, answer in pairs])
            ceilings += ceilings_of(
                dataset,
                cases,
                [result for result in scores if result.key.model_id == model.id],
                metrics=self.audit.metrics,
                explainers=[spec.id for spec in self.audit.explainers],
                settings=settings,
                seed=self.audit.seed,
                seen=seen_by(self.classifiers[model.id].model_hw, model.fit),
            )
            if self.audit.localization.protocol is not None:
                published += published_regressions(
                    [result for result in scores if result.key.model_id == model.id],
                    lesion_geometries(dataset, cases),
                    [answer for _, answer in pairs],
                    metric_names=self.audit.metric_names,
                    controls=self.audit.control_ids,
                )
        agreements = [
            one
            for name, dataset in self.datasets.items()
            for one in agreement_of(dataset, list(explained.get(name, {}).values()))
        ]
        return CaseFigures(facts, tuple(agreements), tuple(ceilings), tuple(published))

    def _save_previews(self, scores: Sequence[ScoreResult], facts: Sequence[MapFacts]) -> None:
        """Pictures of the cases that the report's gallery shows; they are its only part that needs the data."""
        wanted: dict[str, dict[str, Case]] = {}
        names = [spec.id for spec in self.audit.explainers]
        metric = ranking_metric(scores, names)
        for model in self.audit.models if self.audit.report.images else ():
            dataset = self.dataset_of(model)
            own = [one for one in facts if one.model_id == model.id]
            cells = {one.case_id: confusion_cell(one, dataset.positive) for one in own}
            values = case_values(scores, model_id=model.id, explainers=names, metric_id=metric)
            chosen = set(gallery_cases(cells, values, n=self.audit.report.gallery))
            cases = {case.case_id: case for case in dataset.cases if case.case_id in chosen}
            wanted.setdefault(model.dataset or "data", {}).update(cases)
        made = [
            one for name, cases in wanted.items() for one in previews(self.datasets[name], cases.values())
        ]
        write_previews(self.folder, made)

    def _pictures(self) -> Iterator[Picture]:
        for model in self.audit.models:
            pairs = self.chosen(model)
            scores = [result for result in self._scores if result.key.model_id == model.id]
            yield from pictures(
                self.folder,
                self.dataset_of(model),
                pick_cases(pairs, scores, n_pictures=self.audit.run.figures),
                explainers=self.audit.explainers,
                model_id=model.id,
                fit=model.fit,
            )

    def _problems(self, keys: PartKeys) -> list[Problem]:
        there = [key for key in keys.problems if has_part(self.folder, PART_PROBLEMS, key)]
        found = [problem for dataset in self.datasets.values() for problem in dataset.problems]
        found += self._predicted[1]
        found += read_parts(self.folder, PART_PROBLEMS, there).rows
        return list(dict.fromkeys(found))

    def _head(self, problems: Sequence[Problem]) -> dict[str, Any]:
        notes = list(dict.fromkeys(note for dataset in self.datasets.values() for note in dataset.notes))
        notes += [note for classifier in self.classifiers.values() for note in classifier.notes]
        notes += external_notes(self.audit)
        notes += self._precision_notes
        for name, dataset in self.datasets.items():
            if not dataset.split_known:
                unit = "patient" if dataset.patients_known else "image, since no patients are known"
                notes.append(f"data set '{name}': no splits were given; it was divided here by {unit}")
        listed = {case.case_id for dataset in self.datasets.values() for case in dataset.cases}
        listed |= {problem.case_id for dataset in self.datasets.values() for problem in dataset.problems}
        return {
            "n_cases": len(listed),
            "n_chosen": len({case.case_id for model in self.audit.models for case, _ in self.chosen(model)}),
            "n_explained": {model.id: len(self.chosen(model)) for model in self.audit.models},
            "positive": {model.id: self.dataset_of(model).positive for model in self.audit.models},
            "external": [model.id for model in self.audit.models if model.is_external],
            "explained_by": {model.id: explained_by(self.audit, model) for model in self.audit.models},
            "patients_known": all(dataset.patients_known for dataset in self.datasets.values()),
            "data_findings": data_findings(self.datasets, problems),
            "notes": notes,
        }

    def _work(self, count: ShardCount) -> Work:
        meters = [classifier.meter for classifier in self.classifiers.values()]
        return Work(
            seconds=time.perf_counter() - self._clock,
            model_seconds=sum(meter.seconds for meter in meters) + self._crew_cost[1],
            n_evals=sum(meter.n_evals for meter in meters) + self._crew_cost[0],
            n_shards=count.n_shards,
            n_shards_reused=count.n_reused,
        )

    def _predictions_made_from(self) -> str:
        return fingerprint(
            [
                [
                    model.id,
                    self.classifiers[model.id].fingerprint,
                    self.classifiers[model.id].device.type,
                    self.classifiers[model.id].precision,
                    model.target,
                    self.dataset_of(model).positive,
                    self.dataset_of(model).window,
                    [
                        [c.case_id, c.sha256, c.label, c.split, c.patient_id]
                        for c in self.dataset_of(model).cases
                    ],
                ]
                for model in self.audit.models
            ]
        )

    def _stored_predictions(self, made_from: str) -> tuple[Prediction, ...] | None:
        import json

        try:
            stored = json.loads((self.folder.path / PREDICTED_FROM).read_text(encoding="utf-8"))
            return read_predictions(self.folder) if stored.get("made_from") == made_from else None
        except (FileNotFoundError, ValueError, RecursionError, AttributeError, RunFolderError):
            return None

    def save_manifest(self, counts: Mapping[str, int], *, finished: datetime | None = None) -> None:
        """Writes what this run is made with, as far as it is known by now."""
        import torch

        classifiers = self.__dict__.get("classifiers", {})
        device = next((str(one.device) for one in classifiers.values()), self.request.device)
        invocation = Invocation(
            self.request.command, self.audit.seed, device, torch.get_num_threads(), self.started, finished
        )
        contents = self._contents(counts)
        manifest = build_manifest(self.folder, invocation, contents)
        same_elsewhere = config_hash(self.request, with_places=False)
        self.folder.save_json("manifest.json", {**manifest, "audit": same_elsewhere})

    def _contents(self, counts: Mapping[str, int]) -> Contents:
        cases = [case for dataset in self.datasets.values() for case in dataset.cases]
        marks = [mark for dataset in self.datasets.values() for mark in dataset.annotations]
        classifiers = self.__dict__.get("classifiers", {})
        return Contents(
            counts={
                "cases": len(cases),
                "patients": len({case.cluster for case in cases}),
                "annotations": len(marks),
                **counts,
            },
            weights={
                name: one.fingerprint
                for name, one in classifiers.items()
                if not isinstance(one, ExternalModel)
            },
            external=external_checksums(classifiers),
            images=images_checksum(cases),
            annotations=annotations_checksum(marks),
            plugins=[origin_of(one) for one in brought_by(self.audit)],
        )

    def _finish(self, state: Any, counts: Mapping[str, int]) -> None:  # noqa: ANN401
        now = datetime.now(UTC)
        self.save_manifest(counts, finished=now)
        self.folder.set_state(state, now=now, counts=counts)
        append_event(self.folder, state, dict(counts), now=now)

    def _note_interruption(self) -> None:
        now = datetime.now(UTC)
        # On a full disk the note fails for the same cause, which is told by the error that is under way.
        with suppress(OutputError, RunFolderError):
            if self.folder.status.state == "running":
                self.folder.set_state("interrupted", now=now)
                append_event(self.folder, "interrupted", {}, now=now)


Predicted = tuple[Mapping[str, Mapping[str, Prediction]], tuple[Problem, ...]]
"""By model and case, and what could not be classified."""


@dataclass(frozen=True, slots=True)
class BeginWork:
    """How a worker process begins: with the data as it was read and the answers as they were given."""

    request: RunRequest
    folder: RunFolder
    datasets: Mapping[str, Dataset]
    predicted: Predicted
    with_scores: bool

    def __call__(self) -> LaneWork:
        """Loads the models anew."""
        one_blas_thread().__enter__()
        run = Run(self.request, lambda _: None, folder=self.folder)
        run.__dict__.update(datasets=self.datasets, _predicted=self.predicted)
        return LaneWork(Waves(self.folder, run.audit, run.subjects, with_scores=self.with_scores))


def _gone(folder: RunFolder, n_parts: int) -> RunFolderError:
    return RunFolderError(
        f"{folder.run_id}: {n_parts} finished parts have gone or were damaged meanwhile",
        hint="give the same command again: only what is missing is done",
    )
