"""The dependence of scores on properties of the cases."""

from dataclasses import dataclass

from xaudit.records.interval import Interval


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A slope of a regression, with its interval and test over patients.

    Attributes:
        name: ``intercept``, ``log2-lesion-area`` or ``confidence``; for a published protocol the feature's name, and
            ``spearman`` for the rank correlation with it.
        interval: change of the score per unit of ``name``.
        p_value: two-sided, against 0.
    """

    name: str
    interval: Interval
    p_value: float


@dataclass(frozen=True, slots=True)
class Regression:
    """The dependence of one localization score on the size of the lesion and the confidence of the model.

    Attributes:
        coefficients: empty without a fit.
        reason: the reason why there is no fit; empty if there is one.
        protocol: the published study whose regression it repeats, such as ``chexlocalize``; empty for xaudit's own.
        feature: the single regressor of such a regression; empty for xaudit's own, which uses all together.
    """

    model_id: str
    explainer_id: str
    metric_id: str
    reader: str
    coefficients: tuple[Coefficient, ...]
    n_cases: int
    n_patients: int
    reason: str = ""
    protocol: str = ""
    feature: str = ""
