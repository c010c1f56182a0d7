"""A package with plug-ins, built and installed beside xaudit, from the command line to the tables, and gone again."""

import csv
import importlib.metadata
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from known_study import HERE, environment, only_run, study_audit, table, xaudit_process

PACKAGE = HERE.parent / "plugin_package"
AUDIT = {
    "explainers": ["saliency", {"name": "patch-drop", "patch_px": 8}],
    "metrics": ["relevance-mass-accuracy", "top-share", {"name": "peak-drop", "share": 0.05}],
    "controls": ["random"],
    "gates": ["top-share@patch-drop >= 0.3", "peak-drop@patch-drop >= 0.1"],
    "run": {"figures": 0, "shard_size": 8},
}


def path_with(*folders):
    """What `environment` takes to find the packages of these folders, the study's network and xaudit."""
    known = environment()["PYTHONPATH"]
    return {"PYTHONPATH": ":".join([*map(str, folders), known])}


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The example package, built by its own build backend without network."""
    installed = {
        found.name for found in importlib.metadata.distributions()
    }  # looking for the module pip warns
    for needed in ("pip", "setuptools"):
        if needed not in installed:
            pytest.skip(f"{needed} is not installed, and builds the package")
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(PACKAGE, folder / "source")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-build-isolation", "--no-deps",
         "--disable-pip-version-check", "--target", folder / "site", folder / "source"],
        env=environment(), capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "site"


def write_discs(folder):
    """The study's marks once more, as discs of five pixels around the middle of each box."""
    coco = json.loads((folder / "marks.json").read_text())
    names = {image["id"]: image["file_name"] for image in coco["images"]}
    with (folder / "discs.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "x", "y", "radius"])
        for mark in coco["annotations"]:
            x, y, width, height = mark["bbox"]
            rows.writerow([names[mark["image_id"]], x + width / 2, y + height / 2, 5])


def write_plugged_audit(folder):
    data = {**study_audit()["data"], "annotations": {"path": "discs.csv", "format": "discs"}}
    (folder / "audit.yaml").write_text(yaml.safe_dump(study_audit(**{**AUDIT, "data": data})))


@pytest.fixture(scope="session")
def audited(site, pristine, tmp_path_factory):
    """The study audited with the plug-ins: the folder, and what the run said."""
    folder = tmp_path_factory.mktemp("plugged") / "study"
    shutil.copytree(pristine, folder)
    write_discs(folder)
    write_plugged_audit(folder)
    done = xaudit_process("run", "audit.yaml", cwd=folder, **path_with(site))
    assert done.returncode == 0, done.stderr
    return folder, done


@pytest.fixture
def audited_folder(audited, tmp_path):
    """The audited study in its place, where its run is found again; what is done to its runs is undone."""
    folder = audited[0]
    shutil.copytree(folder / "runs", tmp_path / "runs")
    yield folder
    shutil.rmtree(folder / "runs")
    shutil.move(tmp_path / "runs", folder / "runs")


@pytest.fixture
def study_of_its_own(audited, tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(audited[0], folder)
    return folder


def test_what_a_package_brings_stands_in_tables_gates_report_and_manifest(audited):
    folder, done = audited
    run = only_run(folder / "runs")
    rows = table(run, "summary").set_index(["explainer", "metric"])
    # The network reads the red mark only; a map of what its patches are worth has its peaks there.
    assert (
        rows.loc[("patch-drop", "top-share"), "estimate"]
        > 0.5
        > rows.loc[("random", "top-share"), "estimate"]
    )
    assert rows.loc[("patch-drop", "peak-drop"), "estimate"] > rows.loc[("random", "peak-drop"), "estimate"]
    assert rows.loc[("patch-drop", "relevance-mass-accuracy"), "n_cases"] == 16
    shown = " ".join(done.stdout.split())
    assert "top-share@patch-drop >= 0.3" in shown
    assert "top share (+)" in shown
    told = json.loads((run / "manifest.json").read_text())["plugins"]
    assert [(one["kind"], one["name"]) for one in told] == [
        ("explainer", "patch-drop"),
        ("metric", "top-share"),
        ("metric", "peak-drop"),
        ("format", "discs"),
    ]
    assert {(one["package"], one["version"]) for one in told} == {("xaudit-example", "1.0")}


@pytest.mark.slow
def test_an_update_of_the_package_makes_anew_what_it_has_a_part_in(audited_folder, site, tmp_path):
    newer = tmp_path / "newer"
    shutil.copytree(site, newer)
    [info] = newer.glob("*.dist-info")
    (info / "METADATA").write_text((info / "METADATA").read_text().replace("Version: 1.0", "Version: 1.1"))
    run = only_run(audited_folder / "runs")
    hashes = {"explainer": "explainer_hash", "metric": "metric_hash"}
    before = {key: dict(table(run, "scores")[[key, column]].values) for key, column in hashes.items()}
    maps = {path.name for path in (run / "maps").glob("*.parquet")}
    done = xaudit_process("run", "audit.yaml", cwd=audited_folder, **path_with(newer))
    assert done.returncode == 0, done.stderr
    [newer_run] = {path.parent for path in (audited_folder / "runs").glob("*/manifest.json")} - {run}
    after = {key: dict(table(newer_run, "scores")[[key, column]].values) for key, column in hashes.items()}
    changed = {key: {name for name in before[key] if before[key][name] != after[key][name]} for key in hashes}
    assert changed == {"explainer": {"patch-drop"}, "metric": {"top-share", "peak-drop"}}
    # Two chunks of eight cases: the maps of saliency and random stay, those of patch-drop are made anew.
    now = {path.name for path in (newer_run / "maps").glob("*.parquet")}
    assert len(now) == len(maps) == 6
    assert len(now & maps) == 4
    told = json.loads((newer_run / "manifest.json").read_text())["plugins"]
    assert {one["version"] for one in told} == {"1.1"}


@pytest.mark.slow
def test_without_the_package_a_run_can_be_read_and_not_gone_on_with(study_of_its_own):
    run = only_run(study_of_its_own / "runs")
    shown = xaudit_process("report", run, "--full", cwd=study_of_its_own)
    assert shown.returncode == 0, shown.stderr
    assert "top share (+)" in " ".join(shown.stdout.split())
    gated = xaudit_process("gate", run, "--fail-under", "top-share@patch-drop=0.99", cwd=study_of_its_own)
    assert gated.returncode == 1, gated.stderr
    compared = xaudit_process("compare", run, "--metric", "top-share", cwd=study_of_its_own)
    assert compared.returncode == 0, compared.stderr
    assert "patch-drop" in compared.stdout
    refused = xaudit_process("run", "audit.yaml", cwd=study_of_its_own)
    assert refused.returncode == 2
    assert "error: audit.yaml: data.annotations.format: input should be" in refused.stderr


def test_a_package_that_cannot_be_imported_fails_only_who_asks_for_it(study_of_its_own, site, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(site, broken)
    (broken / "xaudit_example.py").write_text("import a_library_that_is_not_there\n")
    listed = xaudit_process("list", "explainers", cwd=study_of_its_own, **path_with(broken))
    assert listed.returncode == 0, listed.stderr
    assert "cannot be used: xaudit-example 1.0" in " ".join(listed.stdout.split())
    refused = xaudit_process(
        "run", "audit.yaml", "--explainer", "patch-drop", cwd=study_of_its_own, **path_with(broken)
    )
    assert refused.returncode == 2
    assert (
        "error: xaudit-example 1.0: entry point 'discs' of xaudit.formats: xaudit_example:DISCS cannot be imported: "
        "ModuleNotFoundError: No module named 'a_library_that_is_not_there'"
    ) in refused.stderr
    assert "Traceback" not in refused.stderr
    own = Path(study_of_its_own / "own.yaml")
    own.write_text(yaml.safe_dump(study_audit()))
    fine = xaudit_process("config", "validate", "own.yaml", cwd=study_of_its_own, **path_with(broken))
    assert fine.returncode == 0, fine.stderr


def test_a_file_of_marks_with_a_fault_is_told_with_its_row(study_of_its_own, site):
    path = study_of_its_own / "discs.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1].rpartition(",")[0] + ",wide", *lines[2:]]))
    done = xaudit_process("data", "check", "audit.yaml", cwd=study_of_its_own, **path_with(site))
    assert done.returncode == 2
    assert "discs.csv: line 2: x, y and radius must be numbers" in done.stdout + done.stderr
