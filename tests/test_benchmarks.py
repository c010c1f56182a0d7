"""The benchmarks run, and what they compare agrees; their times are nobody's business here."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


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
