"""Answers of models to images with a changed property, as rows."""

from collections.abc import Mapping
from typing import Any

from xaudit.records import ImageChange
from xaudit.store.rows import dependence_schemas
from xaudit.store.rows.table import Table

_SAME = (
    "case_id",
    "patient_id",
    "target",
    "label",
    "change",
    "finding_kept",
    "probability",
    "log_odds",
    "probability_change",
    "log_odds_change",
    "value",
    "value_change",
)


def _row(change: ImageChange) -> dict[str, object]:
    return {"model": change.model_id, **{name: getattr(change, name) for name in _SAME}}


def _image_change(row: Mapping[str, Any]) -> ImageChange:
    return ImageChange(model_id=row["model"], **{name: row[name] for name in _SAME})


IMAGE_CHANGES = Table[ImageChange](
    "image_changes",
    "how one model's answer to one case changes by one step of a property of the whole image",
    dependence_schemas.IMAGE_CHANGES,
    _row,
    _image_change,
    in_parts=True,
)
