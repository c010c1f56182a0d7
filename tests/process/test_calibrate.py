"""`xaudit calibrate` as a process: what it prints and writes, and that a kill loses no answer."""

import json
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest
from known_study import environment

from xaudit.cli.boundary import run_command_line

AUDIT = """\
name: small
data:
  format: phantom
  phantom: {patients: 16, slices: 1, splits: test, plant: none, seed: 3}
models: [{id: honest, source: phantom, variant: honest}]
gates: [reliance-area-outside-mark <= 0.1]
statistics: {replicates: 200}
reliance:
  infills: [blur]
  controls: 1
  per_class: 5
  map: {scales: [0.125], infills: [blur], transplant: false}
  image: {enabled: false}
run: {limit: 6}
"""
OPTIONS = (
    "--plants",
    "corner-marker",
    "--shares",
    "0.5",
    "--repeats",
    "5",
    "--explainers",
    "gradcam",
    "--format",
    "json",
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "audit.yaml").write_text(AUDIT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(out):
    return [sys.executable, "-m", "xaudit", "calibrate", "audit.yaml", "-o", out, *OPTIONS]


def told(folder, out):
    ran = subprocess.run(
        command(out), cwd=folder, env=environment(), capture_output=True, text=True, timeout=240, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("price: about ") == 1
    return json.loads(ran.stdout)


def without_cost(result):
    return {name: value for name, value in result.items() if name not in ("seconds", "n_evals")}


@pytest.mark.slow
def test_a_killed_calibration_goes_on_where_it_was_and_comes_to_the_same(folder):
    whole = told(folder, "whole")
    process = subprocess.Popen(
        command("killed"), cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    end = time.monotonic() + 200
    while len(list((folder / "killed").glob("*/planted_answers/part-*.parquet"))) < 3:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    process.wait()
    again = told(folder, "killed")
    assert without_cost(again) == without_cost(whole)
    assert 0 < again["n_evals"] < whole["n_evals"]

    (run,) = (one.parent for one in (folder / "whole").glob("*/status.json"))
    effects = pq.read_table(run / "calibration_effects.parquet").to_pylist()
    assert [(one["plant"], one["share"]) for one in effects] == [
        ("corner-marker", share) for share in (0.0, 0.5)
    ]
    for one in effects:
        assert one["effect"] == pytest.approx(one["truth"], abs=0.03)
        assert one["truth"] == pytest.approx(one["share"], abs=0.03)
    assert effects[0]["codes"] == effects[0]["other_codes"] == []
    assert "XA207" in effects[1]["codes"]
    maps = pq.read_table(run / "calibration_maps.parquet").to_pylist()
    shares = [(0.0, True), (0.0, False), (0.5, True), (0.5, False)]
    assert [(one["share"], one["marked"]) for one in maps] == shares
    for one in maps:
        assert one["effect"] == pytest.approx(one["truth"], abs=0.03)
        assert (one["area"] is None) == (one["share"] == 0)
    explained = pq.read_table(run / "calibration_explainers.parquet").to_pylist()
    assert [(one["explainer"], one["share"], one["sees_plant"]) for one in explained] == [
        ("gradcam", share, False) for share in (0.0, 0.5)
    ]
    assert pq.read_table(run / "power.parquet").num_rows == len(whole["power"]) > 1
    page = (run / "calibration.html").read_text()
    assert page.count("<svg") == 2
    assert "With these" in page
    assert str(folder) not in page + (run / "calibration.json").read_text()
    beside_its_run(run)


def beside_its_run(calibration):
    """Run the audit itself, and show the calibration in its page; that of another seed is refused."""
    audit = [
        "run",
        "audit.yaml",
        "-q",
        "-e",
        "gradcam",
        "--set",
        "controls=[random]",
        "metrics=[pointing-game]",
    ]
    assert run_command_line([*audit, "-o", "runs"]) in (0, 1)
    (own,) = (one.parent for one in calibration.parents[1].glob("runs/*/manifest.json"))
    report = ["report", str(own), "--html", "--calibration", str(calibration)]
    assert run_command_line(report) == 0
    assert 'id="calibration"' in (own / "report.html").read_text()
    resolved = calibration / "audit.resolved.yaml"
    resolved.write_text(resolved.read_text().replace("seed: 0\n", "seed: 1\n", 1))
    assert run_command_line(report) == 2


def test_a_calibration_is_shown_by_the_page_and_the_card_alone(folder, capsys):
    assert run_command_line(["report", "runs/x", "--calibration", "calibrations/y"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: --calibration: only the page and the model card show a calibration",
        "hint:  add --html, --model-card, --sign-off or --mlflow",
    ]


def test_an_unknown_plant_is_refused_in_two_lines_before_anything_is_written(folder, capsys):
    assert run_command_line(["calibrate", "audit.yaml", "--plants", "corner-markr"]) == 2
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "error: --plants: no plant is called 'corner-markr'",
        "hint:  did you mean 'corner-marker'? `xaudit list plants` shows all",
    ]
    assert not (folder / "calibrations").exists()


def test_a_share_that_is_no_number_is_refused(folder, capsys):
    assert run_command_line(["calibrate", "audit.yaml", "--shares", "a-fifth"]) == 2
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "error: --shares: 'a-fifth' is not a number",
        "hint:  give numbers from 0 to 1, such as 0.05 0.2",
    ]


def test_a_control_is_no_explainer_of_a_calibration(folder, capsys):
    assert run_command_line(["calibrate", "audit.yaml", "--explainers", "gradcam", "random"]) == 2
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "error: --explainers: 'random' is a control, and a calibration asks explainers alone",
        "hint:  `xaudit list explainers` shows them",
    ]


def test_fewer_than_five_patients_are_refused(folder, capsys):
    assert run_command_line(["calibrate", "audit.yaml", "-q", "--limit", "4"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: model 'honest': 4 patients with test images of 'cancer'; an interval needs at least 5",
        "hint:  add patients, or raise run.limit",
    ]
