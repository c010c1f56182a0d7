"""A data audit as plain JSON values, and its findings, values and gates as one table."""

from typing import Any

from xaudit.records import DataAudit, DataCheck, Interval, Verdict
from xaudit.report.files.json_report import plain_values
from xaudit.report.grid import Grid, Row, grid, row
from xaudit.report.sections.data_audit.headline import headline, not_checked
from xaudit.store.data_audit_tables import table_file

SCHEMA = "xaudit-data-audit"
SCHEMA_VERSION = 1


def data_audit_as_json(audit: DataAudit) -> dict[str, Any]:
    """Everything that a data audit knows, as JSON values; rows of tables stand in the Parquet files, whose names are here."""
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "xaudit": audit.version,
        "audit_id": audit.audit_id,
        "name": audit.name,
        "config_hash": audit.config_hash,
        "seed": audit.seed,
        "headline": headline(audit),
        "datasets": plain_values(audit.datasets),
        "models": list(audit.model_ids),
        "checks": [_check(check) for check in audit.checks],
        "gates": plain_values(audit.gates),
        "gate_on": audit.gate_on,
        "n_other_gates": audit.n_other_gates,
        "not_checked": not_checked(audit),
    }


def _check(check: DataCheck) -> dict[str, Any]:
    return {
        "id": check.id,
        "title": check.title,
        "dataset_id": check.dataset_id,
        "findings": plain_values(check.verdicts),
        "values": plain_values(check.values),
        "model_values": plain_values(check.model_values),
        "tables": [
            {"file": f"{table_file(check, name)}.parquet", "n_rows": len(rows)}
            for name, rows in check.tables.items()
            if rows
        ],
        "skipped": list(check.skipped),
    }


def data_audit_table(audit: DataAudit) -> Grid:
    """Return a row for each finding, value and gate, with all digits, for CSV."""
    rows: list[Row] = []
    for check in audit.checks:
        rows += [_verdict_row("finding", check.dataset_id, check.id, one) for one in check.verdicts]
        subjects = {check.dataset_id: check.values, **check.model_values}
        for subject, values in subjects.items():
            rows += [_value_row(check, subject, name, value) for name, value in values.items()]
    rows += [_verdict_row("gate", "", "", one) for one in audit.gates]
    columns = (
        "kind", "dataset", "check", "subject", "code_or_metric", "status", "value", "low", "high", "threshold",
        "patients", "sentence",
    )  # fmt: skip
    return grid(columns, rows)


def _verdict_row(kind: str, dataset: str, check: str, one: Verdict) -> Row:
    return row(
        kind, dataset, check, one.subject, one.code if kind == "finding" else one.rule, one.status,
        _digits(one.value), "", "", _digits(one.threshold), str(one.n_patients), one.sentence,
    )  # fmt: skip


def _value_row(check: DataCheck, subject: str, name: str, value: float | Interval) -> Row:
    known = value if isinstance(value, Interval) else Interval(value, None, None, "none")
    return row(
        "value", check.dataset_id, check.id, subject, name, "", _digits(known.estimate), _digits(known.low),
        _digits(known.high), "", "", "",
    )  # fmt: skip


def _digits(value: float | None) -> str:
    return "" if value is None else repr(float(value))
