"""All work on cases in waves: the lanes of one wave need nothing of each other, and all of the waves before them.

That is what can be divided, among the processes of one machine and among machines.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, assert_never

from xaudit.config import AuditFile
from xaudit.engine.crew import Crew, ShardReport
from xaudit.engine.local import Lane, Tally, run_shards
from xaudit.records import TunedThreshold
from xaudit.stages.request import Share
from xaudit.stages.scores.repeatability import ModelPairs
from xaudit.stages.work.shards import Pairs, PartKeys, ShardPlan
from xaudit.stages.work.tuning import TuningPlan, thresholds_of
from xaudit.store.run_folder import RunFolder

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset
    from xaudit.models.classifier import Classifier

Wave = Literal["tune", "chunks", "checks", "maps", "models"]
"""``tune`` chooses thresholds; ``chunks`` explains and scores; ``checks`` asks for sanity and robustness; ``maps`` is
made of all maps of a model, and ``models`` holds models beside each other: these two ask no model anything."""

SCORING: tuple[Wave, ...] = ("chunks", "checks", "maps", "models")
DIVIDED: tuple[Wave, ...] = ("chunks", "checks")
"""The waves of which each share of a divided run does its share; those after them are left to the merge."""

_AFTER: tuple[Wave, ...] = ("maps", "checks")
"""In which order the rows of these two follow those of the chunks."""


@dataclass(frozen=True)
class Subject:
    """One model, the audit as it concerns this model, and the cases that it is asked about."""

    audit: AuditFile
    classifier: "Classifier"
    dataset: "Dataset"
    pairs: Pairs
    for_tuning: Pairs = ()


@dataclass(frozen=True)
class Told:
    """What the lanes of a wave must know of the waves before.

    Attributes:
        failed: by model id, the cases that could not be explained.
    """

    tuned: tuple[TunedThreshold, ...] = ()
    failed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """One lane of one wave, for a worker."""

    wave: Wave
    index: int
    told: Told


class Waves:
    """The lanes of an audit, wave by wave, and the keys of all their parts.

    Args:
        with_scores: false where only maps are wanted.
    """

    def __init__(
        self, run: RunFolder, audit: AuditFile, subjects: Sequence[Subject], *, with_scores: bool
    ) -> None:
        self.run, self.audit, self.subjects, self.with_scores = run, audit, subjects, with_scores
        self.told = Told()
        self.tuning_keys = PartKeys()
        self._pair_keys = PartKeys()
        self._keys: dict[tuple[str, Wave], PartKeys] = {}

    def learn(self, told: Told) -> None:
        """Takes up what the waves so far came to, before the first wave that depends on it."""
        if told.tuned != self.told.tuned:
            self.__dict__.pop("plans", None)
        self.told = told

    def lanes(self, wave: Wave) -> list[Lane]:
        """What one wave consists of; nothing where the audit does not ask for it."""
        match wave:
            case "tune":
                return [lane for plan in self._tuning_plans for lane in plan.lanes()]
            case "chunks":
                return [lane for plan in self.plans for lane in plan.lanes()]
            case "checks":
                return [lane for plan in self._of_wave(wave) for lane in plan.lanes_of_checks()]
            case "maps":
                failed = self.told.failed
                return [
                    lane
                    for plan in self._of_wave(wave)
                    for lane in plan.lanes_of_all(failed.get(plan.classifier.id, ()))
                ]
            case "models":
                groups = ModelPairs(self.audit, self.plans if self.with_scores else ()).groups()
                return [plan.lane_of(group, self._pair_keys) for plan, group in groups]
            case _:
                assert_never(wave)

    @cached_property
    def plans(self) -> list[ShardPlan]:
        """One for each model."""
        return [
            ShardPlan(
                self.run,
                one.audit,
                one.classifier,
                one.dataset,
                one.pairs,
                PartKeys(),
                with_scores=self.with_scores,
                thresholds=thresholds_of(self.told.tuned, one.classifier.id),
            )
            for one in self.subjects
        ]

    @property
    def _tuning_plans(self) -> list[TuningPlan]:
        return [
            TuningPlan(
                ShardPlan(self.run, one.audit, one.classifier, one.dataset, one.for_tuning, self.tuning_keys)
            )
            for one in self.subjects
        ]

    def _of_wave(self, wave: Wave) -> list[ShardPlan]:
        """The plans, with a place of its own for the keys of a wave: rows stand in one order, whenever they are made."""
        if not self.with_scores:
            return []
        return [
            replace(plan, keys=self._keys.setdefault((plan.classifier.id, wave), PartKeys()))
            for plan in self.plans
        ]

    def failed(self) -> Mapping[str, tuple[str, ...]]:
        """By model id, the cases of the wave ``chunks`` that could not be explained."""
        return {plan.classifier.id: plan.failed() for plan in self.plans}

    @property
    def keys(self) -> PartKeys:
        """The keys of the parts of all lanes that were gone through, in the order in which tables are read."""
        in_order = [self.tuning_keys]
        for plan in self.plans:
            name = plan.classifier.id
            in_order += [plan.keys, *(self._keys[name, w] for w in _AFTER if (name, w) in self._keys)]
        return PartKeys().and_those_of([*in_order, self._pair_keys])


def run_wave(
    waves: Waves, wave: Wave, tally: Tally, *, crew: Crew | None = None, share: Share | None = None
) -> None:
    """Does the lanes of one wave, or a share of them; with a crew side by side, else one after the other."""
    tasks: list[Task] = []
    for index, lane in enumerate(waves.lanes(wave)):
        if share is not None and not share.holds(index):
            _go_through(lane)
        elif crew is None:
            run_shards(lane.shards(), tally)
        else:
            done = [(shard.name, shard.is_done()) for shard in lane.shards()]
            if all(is_done for _, is_done in done):
                for name, _ in done:
                    tally.count(name, reused=True)
            else:
                tasks.append(Task(wave, index, waves.told))
    if crew is not None:
        for report in crew.do(tasks):
            tally.count(report.name, reused=report.reused)


def _go_through(lane: Lane) -> None:
    """Takes up the keys of a lane that is left to others."""
    for _ in lane.shards():
        pass


def n_shards(lanes: Sequence[Lane], share: Share | None = None) -> int:
    """How many shards some lanes have; of a divided wave, how many this share has."""
    return sum(lane.n_shards for index, lane in enumerate(lanes) if share is None or share.holds(index))


class LaneWork:
    """Does lanes of an audit as they are handed out, and tells what each shard cost."""

    def __init__(self, waves: Waves) -> None:
        self._waves = waves
        self._lanes: dict[Wave, list[Lane]] = {}

    def __call__(self, task: Task) -> Iterator[ShardReport]:
        """Does one lane."""
        self._waves.learn(task.told)
        if task.wave not in self._lanes:
            self._lanes[task.wave] = self._waves.lanes(task.wave)
        meters = [one.classifier.meter for one in self._waves.subjects]
        for shard in self._lanes[task.wave][task.index].shards():
            evals, seconds = sum(one.n_evals for one in meters), sum(one.seconds for one in meters)
            reused = shard.is_done()
            if not reused:
                shard.do()
            n_evals = sum(one.n_evals for one in meters) - evals
            yield ShardReport(shard.name, reused, n_evals, sum(one.seconds for one in meters) - seconds)
