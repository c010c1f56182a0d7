"""Checks of the data as ``outcome.json`` of a run keeps them, without their pictures."""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from xaudit import records
from xaudit.records import DataCheck, Interval, Verdict


def check_as_plain(check: DataCheck) -> dict[str, Any]:
    """Return a check as JSON values; each table names the record that its rows are."""
    return {
        "id": check.id,
        "title": check.title,
        "dataset_id": check.dataset_id,
        "verdicts": [asdict(one) for one in check.verdicts],
        "values": {name: _plain_value(value) for name, value in check.values.items()},
        "model_values": {
            model: {name: _plain_value(value) for name, value in values.items()}
            for model, values in check.model_values.items()
        },
        "tables": {
            name: {"record": type(rows[0]).__name__, "rows": [asdict(row) for row in rows]}  # type: ignore[call-overload]
            for name, rows in check.tables.items()
            if rows
        },
        "skipped": list(check.skipped),
        "n_patients": check.n_patients,
        "cluster": check.cluster,
        "model_ids": list(check.model_ids),
    }


def check_of_plain(plain: Mapping[str, Any]) -> DataCheck:
    """Return a check from its plain form.

    Raises:
        ValueError: if a table holds records that this version does not know.
    """
    return DataCheck(
        id=plain["id"],
        title=plain["title"],
        dataset_id=plain["dataset_id"],
        verdicts=tuple(Verdict(**row) for row in plain["verdicts"]),
        values={name: _value(value) for name, value in plain["values"].items()},
        model_values={
            model: {name: _value(value) for name, value in values.items()}
            for model, values in plain["model_values"].items()
        },
        tables={name: _rows(table) for name, table in plain["tables"].items()},
        skipped=tuple(plain["skipped"]),
        n_patients=plain["n_patients"],
        cluster=plain.get("cluster", "patient"),
        model_ids=tuple(plain.get("model_ids", ())),
    )


def _rows(table: Mapping[str, Any]) -> tuple[object, ...]:
    record = getattr(records, str(table["record"]), None) if table["record"] in records.__all__ else None
    if not (isinstance(record, type) and is_dataclass(record)):
        raise ValueError(f"no record is called '{table['record']}'")
    return tuple(record(**row) for row in table["rows"])


def _plain_value(value: float | Interval) -> float | dict[str, Any]:
    return asdict(value) if isinstance(value, Interval) else value


def _value(plain: float | Mapping[str, Any]) -> float | Interval:
    return Interval(**plain) if isinstance(plain, Mapping) else plain
