"""Find out how often an audit would be right: plant known evidence into its data, ask once, judge again and again."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Any

from xaudit.engine.threads import limit_threads, one_blas_thread
from xaudit.errors import DataError
from xaudit.records import (
    Calibration,
    CalibrationEffect,
    ExplainerOnPlant,
    PatientsNeeded,
    PlantedAnswers,
    PlantOnMap,
    PowerPoint,
    Progress,
)
from xaudit.stages.calibration.explained import PlantExplainers, evaluations_of, why_not
from xaudit.stages.calibration.judging import audit_for
from xaudit.stages.calibration.one_plant import OnePlant
from xaudit.stages.calibration.planted_model import PlantedModel
from xaudit.stages.calibration.preconditions import check_patients
from xaudit.stages.calibration.request import CalibrationRequest, NamedPlant, check_request
from xaudit.stages.request import RunRequest
from xaudit.stages.work.audited import Audited
from xaudit.stages.work.folder import at_work_in
from xaudit.store.calibration import CALIBRATION, MADE_OF, write_calibration
from xaudit.store.run_folder import RunFolder

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
        write_calibration(folder, calibration)
        made_of = asdict(audited.contents())
        checksums = {name: made_of[name] for name in MADE_OF}
        folder.save_json(CALIBRATION, {**folder.identity, "checksums": checksums, **plain(calibration)})
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
        self._explainers = list(request.audit.explainers) if request.explain else []
        self._left_out += [reason for spec in self._explainers if (reason := why_not(spec)) is not None]
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
        seconds += evaluations * self._seconds_of_evaluation
        maps = ""
        for spec in self._explainers:
            at_places = [one for one in self._planted if one.plant.row.place != "image"]
            n_evals = evaluations_of(spec) * sum(len(one.shows) for one in at_places)
            maps += f", {spec.id} about {n_evals} more"
            seconds += n_evals * self._seconds_of_evaluation
        return (
            f"price: about {evaluations} evaluations of the models{maps}, asked once and kept, and {n_trials} audits of resampled "
            f"patients, about {max(1, round(seconds / 60))} min; the number of patients needed takes up to three times as many audits"
        )

    @property
    def _seconds_of_evaluation(self) -> float:
        meters = [one.model.classifier.meter for one in self._planted]
        n_evals = sum(one.n_evals for one in meters)
        return sum(one.seconds for one in meters) / n_evals if n_evals else 0.0

    def carry_out(self) -> Calibration:
        """Ask, judge and count."""
        effects: list[CalibrationEffect] = []
        power: list[PowerPoint] = []
        needed: list[PatientsNeeded] = []
        maps: list[PlantOnMap] = []
        explained: list[ExplainerOnPlant] = []
        for planted in self._planted:
            answers = self._answers(planted)
            of_plant = OnePlant(planted, answers, self._request, self._tell, self._pool)
            for share in self._request.all_shares:
                effect, points, patients = of_plant.at_share(share)
                effects.append(effect)
                power += points
                needed += patients
            maps += of_plant.on_maps
            explained += self._explained(planted, answers)
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
            maps=tuple(maps),
            explainers=tuple(explained),
        )

    def _explained(self, planted: PlantedModel, answers: dict[str, PlantedAnswers]) -> list[ExplainerOnPlant]:
        """Ask the explainers about the images with the plant, and judge their maps for every share."""
        if not self._explainers:
            return []
        if planted.plant.row.place == "image":
            self._left_out.append(
                f"{planted.id} on {planted.model_id}: explainers were not asked, since all of the image carries the plant and no "
                "place could capture it"
            )
            return []
        shares = self._request.all_shares
        explainers = PlantExplainers(planted, self._explainers, shares)

        def count(name: str, done: int, n_evals: int) -> None:
            self._n_evals += n_evals
            self._tell(
                Progress(
                    f"explain {planted.model_id}: {planted.id}", done, explainers.n_cases, f"images, {name}"
                )
            )

        explainers.ask(count)
        self._left_out += [f"{planted.id} on {planted.model_id}: {text}" for text in explainers.left_out]
        return [
            one for share in shares for one in explainers.at_share(planted.effects(answers, share), share)
        ]

    def _answers(self, planted: PlantedModel) -> dict[str, PlantedAnswers]:
        total = len(planted.chunk.subjects)

        def count(done: int, n_evals: int) -> None:
            self._n_evals += n_evals
            self._tell(Progress(f"ask {planted.model_id}: {planted.id}", done, total, "cases"))

        return planted.ask(count)
