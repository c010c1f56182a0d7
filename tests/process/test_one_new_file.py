"""CONTRIBUTING shows an explainer and a metric, each as one new file: with no other edit, all of xaudit knows them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from known_study import HERE, environment, only_run, table, write_audit

import xaudit

PACKAGE = Path(xaudit.__file__).parent
ROOT = HERE.parents[1]
CONTRIBUTING = ROOT / "CONTRIBUTING.md"


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy of the package with the two files that CONTRIBUTING shows, and nothing else changed."""
    copy = tmp_path_factory.mktemp("extended")
    shutil.copytree(PACKAGE, copy / "xaudit", ignore=shutil.ignore_patterns("__pycache__"))
    page = CONTRIBUTING.read_text(encoding="utf-8")
    shown = re.findall(r"`src/(xaudit/builtin/[\w/]+\.py)`:\n\n```python\n(.*?)^```$", page, re.S | re.M)
    assert [Path(path).stem for path, _ in shown] == ["tiles", "mark_contrast"]
    for path, text in shown:
        assert not (copy / path).exists()
        (copy / path).write_text(text, encoding="utf-8")
    return copy


def python(*args, copy, folder=ROOT):
    known = environment()["PYTHONPATH"]
    return subprocess.run(
        [sys.executable, *args], cwd=folder, env=environment(PYTHONPATH=f"{copy}:{known}"),
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip


def test_an_explainer_and_a_metric_are_there_once_their_one_file_is(extended):
    listed = python("-m", "xaudit", "list", "explainers", "--format", "csv", copy=extended)
    assert "\ntiles," in listed.stdout, listed.stderr
    names = [line.partition(",")[0] for line in listed.stdout.splitlines()]
    assert names.index("rise") < names.index("tiles") < names.index("random")
    listed = python("-m", "xaudit", "list", "metrics", "--format", "csv", copy=extended)
    names = [line.partition(",")[0] for line in listed.stdout.splitlines()]
    assert names[names.index("iou-mean") : names.index("iou-best") + 1] == [
        "iou-mean",
        "mark-contrast",
        "iou-best",
    ]


@pytest.mark.slow
def test_the_contract_tests_take_them_without_being_told(extended):
    explainers = [
        f"tests/explainers/test_{name}.py"
        for name in ("explainers_contract", "known_evidence", "native_grids")
    ]
    done = python(
        "-m", "pytest", "-v", "-p", "no:cacheprovider", "-k", "tiles or contrast", *explainers,
        "tests/metrics/localization/test_no_map.py", copy=extended,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", done.stdout).group(1)) >= 20, done.stdout


@pytest.mark.slow
def test_an_audit_runs_with_them(extended, pristine, tmp_path):
    shutil.copytree(pristine, tmp_path / "study")
    write_audit(
        tmp_path / "study", explainers=[{"name": "tiles", "side_px": 4}], metrics=["mark-contrast"], controls=["random"],
        gates=["mark-contrast@tiles >= 0.1"],
    )  # fmt: skip
    done = python("-m", "xaudit", "run", "audit.yaml", copy=extended, folder=tmp_path / "study")
    assert done.returncode == 0, done.stderr
    scores = table(only_run(tmp_path / "study" / "runs"), "scores")
    found = scores[scores["metric"] == "mark-contrast"].groupby("explainer")["value"].mean()
    assert found["tiles"] > 0.1 > found["random"]
