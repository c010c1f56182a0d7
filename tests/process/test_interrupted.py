"""A run that is stopped by Ctrl-C, or killed without a chance to say so, and then started again."""

import json
import os
import signal
import subprocess
import time

import pytest
from known_study import command, environment, only_run, tables, write_audit, xaudit_process

from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")

# four chunks of four cases: four maps, reliance, reliance map, whole image and prior each; two chunks of other cases:
# the three questions without a map
N_SHARDS = 4 * 8 + 2 * 3
N_SCORED = 4 * 5  # of these, with scores and before the other cases: reliance and four maps of each chunk
SLEEP_S = "0.02"  # per forward pass, so that there is a middle in which to stop


def stopped(study, sign, is_time):
    """Starts the audit, sends the signal when it is time, and gives the exit code, stdout and stderr."""
    process = subprocess.Popen(
        command("run", "audit.yaml"),
        cwd=study,
        env=environment(KNOWN_NETWORK_SLEEP=SLEEP_S),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 120
        while not is_time() and process.poll() is None:
            assert time.monotonic() < deadline, "the moment never came"
            time.sleep(0.002)
        assert process.poll() is None, process.communicate()
        os.kill(process.pid, sign)
        out, err = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return process.returncode, out, err


def n_parts(study, table):
    return len(list((study / "runs").glob(f"*/{table}/part-*.parquet")))


@pytest.mark.slow
def test_control_c_keeps_what_is_finished_and_the_same_command_continues(study, whole):
    write_audit(study)
    code, out, err = stopped(study, signal.SIGINT, lambda: n_parts(study, "scores") >= 7)
    assert (code, out) == (130, "")
    assert err.splitlines()[-1] == (
        "interrupted: what is finished is kept, and the same command continues where it stopped"
    )
    assert "Traceback" not in err
    run = only_run(study / "runs")
    assert json.loads((run / "status.json").read_text())["state"] == "interrupted"
    scored = n_parts(study, "scores")
    assert 7 <= scored < N_SCORED
    kept = scored + n_parts(study, "reliance_map") + n_parts(study, "image_changes")
    again = xaudit_process("run", "audit.yaml", "--format", "json", cwd=study)
    assert again.returncode == 0, again.stderr
    work = json.loads(again.stdout)["work"]
    assert (work["n_shards"], work["n_shards_reused"]) == (N_SHARDS, kept)
    assert only_run(study / "runs") == run
    assert tables(run) == whole


@pytest.mark.slow
def test_a_run_killed_again_and_again_ends_as_one_that_was_left_alone(study, whole):
    audit = write_audit(study)
    moments = (
        lambda: any((study / "runs").glob("*/status.json")),
        lambda: n_parts(study, "reliance") >= 1,
        lambda: n_parts(study, "maps") >= 5,
        lambda: n_parts(study, "scores") >= 13,
    )
    for moment in moments:
        code, out, _ = stopped(study, signal.SIGKILL, moment)
        assert (code, out) == (-signal.SIGKILL, "")
    run = only_run(study / "runs")
    assert json.loads((run / "status.json").read_text())["state"] == "running"
    assert run_command_line(["run", str(audit), "-q"]) == 0
    assert only_run(study / "runs") == run
    assert tables(run) == whole
    assert [path for path in run.rglob("*") if path.name.startswith(".") or "tmp" in path.suffix] == []
