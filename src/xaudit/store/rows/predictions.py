"""Predictions as rows."""

from collections.abc import Mapping
from typing import Any

from xaudit.records import Prediction
from xaudit.store.rows import schemas
from xaudit.store.rows.table import Table


def _prediction_row(prediction: Prediction) -> dict[str, object]:
    return {
        "case_id": prediction.case_id,
        "patient_id": prediction.patient_id,
        "model": prediction.model_id,
        "split": prediction.split,
        "label": prediction.label,
        "predicted": prediction.predicted,
        "target": prediction.target,
        "correct": prediction.correct,
        "class_names": list(prediction.class_names),
        "logits": list(prediction.logits),
        "probabilities": list(prediction.probabilities),
    }


def _prediction(row: Mapping[str, Any]) -> Prediction:
    return Prediction(
        case_id=row["case_id"],
        patient_id=row["patient_id"],
        model_id=row["model"],
        split=row["split"],
        label=row["label"],
        predicted=row["predicted"],
        target=row["target"],
        logits=tuple(row["logits"]),
        probabilities=tuple(row["probabilities"]),
        class_names=tuple(row["class_names"]),
    )


PREDICTIONS = Table[Prediction](
    "predictions", "what one model said of one case", schemas.PREDICTIONS, _prediction_row, _prediction
)
