"""The images of one true class that a model answered, as arrays, and the levels of the attributes on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.records import Attribute, BoolArray, FloatArray, IntArray, Prediction

SENSITIVITY, SPECIFICITY = "sensitivity", "specificity"


@dataclass(frozen=True, slots=True, eq=False)
class TestedImages:
    """The images of the positive class, or all others, with one model's answers.

    Attributes:
        measure: ``sensitivity`` or ``specificity``: the share that is right.
        label: the class, in words.
        right: (n,), 1 where positive images are called positive and others are not.
        logits: (n,), log-odds of the positive class.
        patients: (n,), codes from 0.
        case_ids: of each image.
    """

    measure: str
    label: str
    right: FloatArray
    logits: FloatArray
    patients: IntArray
    case_ids: tuple[str, ...]

    def is_level(self, attribute: Attribute, level: str) -> BoolArray:
        """Return True for the images with a level."""
        return np.array([attribute.by_case.get(case_id) == level for case_id in self.case_ids], dtype=bool)

    def is_known(self, attribute: Attribute) -> BoolArray:
        """Return True for the images whose level is known."""
        return np.array([case_id in attribute.by_case for case_id in self.case_ids], dtype=bool)

    def n_patients(self, inside: BoolArray) -> int:
        """Return the number of patients with an image inside."""
        return len(np.unique(self.patients[inside]))


def tested_images(
    predictions: Sequence[Prediction], positive: str, clusters: Mapping[str, str]
) -> tuple[TestedImages, TestedImages]:
    """Return the images of the positive class, and all others."""
    ordered = sorted(predictions, key=lambda one: one.case_id)
    return (
        _of_class(
            SENSITIVITY,
            f"'{positive}'",
            [one for one in ordered if one.label == positive],
            clusters,
            positive,
        ),
        _of_class(
            SPECIFICITY,
            f"not '{positive}'",
            [one for one in ordered if one.label != positive],
            clusters,
            positive,
        ),
    )


def _of_class(
    measure: str,
    label: str,
    predictions: Sequence[Prediction],
    clusters: Mapping[str, str],
    positive: str,
) -> TestedImages:
    names = [clusters.get(one.case_id, one.case_id) for one in predictions]
    called = np.array([one.predicted == positive for one in predictions], dtype=bool)
    return TestedImages(
        measure,
        label,
        (called if measure == SENSITIVITY else ~called).astype(np.float64),
        np.array([log_odds(one, positive) for one in predictions]),
        np.unique(names, return_inverse=True)[1] if names else np.zeros(0, dtype=np.intp),
        tuple(one.case_id for one in predictions),
    )


def log_odds(prediction: Prediction, positive: str) -> float:
    """Return the log-odds of the positive class."""
    logits = np.asarray(prediction.logits, dtype=np.float64)
    index = prediction.class_names.index(positive)
    return float(logits[index] - np.logaddexp.reduce(np.delete(logits, index)))
