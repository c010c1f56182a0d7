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
from known_study import environment, only_run, study_audit, tables, write_audit

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and a kill that cannot be caught")

SEED = 20261128
A_FEW = {"run": {"figures": 0, "shard_size": 1, "limit": 6}}
MANY = {  # 16 cases, each of them 13 pieces of work
    "explainers": [
        *study_audit()["explainers"],
        *(
            "saliency",
            "input-x-gradient",
            "eigencam",
            "hirescam",
            "layercam",
            "gradcam-plus-plus",
            "xgradcam",
            "occlusion",
        ),
    ],
    "run": {"figures": 0, "shard_size": 1},
}


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

    def run(self, *args, until=None):
        """The exit code of a command line, -9 where it was killed.

        Args:
            until: waits for the moment of the kill; is given a function that raises once the process has ended.
        """
        self.process.stdin.write(" ".join(args) + "\n")
        self.process.stdin.flush()
        pid = int(self._told()[1])
        if until is not None:
            with contextlib.suppress(ProcessLookupError):  # it was done before
                until(lambda: os.kill(pid, 0))
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
    names = ("maps", "scores", "reliance_map", "image_changes")
    parts = [path for name in names for path in run.glob(f"{name}/part-*.parquet")]
    return {path.relative_to(run): identity(path) for path in parts}


def identity(path):
    """What tells one writing of a file from another."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def require_whole(run, read):
    """Everything in the folder that is not a temporary file can be read to its last byte.

    Args:
        read: what was read before, and is not read again; takes up what is read now.
    """
    for path in run.rglob("*"):
        if path.name.startswith(".") or not path.is_file() or read.get(path) == identity(path):
            continue
        read[path] = identity(path)
        if path.suffix == ".parquet":
            pq.ParquetFile(path, page_checksum_verification=True).read()
        elif path.suffix == ".json":
            assert json.loads(path.read_text())[
                "schema_version" if path.name != "predicted-from.json" else "made_from"
            ]


def moment(out, moments, start, n_seen):
    """A drawn moment to kill at: while a run starts, or soon after one to eight parts more than before are written.

    By the clock alone most kills would fall on the start of a run where the machine is fast, and nothing be written.

    Args:
        start: seconds until an unbroken run wrote its first part.
        n_seen: parts that are there when the run begins.
    """
    n_new, delay = moments.randrange(9), moments.uniform(0, 1)

    def until(require_running):
        while n_new and n_written(out) < n_seen + n_new:
            require_running()
            time.sleep(0.002)
        time.sleep(delay * (0.03 if n_new else start))

    return until


def n_written(out):
    return sum(len(written(run)) for run in out.glob("*")) if out.is_dir() else 0


def killed_until_done(server, study, start, moments, n_kills):
    """Starts runs and kills them until so many were killed; gives how often a run was begun anew, and the parts seen."""
    kills = runs = 0
    n_parts = set()
    wanted = None
    while kills < n_kills:
        runs += 1
        seen, read = {}, {}
        out = study / "runs"
        while True:
            until = None if kills == n_kills else moment(out, moments, start, len(seen))
            code = server.run("run", "audit.yaml", "-q", until=until)
            assert code in (0, -signal.SIGKILL), code
            kills += code != 0
            if not out.is_dir() or not any(out.iterdir()):
                continue
            run = only_run(out)
            require_whole(run, read)
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


def check(server, study, audit, n_kills):
    """Kills runs at drawn moments; gives the number of shards, and the numbers of parts seen after a kill."""
    write_audit(study, **audit)
    out = study / "runs"
    started = time.monotonic()
    first = []

    def until(require_running):
        while not n_written(out):
            require_running()
            time.sleep(0.002)
        first.append(time.monotonic() - started)
        raise ProcessLookupError  # it goes on to its end

    assert server.run("run", "audit.yaml", "-q", until=until) == 0
    left_alone = tables(only_run(out))
    n_shards = json.loads((only_run(out) / "outcome.json").read_text())["work"]["n_shards"]
    shutil.rmtree(out)
    runs, n_parts, found = killed_until_done(server, study, first[0], random.Random(SEED), n_kills)
    assert found == left_alone
    sys.stdout.write(
        f"{n_kills} kills in {runs} runs of {n_shards} shards, the first part after {first[0]:.1f} s; "
        f"{len(n_parts)} numbers of parts seen\n"
    )
    return n_shards, n_parts


def test_a_few_kills_lose_nothing_and_show_nothing_half_written(server, study):
    check(server, study, A_FEW, n_kills=4)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_hundred_kills_lose_nothing_and_show_nothing_half_written(server, study):
    n_shards, n_parts = check(server, study, MANY, n_kills=100)
    assert n_shards > 200
    assert len(n_parts) > 40, "the moments all fell on the same few parts"
