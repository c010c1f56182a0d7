"""A model's answer on one case."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer of one model on one case, and the class that is explained.

    Attributes:
        logits: one per class, in the order of the data set's class names.
        probabilities: softmax of the logits.
        predicted: the class with the highest logit.
        target: the class whose evidence the maps show.
    """

    case_id: str
    patient_id: str | None
    model_id: str
    split: str
    label: str
    predicted: str
    target: str
    logits: tuple[float, ...]
    probabilities: tuple[float, ...]
    class_names: tuple[str, ...]

    @property
    def correct(self) -> bool:
        """Return True if the predicted class is the true class."""
        return self.predicted == self.label
