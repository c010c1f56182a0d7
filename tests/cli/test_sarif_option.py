"""``--sarif`` on the commands that know a verdict."""

import json
import shutil


def results(path):
    [run] = json.loads(path.read_text(encoding="utf-8"))["runs"]
    return run["results"]


def test_gate_writes_a_missed_gate_as_an_error(small_run, answer, tmp_path):
    code, _, _ = answer("gate", small_run, "--fail-under", "iou@external-given<=0.5", "--sarif", "a.sarif")
    assert code == 1
    errors = [one for one in results(tmp_path / "a.sarif") if one["level"] == "error"]
    assert [one["properties"]["rule"] for one in errors] == ["iou@external-given <= 0.5"]


def test_report_writes_the_runs_own_verdicts_without_ids_where_they_are_hashed(small_run, answer, tmp_path):
    assert answer("report", small_run, "--sarif", "b.sarif")[0] == 0
    assert answer("report", small_run, "--sarif", "c.sarif", "--hash-ids", "--format", "json")[0] == 0
    [b, c] = [results(tmp_path / name) for name in ("b.sarif", "c.sarif")]
    assert [one["fingerprints"] for one in b] == [one["fingerprints"] for one in c]
    assert b
    assert "DOE" not in (tmp_path / "c.sarif").read_text(encoding="utf-8")


def test_run_writes_it_too_and_a_stage_that_judges_nothing_refuses_it(
    small_run, answer, refusal, tmp_path, monkeypatch
):
    monkeypatch.chdir(small_run.parent.parent)
    assert answer("run", "audit.yaml", "-o", "runs", "-q", "--sarif", tmp_path / "d.sarif")[0] == 0
    assert results(tmp_path / "d.sarif")
    assert refusal("score", "audit.yaml", "-o", "runs", "-q", "--sarif", "e.sarif") == (
        "--sarif: `xaudit score` judges no gate",
        "`xaudit run` does",
    )


def test_a_run_without_its_answer_is_written_as_not_successful(small_run, answer, tmp_path, monkeypatch):
    shutil.copytree(small_run.parent.parent, tmp_path / "study", ignore=shutil.ignore_patterns("runs"))
    (tmp_path / "study" / "images" / "scan3.png").write_bytes(b"no image")
    monkeypatch.chdir(tmp_path / "study")
    code, _, err = answer("run", "audit.yaml", "-q", "--max-error-rate", "0", "--sarif", "f.sarif")
    assert code == 4, err
    [run] = json.loads((tmp_path / "study" / "f.sarif").read_text(encoding="utf-8"))["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["invocations"][0]["toolExecutionNotifications"]
