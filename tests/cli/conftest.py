import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent / "report"))

SMALL_AUDIT = """\
name: s
data: {format: csv, images: images, labels: labels.csv, annotations: {path: marks}}
models: [{id: m, source: external, predictions: predictions.csv, maps: {given: maps}}]
metrics: [iou]
controls: [centre]
statistics: {replicates: 100}
report: {html: false}
run: {figures: 0}
"""
PATIENTS = ["DOE-JANE", "ROE-RICHARD", "P003", "7"]


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """A finished run without a network: eight images of four patients, maps that hit the marks, predictions from a file."""
    place = tmp_path_factory.mktemp("signed")
    for name in ("images", "maps", "marks"):
        (place / name).mkdir()
    labels, answers = ["image,label,patient,split"], ["image,cancer,normal"]
    for k in range(8):
        ill, name, patient = k % 2 == 0, f"scan{k}", PATIENTS[k // 2]
        Image.fromarray(np.full((32, 32), 90 + k, np.uint8)).save(place / "images" / f"{name}.png")
        mark = np.zeros((32, 32), np.uint8)
        mark[4 + k : 12 + k, 6:14] = 255
        np.save(place / "maps" / f"{name}.npy", (mark > 0).astype(np.float32) * (1 + np.arange(32) / 32))
        if ill:
            Image.fromarray(mark).save(place / "marks" / f"{name}.png")
        labels.append(f"{name}.png,{'cancer' if ill else 'normal'},{patient},test")
        answers.append(f"{name}.png,{0.9 if ill else 0.1},{0.1 if ill else 0.9}")
    (place / "labels.csv").write_text("\n".join(labels) + "\n")
    (place / "predictions.csv").write_text("\n".join(answers) + "\n")
    (place / "audit.yaml").write_text(SMALL_AUDIT)
    from xaudit.cli.boundary import run_command_line

    before = Path.cwd()
    os.chdir(place)
    try:
        assert run_command_line(["run", "audit.yaml", "-o", "runs", "-q"]) == 0
    finally:
        os.chdir(before)
    [folder] = (place / "runs").iterdir()
    return folder


@pytest.fixture
def answer(capsys, monkeypatch, tmp_path):
    """One command line in this process, from an empty folder: its exit code, stdout and stderr."""
    from xaudit.cli.boundary import run_command_line

    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "XAUDIT_GITHUB", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)

    def answer(*args):
        capsys.readouterr()
        code = run_command_line([str(arg) for arg in args])
        return code, *capsys.readouterr()

    return answer


@pytest.fixture
def refusal(answer):
    """A command line that must be refused in two lines: its error and its hint."""

    def refusal(*args, code=2):
        found, out, err = answer(*args)
        lines = [line for line in err.splitlines() if not line.startswith("xaudit ")]
        assert found == code, err
        assert out == ""
        assert len(lines) == 2, err
        assert lines[0].startswith("error: ")
        assert lines[1].startswith("hint:  ")
        return lines[0].removeprefix("error: "), lines[1].removeprefix("hint:  ")

    return refusal
