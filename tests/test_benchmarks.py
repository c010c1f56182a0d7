"""The benchmarks run, and what they compare agrees; their times are nobody's business here."""

import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import gpu  # noqa: E402
import idle  # noqa: E402


def test_the_share_of_others_is_what_all_used_less_what_is_ours(monkeypatch):
    monkeypatch.setattr(idle.os, "cpu_count", lambda: 2)
    before = idle.Reading(wall=10.0, busy=100.0, own=5.0)
    assert idle.share_of_others(before, idle.Reading(wall=20.0, busy=112.0, own=11.0)) == pytest.approx(
        6 / 20
    )
    # Clock ticks are coarse: less than nothing is nothing.
    assert idle.share_of_others(before, idle.Reading(wall=20.0, busy=106.0, own=11.5)) == 0.0


def test_a_benchmark_stops_on_a_busy_machine_and_only_warns_if_it_is_asked_to(monkeypatch, capsys):
    readings = [idle.Reading(0.0, 0.0, 0.0), idle.Reading(1.0, 1.0 * (idle.os.cpu_count() or 1), 0.0)] * 2
    monkeypatch.setattr(idle, "reading", lambda: readings.pop(0))
    with pytest.raises(SystemExit, match="error: others use 100% of this machine's cores"):
        idle.require_idle(busy_anyway=False, seconds=0.0)
    idle.require_idle(busy_anyway=True, seconds=0.0)
    assert "warning: others use 100%" in capsys.readouterr().out


def test_an_idle_or_silent_system_stops_no_benchmark(monkeypatch, capsys):
    nan = float("nan")
    for readings in (
        [idle.Reading(0.0, 0.0, 0.0), idle.Reading(1.0, 0.0, 0.0)],
        [idle.Reading(0.0, nan, 0.0), idle.Reading(1.0, nan, 0.0)],
    ):
        monkeypatch.setattr(idle, "reading", lambda some=readings: some.pop(0))
        idle.require_idle(busy_anyway=False, seconds=0.0)
    assert capsys.readouterr().out == ""


def stored_run(folder, score, drops, n_scores=2):
    scores = {
        "metric": ["iou", "pixel-flipping"],
        "case_id": ["a", "a"],
        "reader": ["r", "r"],
        "explainer": ["lime", "lime"],
        "value": [score, float("nan")],
    }
    drops = {
        "case_id": ["a", "a"],
        "target": ["cancer", "cancer"],
        "question": ["hide", "hide"],
        "infill": ["blur", "blur"],
        "scale": [0.5, 0.25],
        "probability_drop": [[0.1, 0.2], drops],
    }
    for name, table in (("scores", scores), ("reliance_map", drops)):
        (folder / name).mkdir(parents=True)
        pd.DataFrame(table).iloc[:n_scores].to_parquet(folder / name / "part-0.parquet")
    return folder


def test_the_gpu_benchmark_finds_the_largest_difference_of_each_metric(tmp_path):
    one = stored_run(tmp_path / "one", 0.5, [0.3, 0.4])
    other = stored_run(tmp_path / "other", 0.25, [0.3, 0.375])
    assert gpu.largest_differences(one, other) == {"iou": 0.25, "reliance map": pytest.approx(0.025)}


def test_the_gpu_benchmark_compares_no_run_that_lacks_values(tmp_path):
    one = stored_run(tmp_path / "one", 0.5, [0.3, 0.4])
    for other in (
        stored_run(tmp_path / "short", 0.5, [0.3, 0.4], n_scores=1),
        stored_run(tmp_path / "undefined", float("nan"), [0.3, 0.4]),
    ):
        with pytest.raises(RuntimeError, match="stand in one run only"):
            gpu.largest_differences(one, other)


def test_the_gpu_is_busy_from_its_first_kernel_to_its_last(tmp_path, monkeypatch):
    stub = tmp_path / "nvidia-smi"
    stub.write_text("#!/bin/sh\nprintf '0\\n80\\n0\\n100\\n0\\n'\nexec sleep 60\n")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with gpu.BusyShare("cuda:0") as share:
        time.sleep(0.5)
    assert share.shares == [0.0, 0.8, 0.0, 1.0, 0.0]
    assert share.between_first_and_last == pytest.approx(0.6)


def test_the_gpu_benchmark_says_what_it_did_not_measure_and_goes_on(capsys, monkeypatch):
    monkeypatch.setattr(gpu, "workers", lambda study, device: sys.stdout.write("two processes"))
    assert gpu.measure(None, "cpu", ["busy", "float16", "workers"], end=time.monotonic() + 60) == 0
    printed = capsys.readouterr().out
    assert "not measured: no device with nvidia-smi here" in printed
    assert "not measured: half precision is for GPUs" in printed
    assert "two processes" in printed
    assert gpu.measure(None, "cpu", ["workers"], end=time.monotonic() - 1) == 0
    assert "no time is left" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "arguments", "seen"),
    [
        (
            "against_plain_script.py",
            ["--models", "resnet18", "--cases", "1", "--samples", "20", "--steps", "4", "--rounds", "1"],
            "of the floor's wall time",
        ),
        ("pieces.py", ["--networks", "resnet18:32", "--rounds", "1"], "ms an image"),
        ("workers.py", ["--cases", "2", "--rounds", "1"], "the scores agree"),
    ],
)
def test_a_benchmark_runs(script, arguments, seen):
    ran = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / script, *arguments],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert seen in ran.stdout
