"""Audits of patients that are drawn anew from those that there are: how often each of them is right."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

from xaudit.config import AuditFile
from xaudit.records import Interval
from xaudit.seeds import generator_for
from xaudit.stages.calibration.case_effects import CaseEffects, resampled
from xaudit.stages.calibration.judging import JudgedAudit, PlantedPlace, effect_of, judged_audit
from xaudit.stages.calibration.plant_on_map import effect_in_windows
from xaudit.stages.outcome.dependence.map_tests import window_effect
from xaudit.statistics.small_samples import wilson

REPLICATES: Final = 1000
DRAWS: Final = 999
"""Bootstrap replicates and random sign flips of an audit of resampled patients; that of all patients uses the audit's own."""

SIZES_BELOW: Final = (0.75, 0.5, 0.25)
SIZES_ABOVE: Final = (1.5, 2.0, 3.0)
"""Numbers of patients that are tried, as shares of those that there are."""

ENOUGH: Final = 0.95
"""Share of audits that must catch a plant."""

_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """The figure in which an audit's effect of a plant is read.

    Attributes:
        window: number of the window that holds the plant, for one that sits at one place.
        by_image: True for a plant whose window differs between images; see :attr:`CaseEffects.plant_window`.
        metric: the metric of its region, for one that no window holds; empty for others.
        property: of the whole image; empty for others.
        images: the true class of the images.
    """

    images: str
    window: int | None = None
    by_image: bool = False
    metric: str = ""
    property: str = ""

    def effect(self, audit: AuditFile, cases: Sequence[CaseEffects], judged: JudgedAudit) -> Interval | None:
        """Return the effect that an audit measures of the plant; None where it measures none."""
        if self.by_image:
            return effect_in_windows(cases, self.images, settings=audit.statistics, seed=audit.seed)
        if self.window is not None:
            windows = [one for case in cases for one in case.windows]
            return window_effect(
                windows, self.images, self.window, settings=audit.statistics, seed=audit.seed
            )
        if self.metric:
            return effect_of(judged.summaries, self.metric)
        return next(
            (
                one.movement
                for one in judged.dependence.properties
                if (one.property, one.images) == (self.property, self.images)
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class Trials:
    """All that audits of resampled patients need.

    Attributes:
        groups: of patients: those with positive images and the others, each with the ids of the patient's cases.
        names: of the work, for the seed.
    """

    audit: AuditFile
    effects: Mapping[str, CaseEffects]
    groups: Sequence[Sequence[Sequence[str]]]
    place: PlantedPlace
    measured: Measured
    patients_known: bool
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrialResult:
    """The result of one audit of resampled patients."""

    caught: bool
    failed: bool
    stopped: bool
    effect: Interval | None
    shown: bool


def sizes_of(trials: Trials, scale: float) -> tuple[int, ...]:
    """Return the patients to draw from each group: its own number times the scale, and 5 at least.

    A group without patients stays empty.
    """
    return tuple(max(5, round(scale * len(group))) if group else 0 for group in trials.groups)


def run_trials(
    trials: Trials, scale: float, repeats: int, pool: Executor | None = None
) -> Iterator[TrialResult]:
    """Audit resampled patients again and again; the results depend on neither the processes nor their number."""
    starts = range(0, repeats, _AT_ONCE)
    turns = [range(start, min(start + _AT_ONCE, repeats)) for start in starts]
    if pool is None:
        batches: Iterator[list[TrialResult]] = (_batch(trials, scale, few) for few in turns)
    else:
        waiting = [pool.submit(_batch, trials, scale, few) for few in turns]
        batches = (one.result() for one in waiting)
    for batch in batches:
        yield from batch


def _batch(trials: Trials, scale: float, turns: Sequence[int]) -> list[TrialResult]:
    statistics = trials.audit.statistics.model_copy(update={"replicates": REPLICATES})
    audit = trials.audit.model_copy(update={"statistics": statistics})
    return [_trial(trials, audit, scale, turn) for turn in turns]


def _trial(trials: Trials, audit: AuditFile, scale: float, turn: int) -> TrialResult:
    # The same patients are drawn for every share of the answer, so that shares are compared on the same draws.
    generator = generator_for(audit.seed, "calibrate", *trials.names, f"{scale:g}", str(turn))
    cases = resampled(trials.effects, trials.groups, sizes_of(trials, scale), generator)
    judged = judged_audit(audit, cases, trials.place, patients_known=trials.patients_known, draws=DRAWS)
    effect = trials.measured.effect(audit, cases, judged)
    return TrialResult(bool(judged.codes), bool(judged.other_codes), judged.stopped, effect, judged.shown)


def share_of(hits: Sequence[bool]) -> Interval:
    """Return the share of trials that are true, with Wilson's interval.

    Example:
        >>> interval = share_of([True] * 40)
        >>> interval.estimate, round(interval.low, 3)
        (1.0, 0.912)
    """
    return wilson(sum(hits) / len(hits), len(hits), confidence=0.95)
