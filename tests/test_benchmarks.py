"""The benchmarks run, and what they compare agrees; their times are nobody's business here."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

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
