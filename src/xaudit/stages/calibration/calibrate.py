"""Find out how often an audit would be right: plant known evidence into its data, ask once, judge again and again."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Any

from xaudit.config import AuditFile
from xaudit.engine.threads import limit_threads, one_blas_thread
from xaudit.errors import DataError
from xaudit.records import (
    Calibration,
    CalibrationEffect,
    Interval,
    PatientsNeeded,
    PlantedAnswers,
    PowerPoint,
    Progress,
)
from xaudit.stages.calibration.judging import PlantedPlace, audit_for, judged_audit
from xaudit.stages.calibration.planted_model import PlantedModel
from xaudit.stages.calibration.preconditions import check_patients
from xaudit.stages.calibration.request import CalibrationRequest, NamedPlant, check_request
from xaudit.stages.calibration.resampling import (
    ENOUGH,
    SIZES_ABOVE,
    SIZES_BELOW,
    Measured,
    Trials,
    run_trials,
    share_of,
    sizes_of,
)
from xaudit.stages.outcome.dependence.map_tests import strongest_window
from xaudit.stages.request import RunRequest
from xaudit.stages.work.audited import Audited
from xaudit.stages.work.folder import at_work_in
from xaudit.store.run_folder import RunFolder
from xaudit.store.tables import write_calibration

RESULT = "calibration.json"

SECONDS_OF_TRIAL = 0.5
"""Time of one audit of some 30 resampled patients, for the price."""

Tell = Callable[[Progress], None]


def calibrate(
    request: CalibrationRequest, *, on_progress: Tell, say: Callable[[str], None]
) -> tuple[RunFolder, Calibration]:
    """Find out how often an audit would be right, and write it into a folder; answers that it holds are not asked again.

    Args:
        say: told the price before the models are asked.

    Raises:
        XauditError: whatever a user can mend; answers that were given stay.
    """
    started = time.perf_counter()
    plants = check_request(request)
    audited = Audited(_asked(request), on_progress)
    with one_blas_thread(), at_work_in(audited.folder, audited.audit), pool_of(request.workers) as pool:
        work = _Work(request, audited, plants, on_progress, pool)
        say(work.price())
        calibration = replace(work.carry_out(), seconds=time.perf_counter() - started)
        folder = audited.folder
        write_calibration(folder, calibration.effects, calibration.power)
        folder.save_json(RESULT, {**folder.identity, **plain(calibration)})
        folder.set_state("complete", now=datetime.now(UTC))
    return folder, calibration


def plain(calibration: Calibration) -> dict[str, Any]:
    """Return a calibration as JSON holds it."""
    values = asdict(calibration)
    return {name: value for name, value in values.items() if name not in ("name", "run_id")}


def _asked(request: CalibrationRequest) -> RunRequest:
    """Return the audit without what needs maps: a calibration asks the models alone."""
    audit = request.audit
    model_gates = audit_for(audit, audit.models[0].id)[0].gates
    update = {"explainers": (), "controls": (), "metrics": (), "gates": model_gates}
    return RunRequest(
        audit=audit.model_copy(update=update),
        out=request.out,
        device=request.device,
        fresh=request.fresh,
        command=request.command,
    )


@contextmanager
def pool_of(workers: int) -> Iterator[Executor | None]:
    """Start processes that judge side by side, and end them; none for one worker, which is this process."""
    if workers == 1:
        yield None
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=limit_threads, initargs=(1,)) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Work:
    """A calibration under way."""

    def __init__(
        self,
        request: CalibrationRequest,
        audited: Audited,
        plants: Sequence[NamedPlant],
        on_progress: Tell,
        pool: Executor | None,
    ) -> None:
        self._request, self._audited, self._tell, self._pool = request, audited, on_progress, pool
        self._left_out: list[str] = []
        self._n_evals = 0
        models = audited.models
        for model in models:
            check_patients(model)
        planted = [
            PlantedModel(model, plant.plant, plant.region, request.planted)
            for model in models
            for plant in plants
        ]
        self._planted = [one for one in planted if self._can_be_told(one)]
        if not self._planted:
            raise DataError(
                f"no plant can be told on these images: {self._left_out[0]}",
                hint="choose others with --plants; `xaudit list plants` shows all",
            )
        _, left = audit_for(request.audit, models[0].classifier.id)
        if left:
            gates = ", ".join(f"'{gate}'" for gate in left)
            self._left_out.append(f"not judged here, since they rest on maps or on the data: {gates}")

    def _can_be_told(self, planted: PlantedModel) -> bool:
        name = f"{planted.id} on {planted.model_id}"
        for problem in planted.problems:
            sentence = f"{planted.model_id}: {problem.case_id} was left out: {problem.reason}"
            if sentence not in self._left_out:
                self._left_out.append(sentence)
        if isinstance(planted.detector, str):
            self._left_out.append(f"{name}: {planted.detector}")
            return False
        if planted.without_room:
            self._left_out.append(f"{name}: {planted.without_room} positive images have no room for it")
        return True

    def price(self) -> str:
        """Say what the calibration costs, as far as it is known beforehand."""
        evaluations = sum(one.n_questions for one in self._planted)
        n_trials = len(self._planted) * len(self._request.all_shares) * self._request.repeats
        seconds = n_trials * SECONDS_OF_TRIAL / self._request.workers
        for one in self._planted:
            meter = one.model.classifier.meter
            seconds += one.n_questions * meter.seconds / meter.n_evals if meter.n_evals else 0.0
        return (
            f"price: about {evaluations} evaluations of the models, asked once and kept, and {n_trials} audits of resampled "
            f"patients, about {max(1, round(seconds / 60))} min; the number of patients needed takes up to three times as many audits"
        )

    def carry_out(self) -> Calibration:
        """Ask, judge and count."""
        effects: list[CalibrationEffect] = []
        power: list[PowerPoint] = []
        needed: list[PatientsNeeded] = []
        for planted in self._planted:
            answers = self._answers(planted)
            of_plant = _OnePlant(planted, answers, self._request, self._tell, self._pool)
            for share in self._request.all_shares:
                effect, points, patients = of_plant.at_share(share)
                effects.append(effect)
                power += points
                needed += patients
        return Calibration(
            name=self._audited.folder.name,
            run_id=self._audited.folder.run_id,
            positive=self._planted[0].positive,
            effects=tuple(effects),
            power=tuple(power),
            needed=tuple(needed),
            left_out=tuple(self._left_out),
            n_evals=self._n_evals,
            seconds=0.0,
        )

    def _answers(self, planted: PlantedModel) -> dict[str, PlantedAnswers]:
        total = len(planted.chunk.subjects)

        def count(done: int, n_evals: int) -> None:
            self._n_evals += n_evals
            self._tell(Progress(f"ask {planted.model_id}: {planted.id}", done, total, "cases"))

        return planted.ask(count)


class _OnePlant:
    """A plant on a model: its answers, and what audits of them say."""

    def __init__(
        self,
        planted: PlantedModel,
        answers: dict[str, PlantedAnswers],
        request: CalibrationRequest,
        on_progress: Tell,
        pool: Executor | None,
    ) -> None:
        self._planted, self._answers, self._request = planted, answers, request
        self._tell, self._pool = on_progress, pool
        self._audit: AuditFile = audit_for(planted.audit, planted.model_id)[0]
        self._place = PlantedPlace(planted.place, planted.regions, planted.plant.row.place == "image")
        self._measured = self._where_measured()
        self._n_patients = len({case.cluster for case in planted.cases})
        self._n_positive = len(planted.patients[0])

    def at_share(self, share: float) -> tuple[CalibrationEffect, list[PowerPoint], list[PatientsNeeded]]:
        """Return what audits say where this share of the answer comes from the plant."""
        planted = self._planted
        effects = planted.effects(self._answers, share)
        judged = judged_audit(
            self._audit, effects.values(), self._place, patients_known=planted.patients_known
        )
        windows = [one for case in effects.values() for one in case.windows]
        trials = Trials(
            self._audit,
            effects,
            planted.patients,
            self._place,
            self._measured,
            planted.patients_known,
            (planted.model_id, planted.id),
        )
        results = []
        for result in run_trials(trials, 1.0, self._request.repeats, self._pool):
            results.append(result)
            self._report(share, len(results))
        truth, reaction = planted.at_source(self._answers, share)
        found = [one.effect for one in results if one.effect is not None]
        effect = CalibrationEffect(
            model_id=planted.model_id,
            plant=planted.id,
            place=planted.plant.row.place,
            share=share,
            planted=self._request.planted,
            n_patients=self._n_patients,
            n_positive=self._n_positive,
            truth=truth,
            reaction=reaction,
            effect=self._measured.effect(self._audit, windows, judged),
            mean_effect=sum(one.estimate for one in found) / len(found) if found else None,
            coverage=self._coverage(share, found, truth),
            caught=share_of([one.caught for one in results]),
            failed=share_of([one.failed for one in results]),
            stopped=share_of([one.stopped for one in results]),
            n_resamples=len(results),
            codes=judged.codes,
            other_codes=judged.other_codes,
        )
        points, patients = self._power(trials, effect) if share > 0 else ([], [])
        return effect, points, patients

    def _power(
        self, trials: Trials, effect: CalibrationEffect
    ) -> tuple[list[PowerPoint], list[PatientsNeeded]]:
        """Try fewer patients while they are enough, or more until they are."""
        points = [self._point(trials, effect.share, 1.0, effect.caught)]
        sizes = SIZES_BELOW if effect.caught.estimate >= ENOUGH else SIZES_ABOVE
        enough = points[0] if effect.caught.estimate >= ENOUGH else None
        tried = {sizes_of(trials, 1.0)}
        for scale in sizes:
            if sizes_of(trials, scale) in tried:
                continue
            tried.add(sizes_of(trials, scale))
            caught = share_of(
                [one.caught for one in run_trials(trials, scale, effect.n_resamples, self._pool)]
            )
            points.append(self._point(trials, effect.share, scale, caught))
            is_enough = caught.estimate >= ENOUGH
            if is_enough:
                enough = points[-1]
            if is_enough != (sizes is SIZES_BELOW):
                break
        number = None if enough is None else enough.n_patients
        patients = PatientsNeeded(
            effect.model_id, effect.plant, effect.share, number, enough is None or enough.beyond
        )
        return sorted(points, key=lambda point: point.n_patients), [patients]

    def _point(self, trials: Trials, share: float, scale: float, caught: Interval) -> PowerPoint:
        planted = self._planted
        n_patients = sum(sizes_of(trials, scale))
        return PowerPoint(
            planted.model_id,
            planted.id,
            share,
            n_patients,
            caught,
            self._request.repeats,
            scale > 1,
        )

    def _coverage(self, share: float, found: Sequence[Interval], truth: float) -> Interval | None:
        """Return the share of intervals that hold the truth, of plants whose effect an audit reads at one place."""
        if share == 0 or not found or self._measured.window is None:
            return None
        return share_of([_holds(one, truth) for one in found])

    def _report(self, share: float, done: int) -> None:
        shares, repeats = self._request.all_shares, self._request.repeats
        stage = f"judge {self._planted.model_id}: {self._planted.id}"
        before = shares.index(share) * repeats
        self._tell(Progress(stage, before + done, len(shares) * repeats, f"w = {share:g}"))

    def _where_measured(self) -> Measured:
        planted, row = self._planted, self._planted.plant.row
        match row.place:
            case "box":
                windows = [
                    one for case in planted.effects(self._answers, 1.0).values() for one in case.windows
                ]
                return Measured(planted.positive, window=strongest_window(windows, planted.positive))
            case "image":
                return Measured(planted.positive, property=row.property)
            case _:
                region = planted.region or "border"
                return Measured(planted.positive, metric=f"reliance-{region}")


def _holds(interval: Interval, truth: float) -> bool:
    return interval.low is not None and interval.high is not None and interval.low <= truth <= interval.high
