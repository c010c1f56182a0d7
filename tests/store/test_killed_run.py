"""A process that is killed while it writes: what is visible is whole, and the next process goes on from there."""

import random
import signal
import subprocess
import sys
import time

import pytest
from store_records import score

from xaudit.store import RunFolder
from xaudit.store.parts import SCORES, has_part, part_keys, read_parts, shard_key, write_part

N_SHARDS = 150

WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_killed_run import keys, rows, work
from xaudit.store import RunFolder
run = RunFolder.open_run(Path(sys.argv[1]))
sys.stdout.write("ready\\n"); sys.stdout.flush()
work(run)
"""


def keys():
    return [shard_key({"shard": index}) for index in range(N_SHARDS)]


def rows(index):
    return [score(f"case-{index}-{row}", value=index + row / 8) for row in range(6)]


def work(run):
    """Does the shards that are missing, as a run does."""
    for index, key in enumerate(keys()):
        if not has_part(run, SCORES, key):
            write_part(run, SCORES, key, rows(index))


def start(run):
    here = __file__.rpartition("/")[0]
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, run.path, here], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a kill that cannot be caught")
def test_a_kill_at_any_moment_loses_nothing_finished_and_shows_nothing_half_written(run):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201
    moments = random.Random(seed)
    index_of = {key: index for index, key in enumerate(keys())}
    finished = {}
    for _ in range(3):
        process = start(run)
        time.sleep(moments.uniform(0, 0.2))
        process.kill()
        process.wait()
        process.stdout.close()
        done = part_keys(run, SCORES)
        for key in done:
            read = read_parts(run, SCORES, [key])
            assert (list(read.rows), read.notices) == (rows(index_of[key]), ())
        written = {key: (run.path / "scores" / f"part-{key}.parquet").stat().st_mtime_ns for key in done}
        assert finished.items() <= written.items(), "a finished part was lost or computed again"
        finished = written
    print(f"{len(finished)} of {N_SHARDS} shards done in three lives")  # noqa: T201

    run = RunFolder.open_run(run.path)
    assert list(run.path.rglob("*.tmp")) == []
    work(run)
    everything = read_parts(run, SCORES, keys())
    assert (everything.missing, everything.notices) == ((), ())
    assert list(everything.rows) == [row for index in range(N_SHARDS) for row in rows(index)]
    kept = {key: (run.path / "scores" / f"part-{key}.parquet").stat().st_mtime_ns for key in finished}
    assert kept == finished
