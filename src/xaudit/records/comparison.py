"""A paired comparison of two explainers, models or runs on the same cases."""

from dataclasses import dataclass
from typing import Literal

from xaudit.records.interval import Interval
from xaudit.records.summary import ALL_CASES


@dataclass(frozen=True, slots=True)
class Comparison:
    """A paired comparison of two explainers, models or runs on the same cases, for one metric and reader.

    Attributes:
        explainer_id: the first explainer.
        other_id: the second explainer; the same one if models or runs are compared.
        means: means of the first and the second over the common cases, None if there are none.
        difference: mean of the first minus the second, paired by case; None without common cases.
        p_value: Wilcoxon's p on the patients' mean differences, None below 5 patients.
        p_adjusted: the same after Holm's correction over one model's comparisons within a metric family.
        n_wins: cases on which the first is better (higher, if a metric has no direction).
        n_losses: cases on which the second is better.
        n_unpaired: cases on which only one of the two has a value.
        cluster: ``patient``, or ``case`` if the data names no patients.
        conclusion: the first compared with the second; ``same`` if they are equal in every case, ``undecided`` if chance
            may explain the difference or there are too few patients for limits, ``none`` without common cases.
        axis: the property in which the two differ.
        other_model_id: the second's model; the same one unless models are compared.
        stratum: the part of the cases that is compared.
        effect_size: matched-pairs rank-biserial correlation of the patients' mean differences, -1 to 1.
        p_sign_flip: p of the permutation of signs by patient, None below 5 patients.
        p_mcnemar: McNemar's mid-p, by patient; None if the values are not hits or below 5 patients.
        p_mcnemar_exact: the exact p of the same test, which is more cautious.
    """

    model_id: str
    metric_id: str
    family: str
    reader: str
    explainer_id: str
    other_id: str
    means: tuple[float, float] | None
    difference: Interval | None
    p_value: float | None
    p_adjusted: float | None
    n_wins: int
    n_ties: int
    n_losses: int
    n_cases: int
    n_patients: int
    n_unpaired: int
    cluster: str
    conclusion: Literal["higher", "lower", "same", "undecided", "none"]
    sentence: str
    axis: Literal["explainer", "model", "run"] = "explainer"
    run_id: str = ""
    other_run_id: str = ""
    other_model_id: str = ""
    stratum: str = ALL_CASES
    effect_size: float | None = None
    p_sign_flip: float | None = None
    p_sign_flip_adjusted: float | None = None
    p_mcnemar: float | None = None
    p_mcnemar_adjusted: float | None = None
    p_mcnemar_exact: float | None = None
    p_mcnemar_exact_adjusted: float | None = None
