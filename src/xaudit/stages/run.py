"""The stages of one audit in order: data, models, predictions, maps and scores, conclusion."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from xaudit.engine.threads import one_blas_thread, threads_each
from xaudit.errors import IncompleteRunError, OutputError, RunFolderError
from xaudit.models.sources.extras import check_extra
from xaudit.records import Outcome, Progress, Work
from xaudit.stages.data_audit import checks_of_run
from xaudit.stages.gathered import (
    case_figures,
    facts_of_run,
    left_edges,
    map_clusters_of,
    misclassified_cases,
    misclassified_problems,
    pictures_of,
    problems_of,
    save_previews,
)
from xaudit.stages.outcome.conclude import check_failures, conclude, save_conclusion
from xaudit.stages.outcome.results import Results
from xaudit.stages.request import FinishedRun, RunRequest, Stage
from xaudit.stages.scores.audited_model import SCORE_VERSION
from xaudit.stages.views.mean_reliance import mean_reliance
from xaudit.stages.views.report_material import report_material
from xaudit.stages.work.audited import Audited
from xaudit.stages.work.explain_and_score import Scored, explain_and_score, parts_have_gone
from xaudit.stages.work.folder import at_work_in, earlier_run, shares_a_model
from xaudit.stages.work.part_keys import PartKeys
from xaudit.stages.work.shares import (
    PREDICTED_FROM,
    audit_hash,
    begin_share,
    note_share,
    require_same_contents,
    take_over,
)
from xaudit.store.adoption import adopt_parts, adopt_predictions, adopt_weights
from xaudit.store.event_log import append_event
from xaudit.store.json_records import write_evaluations
from xaudit.store.manifest import Invocation, build_manifest
from xaudit.store.parts import (
    CURVES,
    IMAGE_CHANGES,
    MAP_FACTS,
    MAPS,
    MISCLASSIFIED_FACTS,
    MISCLASSIFIED_MAPS,
    MISCLASSIFIED_PROBLEMS,
    MISCLASSIFIED_RELIANCE,
    MISCLASSIFIED_RELIANCE_MAP,
    PART_PROBLEMS,
    RELIANCE,
    RELIANCE_MAP,
    SCORES,
    TUNING,
    TUNING_MAPS,
    prune_parts,
    read_parts,
)
from xaudit.store.run_folder import RunFolder
from xaudit.store.run_status import RunState
from xaudit.store.tables import write_annotations, write_attributes, write_cases


class Run:
    """An audit under way."""

    def __init__(self, request: RunRequest, on_progress: Callable[[Progress], None]) -> None:
        self.started = datetime.now(UTC)
        self._clock = time.perf_counter()
        self._tell = on_progress
        self.request = request
        self.audit = request.audit
        for model in self.audit.models:
            check_extra(model)
        self.audited = Audited(request, on_progress)
        self.folder = self.audited.folder

    def to(self, until: Stage) -> FinishedRun:
        """Carries the audit out up to a stage; an interruption is noted in the folder and passed on."""
        with one_blas_thread(), at_work_in(self.folder, self.audit), ExitStack() as at_exit:
            at_exit.callback(self._note_interruption)
            finished = self._carry_out(until)
            at_exit.pop_all()
        return finished

    def _carry_out(self, until: Stage) -> FinishedRun:
        self._begin(until)
        if until != "train":
            write_evaluations(self.folder, self.audited.evaluations)
        if until not in ("train", "predict"):
            scored = explain_and_score(self.audited, self._tell, with_scores=until != "explain")
            if self.request.share is not None:
                self._finish("shard", {"shards": scored.count.n_shards})
                return FinishedRun(self.folder.path, None)
            if until == "report":
                return self._conclude(scored)
        self._finish("interrupted", {})
        append_event(self.folder, "stopped as asked", {"after": until}, now=datetime.now(UTC))
        return FinishedRun(self.folder.path, None)

    def _begin(self, until: Stage) -> None:
        """Notes what was read, trains the models that have no weights, and takes over what still holds."""
        append_event(self.folder, "started", {"until": until}, now=self.started)
        if self.request.merges:
            take_over(self.folder, self.request)
        elif self.request.share is not None:
            note_share(self.folder, self.request, SCORE_VERSION)
            begin_share(self.folder, self.request)
        datasets = self.audited.datasets.values()
        write_cases(self.folder, [case for one in datasets for case in one.cases])
        write_attributes(self.folder, [one for data in datasets for one in data.attributes.values()])
        write_annotations(self.folder, [mark for one in datasets for mark in one.annotations])
        earlier = self._earlier()
        self._save_manifest({})
        if earlier is not None:
            adopt_weights(self.folder, earlier)
        classifiers = self.audited.classifiers
        if earlier is not None and shares_a_model(earlier, classifiers):
            adopt_predictions(self.folder, earlier, PREDICTED_FROM)
            adopt_parts(self.folder, earlier)
        if self.request.merges:
            require_same_contents(self.request, self.audited.contents())

    def _earlier(self) -> RunFolder | None:
        """The run of the same audit with other inputs, from which a new folder takes over what still holds."""
        if self.request.fresh or self.request.merges or self.folder.manifest_path.exists():
            return None
        return earlier_run(self.folder, self.request)

    def _conclude(self, scored: Scored) -> FinishedRun:
        self._tell(Progress("summarise", 0, 1))
        keys = scored.keys
        scores = read_parts(self.folder, SCORES, list(keys.scores))
        maps = read_parts(self.folder, MAP_FACTS, list(keys.facts))
        windows = read_parts(self.folder, RELIANCE_MAP, list(keys.reliance_map))
        changes = read_parts(self.folder, IMAGE_CHANGES, list(keys.image_changes))
        errors = read_parts(self.folder, MISCLASSIFIED_FACTS, list(keys.errors))
        missing = {*scores.missing, *maps.missing, *windows.missing, *changes.missing, *errors.missing}
        if missing:
            raise parts_have_gone(self.folder, len(missing))
        clusters = map_clusters_of(self.audited, windows.rows, maps.rows, keys)
        self._prune(keys)
        problems = problems_of(self.audited, keys)
        run_facts = replace(
            facts_of_run(self.audited, problems, scored.notes),
            misclassified=misclassified_cases(self.audited, errors.rows),
            misclassified_problems=misclassified_problems(self.audited, keys),
        )
        results = Results(
            scores.rows,
            problems,
            self._work(scored),
            maps.rows,
            scored.thresholds,
            mean_reliance(windows.rows, left_edges(self.audited)),
            reliances=read_parts(self.folder, RELIANCE, list(keys.reliance)).rows,
            windows=windows.rows,
            image_changes=changes.rows,
            map_clusters=clusters,
            misclassified=errors.rows,
        )
        figures = case_figures(self.audited, scores.rows)
        figures = replace(figures, data_checks=checks_of_run(self.audited, self._tell))
        conclusion = conclude(self.folder, self.audit, results, run_facts, figures)
        save_conclusion(self.folder, conclusion)
        try:
            check_failures(self.folder, self.audit, problems, run_facts)
        except IncompleteRunError:
            self._finish("incomplete", {"problems": len(problems)})
            raise
        further = _behind_maps(conclusion.outcome)
        if self.audit.report.gallery:
            further |= {(one.model_id, one.case_id) for one in errors.rows}
        save_previews(self.audited, scores.rows, maps.rows, further)
        self._finish("complete", {"scores": len(scores.rows), "problems": len(problems)})
        self._tell(Progress("summarise", 1, 1))
        return FinishedRun(
            self.folder.path,
            conclusion.outcome,
            partial(pictures_of, self.audited, scores.rows),
            partial(report_material, self.folder.path) if self.audit.report.html else None,
        )

    def _prune(self, keys: PartKeys) -> None:
        """Removes the parts of earlier settings, and maps that are not to be kept."""
        keeps_maps = self.audit.run.maps == "all"
        for table, kept in (
            (MAPS, keys.maps if keeps_maps else []),
            (TUNING_MAPS, keys.tuning_maps if keeps_maps else []),
            (TUNING, keys.tuning),
            (SCORES, keys.scores),
            (MAP_FACTS, keys.facts),
            (CURVES, keys.facts if self.audit.run.curves else []),
            (RELIANCE, keys.reliance),
            (RELIANCE_MAP, keys.reliance_map),
            (IMAGE_CHANGES, keys.image_changes),
            (PART_PROBLEMS, keys.problems),
            (MISCLASSIFIED_MAPS, keys.errors if keeps_maps else []),
            (MISCLASSIFIED_FACTS, keys.errors),
            (MISCLASSIFIED_RELIANCE, keys.asked_errors),
            (MISCLASSIFIED_RELIANCE_MAP, keys.asked_errors),
            (MISCLASSIFIED_PROBLEMS, [*keys.errors, *keys.asked_errors]),
        ):
            prune_parts(self.folder, table, kept)

    def _work(self, scored: Scored) -> Work:
        meters = [classifier.meter for classifier in self.audited.classifiers.values()]
        return Work(
            seconds=time.perf_counter() - self._clock,
            model_seconds=sum(meter.seconds for meter in meters) + scored.crew_seconds,
            n_evals=sum(meter.n_evaluated for meter in meters) + scored.crew_evals,
            n_shards=scored.count.n_shards,
            n_shards_reused=scored.count.n_reused,
        )

    def _save_manifest(self, counts: Mapping[str, int], *, finished: datetime | None = None) -> None:
        """Writes what this run is made with, as far as it is known by now."""
        invocation = Invocation(
            self.request.command,
            self.audit.seed,
            self.audited.device,
            threads_each(self.request.workers),
            self.started,
            finished,
        )
        contents = self.audited.contents()
        contents = replace(contents, counts={**contents.counts, **counts})
        manifest = build_manifest(self.folder, invocation, contents)
        self.folder.save_json("manifest.json", {**manifest, "audit": audit_hash(self.request)})

    def _finish(self, state: RunState, counts: Mapping[str, int]) -> None:
        now = datetime.now(UTC)
        self._save_manifest(counts, finished=now)
        self.folder.set_state(state, now=now, counts=counts)
        append_event(self.folder, state, dict(counts), now=now)

    def _note_interruption(self) -> None:
        now = datetime.now(UTC)
        # On a full disk the note fails for the same cause, which is told by the error that is under way.
        with suppress(OutputError, RunFolderError):
            if self.folder.status.state == "running":
                self.folder.set_state("interrupted", now=now)
                append_event(self.folder, "interrupted", {}, now=now)


def _behind_maps(outcome: Outcome) -> set[tuple[str, str]]:
    """Return model and case of the images that stand behind mean reliance maps and groups of maps."""
    means = {(one.model_id, one.typical) for one in outcome.mean_reliance}
    return means | {
        (one.model_id, case)
        for one in outcome.map_clusters
        for group in one.groups
        for case in group.examples
    }
