"""Checks of the data in a run: stored with it, read back as they were, and judged by its gates."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "report"))

import outcomes

from xaudit.store.data_checks import check_as_plain, check_of_plain


def test_a_stored_check_comes_back_as_it_was():
    check = replace(outcomes.calibration_check(), values={"brier": 3.0}, skipped=("net: no answer",))
    stored = json.loads(json.dumps(check_as_plain(check), allow_nan=False))
    read = check_of_plain(stored)
    assert read == replace(check, tables={name: tuple(rows) for name, rows in check.tables.items()})


def test_a_table_of_records_that_nobody_knows_is_refused():
    stored = check_as_plain(outcomes.calibration_check())
    stored["tables"]["calibration"]["record"] = "Path"
    with pytest.raises(ValueError, match="no record is called 'Path'"):
        check_of_plain(stored)


RUN = """
name: small
data: {format: phantom, phantom: {patients: 8, size: 64, slices: 2, splits: test}}
models: [{id: honest, source: phantom, variant: honest}]
explainers: [gradcam]
metrics: [iou]
reliance: {enabled: false}
run: {limit: 2}
gates: [ece <= 1, brier == 0]
"""


@pytest.mark.slow
def test_a_run_judges_gates_on_the_data_and_so_does_gate(tmp_path, capsys, monkeypatch):
    from xaudit.cli.boundary import run_command_line

    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(RUN)

    def answer(*args):
        capsys.readouterr()
        return run_command_line(list(args)), *capsys.readouterr()

    code, out, err = answer("run", "small.yaml", "-q", "--format", "json")
    assert code == 1, err
    plain = json.loads(out)
    gates = {one["rule"]: one["status"] for one in plain["verdicts"] if one["kind"] == "gate"}
    assert gates == {"ece <= 1": "pass", "brier <= 0": "fail"}
    assert [one["id"] for one in plain["data_checks"]] == ["exact-copies", "attributes", "calibration"]
    assert all("images" not in one for one in plain["data_checks"])
    (run,) = (tmp_path / "runs").glob("*-small-*")
    page = (run / "report.html").read_text()
    assert 'id="data-checks"' in page
    assert 'class="reliability"' in page
    assert "brier &lt;= 0" in (run / "junit.xml").read_text()

    code, out, _ = answer("gate", str(run), "--fail-under", "brier<=1", "--format", "json")
    assert code == 0
    assert [one["rule"] for one in json.loads(out)["verdicts"] if one["kind"] == "gate"] == ["brier <= 1"]
    code, out, _ = answer("report", str(run), "--full")
    assert "reliability curve of the positive class" in out
