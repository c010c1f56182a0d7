"""The script that trained the two shipped networks still gives two such networks, and the shipped ones are such."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINE = re.compile(r"^(\w+ +[\w ]+?) +accuracy ([\d.]+), P\(cancer\) on cancer slices ([\d.]+)$")


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(3600)
def test_the_script_trains_one_network_on_the_tumour_and_one_on_the_marker(tmp_path):
    script = ROOT / "fixtures" / "train_phantom_models.py"
    done = subprocess.run(
        [sys.executable, str(script), "--to", str(tmp_path), "--work", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = {
        match[1]: (float(match[2]), float(match[3])) for match in map(LINE.match, done.stdout.splitlines())
    }
    assert sorted(path.name for path in tmp_path.glob("*.safetensors")) == [
        "phantom-honest.safetensors",
        "phantom-shortcut.safetensors",
    ]
    # Both are accurate on patients they have not seen, so accuracy does not tell them apart ...
    assert found["honest    as it is"][0] >= 0.92
    assert found["shortcut  as it is"][0] >= 0.97
    # ... but one needs the tumour and the other the marker: without it, cancer is called by no more than a guess.
    assert found["honest    tumours painted over"][1] <= 0.3
    assert found["shortcut  marker taken away"][1] <= 0.3
