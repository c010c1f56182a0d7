"""A finished run as plain JSON values, with a version that grows when their meaning changes."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from xaudit.records import Outcome
from xaudit.report.sections.closing import left_out_lines
from xaudit.report.sections.verdict import model_verdict, worst_first

SCHEMA = "xaudit-report"
SCHEMA_VERSION = 1


def outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    """Everything a report knows, as JSON values; absent numbers are null, never NaN.

    The values of mean maps stand in ``mean_reliance.parquet`` and ``map_clusters.parquet`` alone.
    """
    plain = _plain(outcome)
    for one in plain["mean_reliance"]:
        del one["rows"]
    for one in plain["map_clusters"]:
        for group in one["groups"]:
            del group["rows"]
    for one in plain["data_checks"]:
        del one["images"]
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        **plain,
        "judgements": _judgements(outcome),
        "left_out": left_out_lines(outcome),
    }


def verdicts_as_json(outcome: Outcome) -> dict[str, Any]:
    """Only the verdicts of a run."""
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "run_id": outcome.run_id,
        "verdicts": _plain(outcome.verdicts),
        "judgements": _judgements(outcome),
    }


def _judgements(outcome: Outcome) -> list[dict[str, str]]:
    """The verdict on each model as the report prints it: the worse of gates and findings, and what each says."""
    found = [(model, model_verdict(outcome, model)) for model in worst_first(outcome)]
    return [
        {"model_id": model, "judged": said.lead.lower(), "sentence": said.text.removeprefix(f"{model}: ")}
        for model, said in found
    ]


def plain_values(record: object) -> Any:  # noqa: ANN401  (any JSON value)
    """A record, or a sequence or mapping of records, as JSON values."""
    return _plain(record)


def _plain(value: object) -> Any:  # noqa: ANN401
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"no JSON for {type(value).__name__}")
