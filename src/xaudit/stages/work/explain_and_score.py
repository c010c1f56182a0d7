"""Explains and scores the cases of an audit, wave by wave, in this process or with a crew of others."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from xaudit.cases.dataset import Dataset
from xaudit.counts import counted
from xaudit.engine.crew import Crew
from xaudit.engine.local import ShardCount, Tally
from xaudit.engine.threads import one_blas_thread, threads_each
from xaudit.errors import RunFolderError
from xaudit.records import Progress, TunedThreshold
from xaudit.stages.request import RunRequest
from xaudit.stages.work.audited import Audited, Predicted
from xaudit.stages.work.fitting import keep_fits, recall_fits
from xaudit.stages.work.half_precision import note_of_precision
from xaudit.stages.work.part_keys import PartKeys
from xaudit.stages.work.shards import check_explainers
from xaudit.stages.work.shares import require_all_stored
from xaudit.stages.work.tuning import choose_thresholds
from xaudit.stages.work.waves import DIVIDED, SCORING, LaneWork, Waves, n_shards, run_wave
from xaudit.store.parts import TUNING, read_parts
from xaudit.store.run_folder import RunFolder
from xaudit.store.tables import write_thresholds


@dataclass(frozen=True)
class Scored:
    """The parts that were made, and what they cost.

    Attributes:
        keys: of all parts that belong to the run.
        count: of shards.
        crew_evals: model evaluations in other processes.
        crew_seconds: of these, inside the models.
        notes: what a reader of the results must know of how they were made.
        thresholds: thresholds that were tuned on another split.
    """

    keys: PartKeys
    count: ShardCount
    crew_evals: int
    crew_seconds: float
    notes: tuple[str, ...]
    thresholds: tuple[TunedThreshold, ...]


def explain_and_score(
    audited: Audited, on_progress: Callable[[Progress], None], *, with_scores: bool
) -> Scored:
    """Explains, and scores where that is wanted; of a divided run, this request's share.

    Raises:
        ModelError: where an explainer cannot explain a model: before the first map.
        IncompleteRunError: where a share that is merged has left something out, or a worker was killed.
    """
    request, share = audited.request, audited.request.share
    waves = Waves(audited.audit, audited.models, with_scores=with_scores)
    for model in waves.models:
        check_explainers(model)
    before = ShardCount(0, 0)
    notes: list[str] = []
    classifiers = audited.classifiers.values()
    recall_fits(audited.folder, classifiers)
    with _crew(audited, with_scores=with_scores) as crew:

        def progressed(progress: Progress) -> None:
            keep_fits(audited.folder, classifiers, {} if crew is None else crew.fits)
            on_progress(progress)

        n_evals = partial(_n_evals, audited, crew)
        if with_scores and audited.audit.tunes_thresholds:
            total = n_shards(waves.lanes("tune"))
            before = _tune(waves, audited, Tally(total, n_evals, progressed, stage="tune thresholds"), crew)
        for model in waves.models if with_scores else ():
            note = note_of_precision(model.audit, model.classifier, model.dataset, model.pairs)
            notes += [note] if note else []
        chosen = SCORING if share is None else DIVIDED
        tally = Tally(sum(n_shards(waves.lanes(wave), share) for wave in chosen), n_evals, progressed)
        for wave in chosen:
            if wave in DIVIDED and request.merges:
                require_all_stored(request, waves.lanes(wave))
            run_wave(waves, wave, tally, crew=crew, share=share)
            if wave == "chunks":
                waves.learn(replace(waves.told, failed=waves.failed()))
        crew_cost = (0, 0.0) if crew is None else (crew.n_evals, crew.seconds)
    counted = tally.counted
    count = ShardCount(before.n_shards + counted.n_shards, before.n_reused + counted.n_reused)
    return Scored(waves.keys, count, *crew_cost, tuple(notes), waves.told.tuned)


def parts_have_gone(folder: RunFolder, n_parts: int) -> RunFolderError:
    """The error where finished parts are not there when they are to be read."""
    return RunFolderError(
        f"{folder.run_id}: {counted(n_parts, 'finished part has', 'finished parts have')} gone or {'was' if n_parts == 1 else 'were'} damaged meanwhile",
        hint="give the same command again: only what is missing is done",
    )


def _tune(waves: Waves, audited: Audited, tally: Tally, crew: Crew | None) -> ShardCount:
    """Chooses the thresholds of every model on its tuning split; a share does all of it."""
    run_wave(waves, "tune", tally, crew=crew)
    curves = read_parts(audited.folder, TUNING, list(waves.tuning_keys.tuning))
    if curves.missing:
        raise parts_have_gone(audited.folder, len(curves.missing))
    tuned = choose_thresholds(curves.rows, split=audited.audit.localization.tune_on)
    write_thresholds(audited.folder, tuned)
    waves.learn(replace(waves.told, tuned=tuned))
    return tally.counted


@contextmanager
def _crew(audited: Audited, *, with_scores: bool) -> Iterator[Crew | None]:
    """The processes that share the work; None where this one does it all."""
    n_workers = audited.request.workers
    if n_workers == 1:
        yield None
        return
    begin = BeginWork(audited.request, audited.folder, audited.datasets, audited.predicted, with_scores)
    with Crew(n_workers, begin, n_threads=threads_each(n_workers)) as crew:
        yield crew


def _n_evals(audited: Audited, crew: Crew | None) -> int:
    own = sum(one.meter.n_evaluated for one in audited.classifiers.values())
    return own + (0 if crew is None else crew.n_evals)


@dataclass(frozen=True, slots=True)
class BeginWork:
    """Start of a worker process, with the data and predictions that the first process read."""

    request: RunRequest
    folder: RunFolder
    datasets: Mapping[str, Dataset]
    predicted: Predicted
    with_scores: bool

    def __call__(self) -> LaneWork:
        """Loads the models anew."""
        one_blas_thread().__enter__()
        audited = Audited.as_known(self.request, self.folder, self.datasets, self.predicted)
        waves = Waves(audited.audit, audited.models, with_scores=self.with_scores)
        return LaneWork(waves)
