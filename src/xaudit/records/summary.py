"""The mean of a metric over many cases."""

from dataclasses import dataclass

from xaudit.records.interval import Interval

ALL_CASES = "all"
"""Value of the stratum column for a summary over all cases."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The mean of one metric over all cases of one model, explainer and reader.

    Attributes:
        cluster: ``patient``, or ``case`` if the data names no patients.
        control_id: the best control of the same metric, None if there is none.
        control_difference: this explainer minus that control, paired by case.
        stratum: the part of the cases that is summarised, as ``property=value``; ``all`` for all of them.
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
