"""Runs shards in this process, in order, and says how far it is."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from xaudit.records import Progress


@dataclass(frozen=True, slots=True)
class Shard:
    """One piece of work: what to call it, how many cases it holds, whether it is already done, and how to do it."""

    name: str
    n_cases: int
    is_done: Callable[[], bool]
    do: Callable[[], None]


@dataclass(frozen=True, slots=True)
class ShardCount:
    """How many shards there were, and how many of them had been done before."""

    n_shards: int
    n_reused: int


def run_shards(
    shards: Iterable[Shard],
    *,
    total: int,
    n_evals: Callable[[], int],
    on_progress: Callable[[Progress], None],
    stage: str = "explain and score",
) -> ShardCount:
    """Does every shard that is not done yet, in order.

    Args:
        shards: taken one by one, so that a shard's inputs need not exist before its turn.
        total: how many there are.
        n_evals: model evaluations so far, for the speed shown.
        on_progress: told before the first shard and after each.
        stage: what to call the work.
    """
    started, evals_before = time.perf_counter(), n_evals()
    done = reused = worked = 0
    on_progress(Progress(stage, 0, total))
    for shard in shards:
        if shard.is_done():
            reused += 1
        else:
            shard.do()
            worked += 1
        done += 1
        seconds = time.perf_counter() - started
        figures = {"evals_per_second": (n_evals() - evals_before) / seconds if seconds > 0 else 0.0}
        if worked:
            figures["seconds_left"] = seconds / worked * (total - done)
        on_progress(Progress(stage, done, total, shard.name, figures))
    return ShardCount(done, reused)
