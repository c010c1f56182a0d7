"""What the system refuses in the middle of a run: one clear error, nothing half-written, and the run goes on later."""

import json
import resource
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from known_study import command, environment, only_run, tables, write_audit

from xaudit.cli.boundary import run_command_line
from xaudit.store import list_runs

pytestmark = pytest.mark.usefixtures("one_thread")


def test_a_file_larger_than_the_system_allows_is_named_and_the_run_goes_on_later(study, whole):
    write_audit(study)
    done = subprocess.run(
        command("run", "audit.yaml", "-q"),
        cwd=study,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=240,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000)),
    )
    assert (done.returncode, done.stdout) == (2, "")
    error, hint = done.stderr.splitlines()
    run = only_run(study / "runs")
    assert error.startswith(f"error: runs/{run.name}/")
    assert error.endswith(": the file would be larger than this system lets a process write (ulimit -f)")
    assert hint == "hint:  raise the limit and give the same command again; finished work is kept"
    assert [path for path in run.rglob("*") if path.name.startswith(".") or path.suffix == ".tmp"] == []
    for path in run.rglob("*.parquet"):
        assert path.read_bytes()[-4:] == b"PAR1"
    assert run_command_line(["run", "audit.yaml", "-q"]) == 0
    assert only_run(study / "runs") == run
    assert tables(run) == whole


class BackwardClock(datetime):
    """Tells a time that is an hour earlier with every look."""

    looks = 0

    @classmethod
    def now(cls, tz=None):
        cls.looks += 1
        return datetime(2026, 3, 1, 12, tzinfo=UTC) - timedelta(hours=cls.looks)


def test_a_clock_that_goes_back_changes_no_table_and_no_duration(study, whole, monkeypatch):
    monkeypatch.setattr("xaudit.stages.run.datetime", BackwardClock)
    monkeypatch.setattr("xaudit.stages.work.folder.datetime", BackwardClock)
    write_audit(study)
    assert run_command_line(["run", "audit.yaml", "-q"]) == 0
    first = only_run(study / "runs")
    assert tables(first) == whole
    work = json.loads((first / "outcome.json").read_text())["work"]
    assert 0 < work["model_seconds"] < work["seconds"] < 3600
    assert run_command_line(["run", "audit.yaml", "-q", "--fresh"]) == 0
    [newest, older] = [entry.run_id for entry in list_runs(study / "runs")]
    assert older == first.name < newest
    before = (study / "runs" / newest / "status.json").read_bytes()
    assert run_command_line(["run", "audit.yaml", "-q"]) == 0
    assert (study / "runs" / newest / "status.json").read_bytes() != before
    assert BackwardClock.looks > 6
