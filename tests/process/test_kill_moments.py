"""Runs that are killed at moments drawn by a seed and begun again, until they are done.

After each kill everything that can be seen is whole, and nothing that was finished is written again; at the end all
tables are those of a run that was left alone.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import kill_server
import pyarrow.parquet as pq
import pytest
from known_study import environment, only_run, tables, write_audit

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and a kill that cannot be caught")

SETTINGS = {"figures": 0, "shard_size": 1, "limit": 6}


class Server:
    """Carries out one command line at a time, and can kill it."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [sys.executable, kill_server.__file__],
            cwd=folder,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._told() == ["ready"]

    def _told(self):
        """The next line that is the server's own; the rest is what the command prints."""
        while True:
            line = self.process.stdout.readline()
            assert line, "the server has gone"
            words = line.split()
            if words and words[0] in ("ready", "started", "ended"):
                return words

    def run(self, *args, kill_after=None):
        """The exit code of a command line, -9 where it was killed after so many seconds."""
        self.process.stdin.write(" ".join(args) + "\n")
        self.process.stdin.flush()
        pid = int(self._told()[1])
        if kill_after is not None:
            time.sleep(kill_after)
            with contextlib.suppress(ProcessLookupError):  # it was done before
                os.kill(pid, signal.SIGKILL)
        return int(self._told()[1])

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(60)


@pytest.fixture
def server(study):
    one = Server(study)
    yield one
    one.close()


def written(run):
    """Each finished map and score with what tells one writing of a file from another.

    A shard writes its scores last; what it wrote before, maps aside, it writes again where it was killed in between.
    """
    parts = [*run.glob("maps/part-*.parquet"), *run.glob("scores/part-*.parquet")]
    return {path.relative_to(run): (path.stat().st_ino, path.stat().st_mtime_ns) for path in parts}


def require_whole(run):
    """Everything in the folder that is not a temporary file can be read to its last byte."""
    for path in run.rglob("*"):
        if path.name.startswith("."):
            continue
        if path.suffix == ".parquet":
            pq.ParquetFile(path, page_checksum_verification=True).read()
        elif path.suffix == ".json":
            assert json.loads(path.read_text())[
                "schema_version" if path.name != "predicted-from.json" else "made_from"
            ]


def killed_until_done(server, study, seconds, moments, n_kills):
    """Starts runs and kills them until so many were killed; gives how often a run was begun anew, and the parts seen."""
    write_audit(study, run=SETTINGS)
    kills = runs = 0
    n_parts = set()
    wanted = None
    while kills < n_kills:
        runs += 1
        seen = {}
        out = study / "runs"
        while True:
            last = kills == n_kills
            after = None if last else moments.uniform(0, seconds)
            code = server.run("run", "audit.yaml", "-q", kill_after=after)
            assert code in (0, -signal.SIGKILL), code
            kills += code != 0
            if not out.is_dir() or not any(out.iterdir()):
                continue
            run = only_run(out)
            require_whole(run)
            now = written(run)
            assert seen.items() <= now.items(), "a finished part was lost or written again"
            seen = now
            n_parts.add(len(now))
            if code == 0:
                break
        found = tables(run)
        wanted = found if wanted is None else wanted
        assert found == wanted
        assert [path for path in run.rglob("*") if path.name.startswith(".") or path.name == "run.lock"] == []
        shutil.rmtree(out)
    return runs, n_parts, wanted


def check(server, study, n_kills, longest):
    seed = random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    write_audit(study, run=SETTINGS)
    started = time.monotonic()
    assert server.run("run", "audit.yaml", "-q") == 0
    seconds = time.monotonic() - started
    left_alone = tables(only_run(study / "runs"))
    shutil.rmtree(study / "runs")
    moments = random.Random(seed)
    runs, n_parts, found = killed_until_done(server, study, seconds * longest, moments, n_kills)
    assert found == left_alone
    sys.stdout.write(
        f"{n_kills} kills in {runs} runs of {seconds:.1f} s each; {len(n_parts)} numbers of parts seen\n"
    )
    return n_parts


def test_a_few_kills_lose_nothing_and_show_nothing_half_written(server, study):
    check(server, study, n_kills=4, longest=0.8)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_hundred_kills_lose_nothing_and_show_nothing_half_written(server, study):
    n_parts = check(server, study, n_kills=100, longest=0.6)
    assert len(n_parts) > 20, "the moments all fell on the same few parts"
