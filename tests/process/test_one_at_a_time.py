"""Two processes and one run folder: the second is sent away, readers are let in, and a killed holder holds nothing."""

import os
import re
import signal
import subprocess
import time

import pytest
from known_study import command, environment, only_run, tables, write_audit, xaudit_process

from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def at_work(study):
    """A run that is under way, slowly."""
    write_audit(study)
    process = subprocess.Popen(
        command("run", "audit.yaml", "-q"),
        cwd=study,
        env=environment(KNOWN_NETWORK_SLEEP="0.05"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not list(study.glob("runs/*/scores/part-*")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_a_second_run_of_the_same_audit_is_refused_and_the_first_goes_on(study, at_work, whole, capsys):
    run = only_run(study / "runs")
    assert run_command_line(["run", "audit.yaml", "-q"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"error: runs/{run.name}: another xaudit process is working in this run folder (process {at_work.pid})",
        "hint:  wait until it ends and repeat the command, or start another folder with --fresh",
    ]
    assert at_work.wait(120) == 0
    assert tables(run) == whole
    assert not (run / "run.lock").exists()


@pytest.mark.slow
def test_after_a_kill_the_file_is_there_and_locks_nothing(study, at_work, whole):
    at_work.send_signal(signal.SIGKILL)
    at_work.wait()
    run = only_run(study / "runs")
    assert re.fullmatch(rf"{at_work.pid}\n", (run / "run.lock").read_text())
    again = xaudit_process("run", "audit.yaml", "-q", cwd=study)
    assert again.returncode == 0, again.stderr
    assert only_run(study / "runs") == run
    assert tables(run) == whole
    assert not (run / "run.lock").exists()


def test_whoever_only_reads_a_finished_run_is_not_held_up_by_one_at_work_in_it(study, capsys):
    from xaudit.store.run_lock import RunLock

    write_audit(study)
    assert run_command_line(["run", "audit.yaml", "-q"]) == 0
    run = only_run(study / "runs")
    lock = RunLock.take(run)
    try:
        for args in (
            ["report", run],
            ["report", run, "--html", "--to", "page.html"],
            ["gate", run],
            ["show", run, "p0-0"],
            ["compare", run, "--explainer", "gradcam", "lime"],
            ["diff", run, run],
            ["list", "runs"],
        ):
            capsys.readouterr()
            assert run_command_line([os.fspath(one) for one in args]) == 0, capsys.readouterr()
        assert run_command_line(["run", "audit.yaml", "-q"]) == 2
    finally:
        lock.release()
