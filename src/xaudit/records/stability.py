"""Changes under which a verdict was reached again, from stored values alone."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Stability:
    """The result of judging again without single patients, with other draws, under single in-fills, and at other thresholds.

    Attributes:
        cluster: ``patient``, or ``case`` if the data names no patients.
        n_left_out: patients that were left out, one at a time; 0 if fewer than 6 have a value.
        n_patients: patients that have a value; more than ``n_left_out`` if only the most influential were left out.
        deciding: ids of those without whom the verdict would be another, sorted.
        n_redrawn: how often the intervals were drawn anew, each time with another seed of the resampling.
        n_redrawn_held: how often the verdict was the same then.
        by_infill: each in-fill, and True if the verdict is the same with it alone; empty for a run with one in-fill.
        by_threshold: each other threshold, and True if the verdict is the same with it.
    """

    cluster: Literal["patient", "case"]
    n_left_out: int
    n_patients: int
    deciding: tuple[str, ...] = ()
    n_redrawn: int = 0
    n_redrawn_held: int = 0
    by_infill: tuple[tuple[str, bool], ...] = ()
    by_threshold: tuple[tuple[float, bool], ...] = ()
