"""The answers and features of one model on the test images of its data set."""

from dataclasses import dataclass

from xaudit.records.arrays import FloatArray
from xaudit.records.prediction import Prediction


@dataclass(frozen=True, slots=True, eq=False)
class ModelAnswers:
    """The answers of one model on the test images of its data set, with its features of them.

    Attributes:
        dataset_id: the data set that the model is audited on.
        predictions: one for each test image that the model could answer, in the data set's order.
        features: (n, d) float32, one row for each prediction in the same order: the input of the network's last linear
            layer. None if they cannot be read.
        no_features: why there are no features; empty if there are.
        skipped: sentences that name test images without an answer, and the reason.
    """

    model_id: str
    dataset_id: str
    predictions: tuple[Prediction, ...]
    features: FloatArray | None = None
    no_features: str = ""
    skipped: tuple[str, ...] = ()
