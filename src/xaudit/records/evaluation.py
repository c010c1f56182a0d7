"""How well a model classifies."""

from collections.abc import Mapping
from dataclasses import dataclass

from xaudit.records.interval import Interval


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well one model classifies one split.

    Attributes:
        matrix: rows are true classes, columns predicted ones, in the order of ``class_names``.
        measures: accuracy, sensitivity, specificity, auroc; absent where the split cannot give them.
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
