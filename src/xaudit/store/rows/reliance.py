"""Reliance of models on regions, as rows."""

from collections.abc import Mapping
from typing import Any

from xaudit.records import Reliance
from xaudit.store.rows import dependence_schemas
from xaudit.store.rows.table import Table

_RELIANCE_SAME = (
    "case_id",
    "patient_id",
    "target",
    "correct",
    "region",
    "infill",
    "fraction",
    "probability",
    "probability_drop",
    "logit_drop",
    "control_probability_drop",
    "control_logit_drop",
    "beyond_random",
    "logit_beyond_random",
    "rise_beyond_random",
    "logit_rise_beyond_random",
    "label",
    "percentile",
)


def _reliance_row(reliance: Reliance) -> dict[str, object]:
    same = {name: getattr(reliance, name) for name in _RELIANCE_SAME}
    return {"model": reliance.model_id, **same}


def _reliance(row: Mapping[str, Any]) -> Reliance:
    return Reliance(model_id=row["model"], **{name: row[name] for name in _RELIANCE_SAME})


RELIANCE = Table[Reliance](
    "reliance",
    "how much one model's answer on one case depends on one region",
    dependence_schemas.RELIANCE,
    _reliance_row,
    _reliance,
    in_parts=True,
)
