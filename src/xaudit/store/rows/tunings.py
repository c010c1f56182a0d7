"""Tuned thresholds, and the curves they were chosen from, as rows."""

from collections.abc import Mapping
from typing import Any

from xaudit.records import TunedThreshold, TuningCurve
from xaudit.store.rows import schemas
from xaudit.store.rows.table import Table


def _tuning_row(curve: TuningCurve) -> dict[str, object]:
    return {
        "case_id": curve.case_id,
        "patient_id": curve.patient_id,
        "model": curve.model_id,
        "explainer": curve.explainer_id,
        "explainer_hash": curve.explainer_hash,
        "target": curve.target,
        "thresholds": list(curve.thresholds),
        "ious": list(curve.ious),
    }


def _tuning(row: Mapping[str, Any]) -> TuningCurve:
    return TuningCurve(
        case_id=row["case_id"],
        patient_id=row["patient_id"],
        model_id=row["model"],
        explainer_id=row["explainer"],
        explainer_hash=row["explainer_hash"],
        target=row["target"],
        thresholds=tuple(row["thresholds"]),
        ious=tuple(row["ious"]),
    )


_THRESHOLD_SAME = ("explainer_hash", "target", "split", "threshold", "iou", "n_cases", "n_patients")


def _threshold_row(tuned: TunedThreshold) -> dict[str, object]:
    same = {name: getattr(tuned, name) for name in _THRESHOLD_SAME}
    return {"model": tuned.model_id, "explainer": tuned.explainer_id, **same}


def _threshold(row: Mapping[str, Any]) -> TunedThreshold:
    same = {name: row[name] for name in _THRESHOLD_SAME}
    return TunedThreshold(model_id=row["model"], explainer_id=row["explainer"], **same)


TUNING = Table[TuningCurve](
    "tuning",
    "how well one map of the tuning split meets its marks at each threshold",
    schemas.TUNING,
    _tuning_row,
    _tuning,
    in_parts=True,
)


THRESHOLDS = Table[TunedThreshold](
    "thresholds",
    "the threshold that was tuned for one model, explainer and class",
    schemas.THRESHOLDS,
    _threshold_row,
    _threshold,
)
