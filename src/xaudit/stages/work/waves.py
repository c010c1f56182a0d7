"""All work on cases in waves: the lanes of one wave need nothing of each other, and all of the waves before them.

That is what can be divided, among the processes of one machine and among machines.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, assert_never

from xaudit.config import AuditFile
from xaudit.engine.crew import Crew, ShardReport
from xaudit.engine.local import Lane, Tally, run_shards
from xaudit.records import TunedThreshold
from xaudit.stages.request import Share
from xaudit.stages.scores.audited_model import AuditedModel
from xaudit.stages.scores.repeatability import ModelPairs
from xaudit.stages.work.misclassified import lanes_of_errors
from xaudit.stages.work.part_keys import PartKeys
from xaudit.stages.work.shards import (
    failed_cases,
    lane_of_group,
    lanes_of_all_maps,
    lanes_of_checks,
    lanes_of_chunks,
)
from xaudit.stages.work.tuning import thresholds_of, tuning_lanes

Wave = Literal["tune", "chunks", "checks", "errors", "maps", "models"]
"""``tune`` chooses thresholds; ``chunks`` explains and scores; ``checks`` asks for sanity and robustness; ``errors``
explains misclassified cases beside the others; ``maps`` is made of all maps of a model, and ``models`` holds models
beside each other: these two ask no model anything."""

SCORING: tuple[Wave, ...] = ("chunks", "checks", "errors", "maps", "models")
DIVIDED: tuple[Wave, ...] = ("chunks", "checks", "errors")
"""The waves of which each share of a divided run does its share; those after them are left to the merge."""

_AFTER: tuple[Wave, ...] = ("maps", "checks", "errors")
"""In which order the rows of these follow those of the chunks."""


@dataclass(frozen=True)
class Told:
    """Results of earlier waves that a wave needs.

    Attributes:
        failed: by model id, the cases that could not be explained.
    """

    tuned: tuple[TunedThreshold, ...] = ()
    failed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """A lane of a wave, for a worker."""

    wave: Wave
    index: int
    told: Told


class Waves:
    """The lanes of an audit, wave by wave, and the keys of all their parts.

    Args:
        with_scores: false where only maps are wanted.
    """

    def __init__(self, audit: AuditFile, models: Sequence[AuditedModel], *, with_scores: bool) -> None:
        self.audit, self.models, self.with_scores = audit, models, with_scores
        self.told = Told()
        self.tuning_keys = PartKeys()
        self._pair_keys = PartKeys()
        self._keys: dict[tuple[str, Wave], PartKeys] = {}

    def learn(self, told: Told) -> None:
        """Load the results that the next wave needs from earlier waves."""
        if told.tuned != self.told.tuned:
            self._keys.clear()
            self.models = [
                replace(model, thresholds=thresholds_of(told.tuned, model.classifier.id))
                for model in self.models
            ]
        self.told = told

    def lanes(self, wave: Wave) -> list[Lane]:
        """Return the lanes of a wave; none if the audit does not ask for it."""
        match wave:
            case "tune":
                split = [replace(model, pairs=model.for_tuning) for model in self.models]
                return [lane for model in split for lane in tuning_lanes(model, self.tuning_keys)]
            case "chunks":
                return [
                    lane
                    for model in self.models
                    for lane in lanes_of_chunks(
                        model, self._keys_of(model, wave), with_scores=self.with_scores
                    )
                ]
            case "checks":
                return [
                    lane
                    for model in self._scored
                    for lane in lanes_of_checks(model, self._keys_of(model, wave))
                ]
            case "errors":
                return [
                    lane
                    for model in self.models
                    for lane in lanes_of_errors(model, self._keys_of(model, wave), asks=self.with_scores)
                ]
            case "maps":
                return [
                    lane
                    for model in self._scored
                    for lane in lanes_of_all_maps(
                        model, self._keys_of(model, wave), self.told.failed.get(model.classifier.id, ())
                    )
                ]
            case "models":
                groups = ModelPairs(self.audit, self._scored).groups()
                return [lane_of_group(model.run, group, self._pair_keys) for model, group in groups]
            case _:
                assert_never(wave)

    @property
    def _scored(self) -> Sequence[AuditedModel]:
        return self.models if self.with_scores else ()

    def _keys_of(self, model: AuditedModel, wave: Wave) -> PartKeys:
        """Return the keys of one wave of a model, apart from others: rows keep their order, whenever they are made."""
        return self._keys.setdefault((model.classifier.id, wave), PartKeys())

    def failed(self) -> Mapping[str, tuple[str, ...]]:
        """Return the cases that the wave ``chunks`` could not explain, by model id."""
        return {
            model.classifier.id: failed_cases(model, self._keys_of(model, "chunks")) for model in self.models
        }

    @property
    def keys(self) -> PartKeys:
        """The keys of the parts of all lanes that were gone through, in the order in which tables are read."""
        own = [self._keys_of(model, wave) for model in self.models for wave in ("chunks", *_AFTER)]
        return PartKeys.together([self.tuning_keys, *own, self._pair_keys])


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
    """Count the shards of some lanes; of a divided wave, those of this share."""
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
        meters = [one.classifier.meter for one in self._waves.models]
        for shard in self._lanes[task.wave][task.index].shards():
            evals, seconds = sum(one.n_evaluated for one in meters), sum(one.seconds for one in meters)
            reused = shard.is_done()
            if not reused:
                shard.do()
            n_evals = sum(one.n_evaluated for one in meters) - evals
            taken = sum(one.seconds for one in meters) - seconds
            classifiers = [one.classifier for one in self._waves.models]
            fits = tuple((one.id, one.fits) for one in classifiers if one.fits is not None)
            yield ShardReport(shard.name, reused, n_evals, taken, fits)
