"""A finished run in MLflow: metrics, gates and the page; the one file that imports mlflow.

Keys of metrics are ``model/explainer/metric``, with ``.low`` and ``.high`` for the interval; ``model/split/accuracy`` and its like for
the answers; ``gate/RULE`` is 1 for a gate that was kept and 0 for one that failed or had no data.
"""

import json
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from xaudit.errors import OutputError, UsageError
from xaudit.records import ALL_CASES, MODEL_LEVEL, NO_READER, Interval, Outcome
from xaudit.report.files.json_report import outcome_as_json
from xaudit.report.hashed_ids import HashedIds
from xaudit.report.html.render import html_report
from xaudit.report.sections.verdict import is_gate, model_verdict
from xaudit.stages.views.report_material import ReportMaterial

if TYPE_CHECKING:
    from mlflow import MlflowClient

ACTIVE = "active"
"""Stands for MLflow's own settings: MLFLOW_TRACKING_URI, and the run MLFLOW_RUN_ID where it is set."""

_NOT_IN_A_KEY = re.compile(r"[^\w./ :-]")
_LONGEST_KEY = 250
_BATCH = 500


def log_to_mlflow(
    material: ReportMaterial, uri: str, *, images: bool = True, hashed: HashedIds | None = None
) -> tuple[str, int]:
    """Log a finished run, and return the id of the MLflow run and the number of metrics.

    Args:
        material: what the page shows; its ids are replaced here.
        uri: of the tracking server or folder, or ``active``. With MLFLOW_RUN_ID the run of that id is added to and
            left running; without, a new one is made in the experiment named after the audit.
        images: False to leave out images, maps and outlines of single cases.
        hashed: stands for the ids of cases and patients; None to show them.

    Raises:
        UsageError: if mlflow is not installed, or two metrics would have one key.
        OutputError: if the server refuses, or cannot be reached.
    """
    if hashed is not None:
        material = replace(material, outcome=hashed.outcome(material.outcome))
    outcome = material.outcome
    metrics = mlflow_metrics(outcome)
    page = html_report(material, images=images, hashed=hashed)
    client = _client(uri)
    with _refusals(uri):
        given = os.environ.get("MLFLOW_RUN_ID", "")
        run_id = client.get_run(given).info.run_id if given else _new_run(client, outcome)
        _log(client, run_id, material, metrics)
        client.log_text(run_id, page, "report.html")
        report = json.dumps(outcome_as_json(outcome), indent=2, ensure_ascii=False, allow_nan=False)
        client.log_text(run_id, report + "\n", "report.json")
        if not given:
            client.set_terminated(run_id)
    return run_id, len(metrics)


def mlflow_metrics(outcome: Outcome) -> dict[str, float]:
    """Return every finite number of a run under its key in MLflow; results within strata are in ``report.json`` alone.

    Raises:
        UsageError: if two numbers would have one key.
    """
    metrics: dict[str, float] = {}
    for key, value in _numbers(outcome):
        short = _NOT_IN_A_KEY.sub("_", key)
        if short in metrics or len(short) > _LONGEST_KEY:
            raise UsageError(
                f"--mlflow: the key '{short}' is too long or stands for two numbers: MLflow's keys have letters, digits, _ - . : / "
                "and blanks",
                hint="give the models of the audit file other ids",
            )
        if value is not None and math.isfinite(value):
            metrics[short] = value
    return metrics


def _numbers(outcome: Outcome) -> Iterator[tuple[str, float | None]]:
    for summary in outcome.summaries:
        if summary.stratum == ALL_CASES:
            explainer = "" if summary.explainer_id == MODEL_LEVEL else f"{summary.explainer_id}/"
            reader = "" if summary.reader in (NO_READER, "union") else f"/{summary.reader}"
            yield from _interval(
                f"{summary.model_id}/{explainer}{summary.metric_id}{reader}", summary.interval
            )
    for evaluation in outcome.evaluations:
        for name, measure in evaluation.measures.items():
            yield from _interval(f"{evaluation.model_id}/{evaluation.split}/{name}", measure)
    for verdict in outcome.verdicts:
        if is_gate(verdict):
            rule = _in_letters(verdict.rule)
            yield f"gate/{verdict.subject}/{verdict.code}/{rule}", float(verdict.status == "pass")


def _in_letters(rule: str) -> str:
    """Write the comparison of a gate in letters, which MLflow's keys may have.

    Example:
        >>> _in_letters("iou >= 0.3")
        'iou at least 0.3'
    """
    for sign, words in ((">=", "at least"), ("<=", "at most"), ("==", "equal to")):
        rule = rule.replace(sign, words)
    return rule


def _interval(key: str, value: Interval) -> Iterator[tuple[str, float | None]]:
    yield key, value.estimate
    yield f"{key}.low", value.low
    yield f"{key}.high", value.high


def _client(uri: str) -> "MlflowClient":
    # MLflow would tell its makers of each use; it reads this when it is imported.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        from mlflow import MlflowClient
    except ImportError:
        raise UsageError(
            "--mlflow needs the package mlflow, which is not installed", hint="pip install 'xaudit[mlflow]'"
        ) from None
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # its own 7 wait for minutes
    with _refusals(uri):
        return MlflowClient() if uri == ACTIVE else MlflowClient(tracking_uri=uri)


def _new_run(client: "MlflowClient", outcome: Outcome) -> str:
    experiment = client.get_experiment_by_name(outcome.name)
    experiment_id = client.create_experiment(outcome.name) if experiment is None else experiment.experiment_id
    run_id: str = client.create_run(experiment_id, run_name=outcome.run_id).info.run_id
    return run_id


def _log(client: "MlflowClient", run_id: str, material: ReportMaterial, metrics: dict[str, float]) -> None:
    from mlflow.entities import Metric, Param

    outcome, manifest = material.outcome, material.manifest
    settings = {name: manifest[name] for name in ("xaudit", "config_hash", "seed") if name in manifest}
    params = [Param(f"xaudit.{name}", str(value)) for name, value in settings.items()]
    judged = {f"xaudit.verdict.{model}": model_verdict(outcome, model).lead for model in outcome.model_ids}
    for name, value in {"xaudit.run_id": outcome.run_id, **judged}.items():
        client.set_tag(run_id, _NOT_IN_A_KEY.sub("_", name), value)
    items = [Metric(key, value, 0, 0) for key, value in metrics.items()]
    client.log_batch(run_id, params=params)
    for first in range(0, len(items), _BATCH):
        client.log_batch(run_id, metrics=items[first : first + _BATCH])


@contextmanager
def _refusals(uri: str) -> Iterator[None]:
    """Inside, an error of MLflow raises OutputError."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:300]
        raise OutputError(
            f"--mlflow {uri}: {reason}", hint="check the address, and MLFLOW_RUN_ID where it is set"
        ) from error
