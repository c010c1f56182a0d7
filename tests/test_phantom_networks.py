"""The script that trained the shipped networks still gives such networks, and the shipped ones are such."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINE = re.compile(r"^(\w+ +[\w ]+?) +accuracy ([\d.]+), P\(cancer\) on cancer slices ([\d.]+)$")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_script_still_trains_the_shipped_networks_on_the_tumour_and_on_the_marker(tmp_path):
    script = ROOT / "fixtures" / "train_phantom_models.py"
    asked = ["--check", "2", "--work", str(tmp_path), "--variants", "honest", "shortcut"]
    done = subprocess.run([sys.executable, str(script), *asked], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[:2] == [
        "honest    the first 2 epochs are those of the file",
        "shortcut  the first 2 epochs are those of the file",
    ]
    found = {
        match[1]: (float(match[2]), float(match[3]))
        for match in map(LINE.match, done.stdout.splitlines())
        if match
    }
    # Both are accurate on patients they have not seen, so accuracy does not tell them apart ...
    assert found["honest    as it is"][0] >= 0.92
    assert found["shortcut  as it is"][0] >= 0.97
    # ... but one needs the tumour and the other the marker: without it, cancer is called by no more than a guess.
    assert found["honest    tumours painted over"][1] <= 0.3
    assert found["shortcut  marker taken away"][1] <= 0.3


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_plant_moves_the_shipped_honest_network_and_a_marker_moves_the_unaware_one(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "fixtures")
    measure = importlib.import_module("phantom_reactions")
    populations = measure.simulated(tmp_path, patients=100)
    plain = populations["none"]
    rows = {}
    for variant in ("honest", "unaware"):
        network = measure.phantom_network(variant, measure.ASSETS, plain)
        assert measure.accuracy(network, plain) >= 0.94
        for row in measure.reactions(network, populations):
            rows[variant, row.kind, row.label] = row
    assert len(rows) == 12
    for (variant, *_), row in rows.items():
        assert row.patients >= 20
        assert row.change.low <= row.change.estimate <= row.change.high
        if variant == "honest":
            assert abs(row.change.estimate) < 0.02
    assert rows["unaware", "corner-marker", "normal"].change.low > 0.1
