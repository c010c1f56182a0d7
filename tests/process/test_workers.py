"""``--workers`` as a process: what stops one, stops all, and what is finished is kept."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from known_study import command, environment, only_run, tables, write_audit, xaudit_process

pytestmark = pytest.mark.slow


def started(study, *options, **more):
    process = subprocess.Popen(
        command("run", "audit.yaml", "-q", "--workers", "2", *options),
        cwd=study,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 200
    while not list(study.glob("runs/*/scores/part-*")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


def children_of(pid):
    """The processes of its group, but for itself."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == pid and int(path.parent.name) != pid and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def wait_until_alone(pid):
    deadline = time.monotonic() + 30
    while children_of(pid):
        assert time.monotonic() < deadline, "a worker was left behind"
        time.sleep(0.02)


def test_control_c_on_the_whole_group_stops_all_and_the_same_command_continues(study, whole):
    write_audit(study)
    process = started(study, KNOWN_NETWORK_SLEEP="0.05")
    assert len(children_of(process.pid)) >= 2
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines() == [
        "",
        "interrupted: what is finished is kept, and the same command continues where it stopped",
    ]
    wait_until_alone(process.pid)
    run = only_run(study / "runs")
    kept = {path: path.stat().st_mtime_ns for path in run.glob("scores/part-*")}
    again = xaudit_process("run", "audit.yaml", "-q", "--workers", "2", cwd=study)
    assert again.returncode == 0, again.stderr
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert tables(run) == whole
    assert [path for path in run.rglob("*") if path.name.startswith(".") or path.suffix == ".tmp"] == []


def test_a_parent_that_is_killed_takes_its_workers_with_it_and_the_same_command_continues(study, whole):
    write_audit(study)
    process = started(study, KNOWN_NETWORK_SLEEP="0.05")
    process.kill()
    process.communicate()
    wait_until_alone(process.pid)
    again = xaudit_process("run", "audit.yaml", "-q", cwd=study)
    assert again.returncode == 0, again.stderr
    assert tables(only_run(study / "runs")) == whole


def test_a_worker_that_is_killed_ends_the_run_as_incomplete(study, whole):
    write_audit(study)
    process = started(study, KNOWN_NETWORK_SLEEP="0.05")
    workers = [
        pid for pid in children_of(process.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    os.kill(workers[0], signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (4, "")
    assert err.splitlines()[0] == "error: a worker process ended by signal 9 before its work was done"
    again = xaudit_process("run", "audit.yaml", "-q", cwd=study)
    assert again.returncode == 0, again.stderr
    assert tables(only_run(study / "runs")) == whole


def test_an_image_that_cannot_be_read_in_the_middle_is_the_same_problem_with_two_workers(study):
    write_audit(study, run={"figures": 0, "shard_size": 4, "max_error_rate": 0.5})
    (study / "images" / "p3-1.png").write_bytes((study / "images" / "p3-1.png").read_bytes()[:200])
    found = []
    for options in ((), ("--workers", "2")):
        done = xaudit_process("run", "audit.yaml", "-q", "-o", f"runs{len(options)}", *options, cwd=study)
        assert done.returncode == 0, done.stderr
        found.append(tables(only_run(study / f"runs{len(options)}")))
    assert found[0] == found[1]
