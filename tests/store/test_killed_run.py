"""A process that is killed while it writes: what is visible is whole, and the next process goes on from there."""

import random
import signal
import subprocess
import sys
import time

import killed_run_writer
import pytest
from killed_run_writer import N_SHARDS, keys, rows, work

from xaudit.store import RunFolder
from xaudit.store.parts import SCORES, part_keys, read_parts


def written_at(run, done):
    """When each of these parts was written, by key."""
    return {key: (run.path / "scores" / f"part-{key}.parquet").stat().st_mtime_ns for key in done}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a kill that cannot be caught")
def test_a_kill_at_any_moment_loses_nothing_finished_and_shows_nothing_half_written(run):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201
    moments = random.Random(seed)
    index_of = {key: index for index, key in enumerate(keys())}
    finished = {}
    for _ in range(3):
        process = subprocess.Popen([sys.executable, killed_run_writer.__file__, run.path])
        while len(part_keys(run, SCORES)) <= len(finished):
            if process.poll() is not None:
                assert process.returncode == 0
                assert len(part_keys(run, SCORES)) == N_SHARDS, "the writer ended early by itself"
                break
            time.sleep(0.002)
        time.sleep(moments.uniform(0, 0.06))
        process.kill()
        process.wait()
        done = part_keys(run, SCORES)
        for part in done:
            read = read_parts(run, SCORES, [part])
            assert (list(read.rows), read.notices) == (rows(index_of[part]), ())
        now = written_at(run, done)
        assert finished.items() <= now.items(), "a finished part was lost or computed again"
        finished = now
    print(f"{len(finished)} of {N_SHARDS} shards done in three lives")  # noqa: T201

    run = RunFolder.open_run(run.path)
    assert list(run.path.rglob("*.tmp")) == []
    work(run)
    everything = read_parts(run, SCORES, keys())
    assert (everything.missing, everything.notices) == ((), ())
    assert list(everything.rows) == [row for index in range(N_SHARDS) for row in rows(index)]
    assert written_at(run, finished) == finished
