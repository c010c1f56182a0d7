"""What many scores come to."""

from dataclasses import dataclass

from xaudit.records.interval import Interval

ALL_CASES = "all"
"""Stands in the stratum column of a summary over all cases."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One metric over all cases of one model, explainer and reader.

    Attributes:
        cluster: ``patient``, or ``case`` where the data names no patients.
        control_id: the best control of the same metric, None where there is none.
        control_difference: this explainer minus that control, paired by case.
        stratum: the part of the cases it covers, as ``property=value``; ``all`` for all of them.
    """

    model_id: str
    explainer_id: str
    metric_id: str
    family: str
    reader: str
    interval: Interval
    n_cases: int
    n_patients: int
    n_unscored: int
    cluster: str
    control_id: str | None = None
    control_difference: Interval | None = None
    stratum: str = ALL_CASES
