"""Audits, judged again and again, of one model that takes a share of its answer from one plant."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor

from xaudit.config import AuditFile
from xaudit.records import (
    CalibrationEffect,
    Interval,
    PatientsNeeded,
    PlantedAnswers,
    PlantOnMap,
    PowerPoint,
    Progress,
)
from xaudit.stages.calibration.case_effects import CaseEffects
from xaudit.stages.calibration.judging import PlantedPlace, audit_for, judged_audit
from xaudit.stages.calibration.plant_on_map import PlantMaps
from xaudit.stages.calibration.planted_model import PlantedModel
from xaudit.stages.calibration.request import CalibrationRequest
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

Tell = Callable[[Progress], None]


class OnePlant:
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
        sure = planted.effects(answers, 1.0)
        self._maps = None if self._place.whole else PlantMaps(planted, sure, self._place)
        self._measured = self._where_measured(sure)
        self.on_maps: list[PlantOnMap] = []
        self._n_patients = len({case.cluster for case in planted.cases})
        self._n_positive = len(planted.patients[0])

    def at_share(self, share: float) -> tuple[CalibrationEffect, list[PowerPoint], list[PatientsNeeded]]:
        """Return what audits say where this share of the answer comes from the plant."""
        planted = self._planted
        effects = planted.effects(self._answers, share)
        judged = judged_audit(
            self._audit, effects.values(), self._place, patients_known=planted.patients_known
        )
        if self._maps is not None:
            effects = self._maps.with_windows(effects)
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
        if self._maps is not None:
            self.on_maps += self._maps.read(effects, judged.dependence.tests, share, truth)
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
            effect=self._measured.effect(self._audit, list(effects.values()), judged),
            mean_effect=sum(one.estimate for one in found) / len(found) if found else None,
            coverage=self._coverage(share, found, truth),
            caught=share_of([one.caught for one in results]),
            failed=share_of([one.failed for one in results]),
            stopped=share_of([one.stopped for one in results]),
            n_resamples=len(results),
            codes=judged.codes,
            other_codes=judged.other_codes,
            largest_error=max((abs(one.estimate - truth) for one in found), default=None),
            half_width=_half_width(found),
            shown=None if self._maps is None else share_of([one.shown for one in results]),
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
        """Return the share of intervals that hold the truth, of plants whose effect an audit reads in windows."""
        in_windows = self._measured.by_image or self._measured.window is not None
        if share == 0 or not found or not in_windows:
            return None
        return share_of([_holds(one, truth) for one in found])

    def _report(self, share: float, done: int) -> None:
        shares, repeats = self._request.all_shares, self._request.repeats
        stage = f"judge {self._planted.model_id}: {self._planted.id}"
        before = shares.index(share) * repeats
        self._tell(Progress(stage, before + done, len(shares) * repeats, f"w = {share:g}"))

    def _where_measured(self, sure: Mapping[str, CaseEffects]) -> Measured:
        """Return where an audit's effect of the plant is read; see :class:`Measured`.

        Args:
            sure: effects of the plant alone.
        """
        planted, row = self._planted, self._planted.plant.row
        match row.place:
            case "box":
                windows = [one for case in sure.values() for one in case.windows]
                return Measured(planted.positive, window=strongest_window(windows, planted.positive))
            case "image":
                return Measured(planted.positive, property=row.property)
            case "region":
                return Measured(planted.positive, by_image=True)
            case _:
                return Measured(planted.positive, metric="reliance-border")


def _half_width(intervals: Sequence[Interval]) -> float | None:
    widths = [one.high - one.low for one in intervals if one.low is not None and one.high is not None]
    return sum(widths) / len(widths) / 2 if widths else None


def _holds(interval: Interval, truth: float) -> bool:
    return interval.low is not None and interval.high is not None and interval.low <= truth <= interval.high
