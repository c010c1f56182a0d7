"""``xaudit report --mlflow`` against a local store; the keys are tried without MLflow too."""

from dataclasses import replace
from pathlib import Path

import outcomes
import pytest

from xaudit.errors import UsageError
from xaudit.report.mlflow_log import mlflow_metrics


def test_every_number_over_all_cases_has_a_key_and_its_interval():
    outcome = outcomes.phantom_outcome()
    metrics = mlflow_metrics(outcome)
    [iou] = [
        one
        for one in outcome.summaries
        if (one.model_id, one.explainer_id, one.metric_id, one.stratum) == ("honest", "gradcam", "iou", "all")
    ]
    assert metrics["honest/gradcam/iou"] == iou.interval.estimate
    assert (metrics["honest/gradcam/iou.low"], metrics["honest/gradcam/iou.high"]) == (
        iou.interval.low,
        iou.interval.high,
    )
    assert metrics["honest/test/accuracy"] == outcome.evaluations[0].measures["accuracy"].estimate


def test_a_gate_is_one_or_zero_under_its_rule_in_the_letters_of_a_key():
    outcome = outcomes.phantom_outcome()
    gates = ("reliance-mark >= 0.2", "reliance-border <= 0.1")
    outcome = replace(outcome, verdicts=outcomes.verdicts(outcome.summaries, gates=gates))
    found = {key: value for key, value in mlflow_metrics(outcome).items() if key.startswith("gate/")}
    assert found["gate/honest/XA101/reliance-mark at least 0.2"] == 1
    assert found["gate/shortcut/XA101/reliance-mark at least 0.2"] == 0
    assert set(found.values()) == {0.0, 1.0}


def test_gates_of_one_limit_on_both_sides_have_two_keys():
    outcome = outcomes.phantom_outcome()
    gates = ("reliance-border >= 0.1", "reliance-border <= 0.1")
    outcome = replace(outcome, verdicts=outcomes.verdicts(outcome.summaries, gates=gates))
    keys = [key for key in mlflow_metrics(outcome) if key.startswith("gate/honest")]
    assert [key.partition("reliance-border ")[2] for key in keys] == ["at least 0.1", "at most 0.1"]


def test_mlflow_is_asked_to_tell_nobody_of_its_use(small_run, refusal, monkeypatch):
    import os
    import sys

    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY", raising=False)
    refusal("report", small_run, "--mlflow", "store")
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_two_numbers_under_one_key_are_refused_and_not_mixed():
    outcome = outcomes.phantom_outcome()
    first = outcome.summaries[0]
    twins = (replace(first, model_id="a+b"), replace(first, model_id="a*b"))
    with pytest.raises(UsageError, match="stands for two numbers"):
        mlflow_metrics(replace(outcome, summaries=twins))


def test_without_mlflow_the_hint_names_the_extra(small_run, refusal, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "mlflow", None)
    assert refusal("report", small_run, "--mlflow", "store") == (
        "--mlflow needs the package mlflow, which is not installed",
        "pip install 'xaudit[mlflow]'",
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # those of the packages that mlflow imports
def test_metrics_gates_and_page_are_in_the_store(small_run, answer, refusal, tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.delenv("MLFLOW_RUN_ID", raising=False)
    store = f"sqlite:///{tmp_path}/store.db"  # newer versions refuse a folder
    code, out, err = answer("report", small_run, "--mlflow", store, "--hash-ids", "--no-images")
    assert code == 0, err
    client = mlflow.MlflowClient(tracking_uri=store)
    logged = client.get_run(out.strip())
    assert logged.info.status == "FINISHED"
    assert logged.data.metrics["m/external-given/iou"] == 1
    assert logged.data.tags["xaudit.run_id"] == small_run.name
    assert logged.data.tags["mlflow.runName"] == small_run.name
    assert client.get_experiment(logged.info.experiment_id).name == "s"
    assert {one.path for one in client.list_artifacts(out.strip())} == {"report.html", "report.json"}
    page = Path(client.download_artifacts(out.strip(), "report.html", str(tmp_path))).read_text(
        encoding="utf-8"
    )
    assert page.startswith("<!doctype html>")
    assert "DOE" not in page
    # a run that is under way is added to and stays open
    active = client.create_run(logged.info.experiment_id).info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", active)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    code, out, err = answer("report", small_run, "--mlflow", "active")
    assert (code, out.strip()) == (0, active), err
    assert client.get_run(active).info.status == "RUNNING"
    assert client.get_run(active).data.metrics["m/external-given/iou"] == 1
    monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)
    error, _ = refusal("report", small_run, "--mlflow", "active")
    assert error.startswith("--mlflow active: ")
