"""The classification performance of a model."""

from collections.abc import Mapping
from dataclasses import dataclass

from xaudit.records.interval import Interval


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The classification performance of one model on one split.

    Attributes:
        matrix: rows are true classes, columns predicted ones, in the order of ``class_names``.
        measures: accuracy, sensitivity, specificity, auroc; a measure that the split does not allow is absent.
    """

    model_id: str
    dataset_id: str
    split: str
    class_names: tuple[str, ...]
    positive: str
    matrix: tuple[tuple[int, ...], ...]
    measures: Mapping[str, Interval]
    n_cases: int
    n_patients: int
    patients_known: bool
