"""Shards in this process: each done once, in order, and progress that adds up."""

import numpy as np  # noqa: F401 - its BLAS has to be there before it can be limited
import pytest
from threadpoolctl import threadpool_info

from xaudit.engine.local import Shard, ShardCount, Tally, run_shards
from xaudit.engine.threads import one_blas_thread


class Bench:
    """Three shards that note when they are done, and a count of evaluations that rises by 10 with each."""

    def __init__(self, done_before=()):
        self.done = set(done_before)
        self.log = []
        self.n_evals = 0

    def shard(self, name):
        def do():
            self.log.append(name)
            self.done.add(name)
            self.n_evals += 10

        return Shard(name, 4, lambda: name in self.done, do)

    def run(self, names=("a", "b", "c"), shards=None):
        told = []
        tally = Tally(len(names), lambda: self.n_evals, told.append)
        run_shards((self.shard(name) for name in names) if shards is None else shards, tally)
        return tally.counted, told


def test_every_shard_is_done_in_order():
    bench = Bench()
    count, told = bench.run()
    assert bench.log == ["a", "b", "c"]
    assert count == ShardCount(n_shards=3, n_reused=0)
    assert [(p.done, p.total, p.note) for p in told] == [(0, 3, ""), (1, 3, "a"), (2, 3, "b"), (3, 3, "c")]


def test_what_was_done_before_is_not_done_again():
    bench = Bench(done_before={"b"})
    count, told = bench.run()
    assert bench.log == ["a", "c"]
    assert count == ShardCount(n_shards=3, n_reused=1)
    assert [p.done for p in told] == [0, 1, 2, 3]
    assert bench.run()[0] == ShardCount(n_shards=3, n_reused=3)


def test_time_left_is_not_guessed_before_something_was_worked_on():
    _, told = Bench(done_before={"a"}).run()
    assert ["seconds_left" in p.figures for p in told] == [False, False, True, True]
    assert told[-1].figures["seconds_left"] == 0
    assert told[1].figures["evals_per_second"] == 0


def test_speed_and_time_left_are_reckoned_from_the_work_done(monkeypatch):
    clock = iter([100.0, 102.0, 104.0, 106.0])
    monkeypatch.setattr("xaudit.engine.local.time.perf_counter", lambda: next(clock))
    _, told = Bench().run()
    # 10 evaluations in 2 s, 20 in 4 s, 30 in 6 s; 2 s a shard, two, one and none left
    assert [p.figures["evals_per_second"] for p in told[1:]] == [5.0, 5.0, 5.0]
    assert [p.figures["seconds_left"] for p in told[1:]] == [4.0, 2.0, 0.0]


def test_shards_are_asked_for_one_by_one_when_it_is_their_turn():
    bench = Bench()
    seen = []

    def shards():
        for name in ("a", "b"):
            seen.append(list(bench.log))
            yield bench.shard(name)

    bench.run(names=("a", "b"), shards=shards())
    assert seen == [[], ["a"]]


def test_a_failure_stops_the_work_and_leaves_what_is_done():
    bench = Bench()

    def fails():
        raise RuntimeError("no")

    broken = Shard("b", 1, lambda: False, fails)
    with pytest.raises(RuntimeError, match="no"):
        bench.run(shards=[bench.shard("a"), broken, bench.shard("c")])
    assert bench.log == ["a"]


def test_no_shards_are_no_work():
    count, told = Bench().run(names=())
    assert count == ShardCount(0, 0)
    assert [(p.done, p.total) for p in told] == [(0, 0)]


def test_blas_takes_one_thread_inside_and_what_it_had_outside():
    def blas():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = blas()
    with one_blas_thread():
        assert set(blas()) == {1}
    assert blas() == before != []
