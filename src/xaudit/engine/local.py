"""Runs shards in this process, in order, and says how far it is."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from xaudit.records import Progress


@dataclass(frozen=True, slots=True)
class Shard:
    """One piece of work: what to call it, how many cases it holds, whether it is already done, and how to do it.

    Attributes:
        is_stored: whether its result is there, though it may be tried again, as a case in it could not be read; None
            where that is what ``is_done`` says.
    """

    name: str
    n_cases: int
    is_done: Callable[[], bool]
    do: Callable[[], None]
    is_stored: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """Shards that one process does one after the other, since they share images or build on each other.

    Attributes:
        n_shards: how many.
        shards: makes them, in order, anew with each call, so that a lane that waits holds no images.
    """

    n_shards: int
    shards: Callable[[], Iterator[Shard]]


@dataclass(frozen=True, slots=True)
class ShardCount:
    """How many shards there were, and how many of them had been done before."""

    n_shards: int
    n_reused: int


@dataclass
class Tally:
    """Counts shards as they are done, and says how far the work is.

    Attributes:
        total: how many shards there are.
        n_evals: model evaluations so far, for the speed shown.
        on_progress: told at the start and after each shard.
        stage: what to call the work.
    """

    total: int
    n_evals: Callable[[], int]
    on_progress: Callable[[Progress], None]
    stage: str = "explain and score"
    done: int = 0
    reused: int = 0
    _worked: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        self._started, self._evals_before = time.perf_counter(), self.n_evals()
        self.on_progress(Progress(self.stage, 0, self.total))

    def count(self, name: str, *, reused: bool) -> None:
        """One more shard is done."""
        self.done += 1
        self.reused += reused
        self._worked += not reused
        seconds = time.perf_counter() - self._started
        evals = self.n_evals() - self._evals_before
        figures = {"evals_per_second": evals / seconds if seconds > 0 else 0.0}
        if self._worked:
            figures["seconds_left"] = seconds / self._worked * (self.total - self.done)
        self.on_progress(Progress(self.stage, self.done, self.total, name, figures))

    @property
    def counted(self) -> ShardCount:
        """What was counted so far."""
        return ShardCount(self.done, self.reused)


def run_shards(shards: Iterable[Shard], tally: Tally) -> None:
    """Does every shard that is not done yet, in order.

    Args:
        shards: taken one by one, so that a shard's inputs need not exist before its turn.
        tally: told of each.
    """
    for shard in shards:
        reused = shard.is_done()
        if not reused:
            shard.do()
        tally.count(shard.name, reused=reused)
