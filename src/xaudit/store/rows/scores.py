"""Scores, and the curves they were computed from, as rows."""

import math
from collections.abc import Mapping
from typing import Any, assert_never

from xaudit.records import Score, ScoreCurve, ScoreKey, ScoreResult, Unscored
from xaudit.store.rows import schemas
from xaudit.store.rows.table import Table


def _score_row(result: ScoreResult) -> dict[str, object]:
    match result:
        case Score(key=key, value=value, n_evals=n_evals, seconds=seconds):
            if not math.isfinite(value):
                raise ValueError(
                    f"{key.metric_id} of {key.case_id} is {value}: that is Unscored, not a Score"
                )
            outcome = {"value": value, "status": "scored", "n_evals": n_evals, "seconds": seconds}
        case Unscored(key, reason):
            outcome = {"status": "unscored", "reason": reason, "n_evals": 0, "seconds": 0.0}
        case _:
            assert_never(result)
    return {
        "case_id": key.case_id,
        "patient_id": key.patient_id,
        "reader": key.reader,
        "model": key.model_id,
        "explainer": key.explainer_id,
        "explainer_hash": key.explainer_hash,
        "target": key.target,
        "correct": key.correct,
        "metric": key.metric_id,
        "metric_hash": key.metric_hash,
        "family": key.family,
        **outcome,
    }


def _curve_row(curve: ScoreCurve) -> dict[str, object]:
    return {
        "case_id": curve.case_id,
        "model": curve.model_id,
        "explainer": curve.explainer_id,
        "explainer_hash": curve.explainer_hash,
        "metric": curve.metric_id,
        "metric_hash": curve.metric_hash,
        "share": list(curve.share),
        "value": list(curve.value),
    }


def _curve(row: Mapping[str, Any]) -> ScoreCurve:
    return ScoreCurve(
        case_id=row["case_id"],
        model_id=row["model"],
        explainer_id=row["explainer"],
        explainer_hash=row["explainer_hash"],
        metric_id=row["metric"],
        metric_hash=row["metric_hash"],
        share=tuple(row["share"]),
        value=tuple(row["value"]),
    )


def _score(row: Mapping[str, Any]) -> ScoreResult:
    key = ScoreKey(
        case_id=row["case_id"],
        patient_id=row["patient_id"],
        reader=row["reader"],
        model_id=row["model"],
        explainer_id=row["explainer"],
        explainer_hash=row["explainer_hash"],
        target=row["target"],
        correct=row["correct"],
        metric_id=row["metric"],
        metric_hash=row["metric_hash"],
        family=row["family"],
    )
    match row["status"]:
        case "scored":
            return Score(key, row["value"], row["n_evals"], row["seconds"])
        case "unscored":
            return Unscored(key, row["reason"])
        case status:
            raise ValueError(f"no score has the status {status!r}")


SCORES = Table[ScoreResult](
    "scores",
    "one metric on one map, with a value or a reason",
    schemas.SCORES,
    _score_row,
    _score,
    in_parts=True,
)


CURVES = Table[ScoreCurve](
    "curves",
    "the curve from which one score was read; written where `run.curves` is set",
    schemas.CURVES,
    _curve_row,
    _curve,
    in_parts=True,
)
