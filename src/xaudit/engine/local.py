"""Execution of shards in this process, in order, with progress."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from xaudit.records import Progress


@dataclass(frozen=True, slots=True)
class Shard:
    """A piece of work: its name, its number of cases, a test if it is done, and the function that does it.

    Attributes:
        is_stored: test if its result exists, even if it will be tried again because a case could not be read; None
            if ``is_done`` tells.
    """

    name: str
    n_cases: int
    is_done: Callable[[], bool]
    do: Callable[[], None]
    is_stored: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """Shards that one process does in order, since they share images or depend on each other.

    Attributes:
        n_shards: number of shards.
        shards: creates them, in order, anew with each call, so that a waiting lane holds no images.
    """

    n_shards: int
    shards: Callable[[], Iterator[Shard]]


@dataclass(frozen=True, slots=True)
class ShardCount:
    """Number of shards, and of those that were done before."""

    n_shards: int
    n_reused: int


@dataclass
class Tally:
    """A counter of finished shards that reports progress.

    Attributes:
        total: number of shards.
        n_evals: returns the model evaluations so far, for the displayed speed.
        on_progress: called at the start and after each shard.
        stage: name of the work.
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
        """Count a finished shard and report progress."""
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
        """The counts so far."""
        return ShardCount(self.done, self.reused)


def run_shards(shards: Iterable[Shard], tally: Tally) -> None:
    """Do every shard that is not done yet, in order.

    Args:
        shards: taken one by one, so that a shard's inputs need not exist before its turn.
        tally: counts each shard.
    """
    for shard in shards:
        reused = shard.is_done()
        if not reused:
            shard.do()
        tally.count(shard.name, reused=reused)
