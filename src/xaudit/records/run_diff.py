"""The differences between two runs."""

from dataclasses import dataclass
from typing import Literal

from xaudit.records.interval import Interval
from xaudit.records.summary import ALL_CASES
from xaudit.records.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Move:
    """The change of one metric between two runs, for one model, explainer and reader, on the cases in both.

    Attributes:
        explainer_id: ``-`` if the metric concerns the model itself.
        higher_is_better: None if the metric has no direction.
        means: means of the base run and the head run over the common cases; None without any.
        difference: head minus base, paired by case; None without common cases.
        p_value: Wilcoxon's p on the patients' mean differences, None below 5 patients.
        p_adjusted: the same after Holm's correction over those moves of one model within a metric family that
            are not ``same``.
        n_unpaired: cases on which only one of the runs has a value.
        cluster: ``patient``, or ``case`` if a run names no patients.
        stratum: the part of the cases it covers; ``all`` for all of them.
        conclusion: the head run compared with the base run; ``same`` if no case changed, ``undecided`` if chance may
            explain the difference or there are too few patients for limits, ``none`` if no cases can be paired.
    """

    model_id: str
    explainer_id: str
    metric_id: str
    family: str
    reader: str
    higher_is_better: bool | None
    means: tuple[float, float] | None
    difference: Interval | None
    p_value: float | None
    p_adjusted: float | None
    n_cases: int
    n_patients: int
    n_unpaired: int
    cluster: str
    conclusion: Literal["higher", "lower", "same", "undecided", "none"]
    sentence: str
    stratum: str = ALL_CASES


@dataclass(frozen=True, slots=True)
class Flips:
    """The difference between one model's answers on one split in two runs, on the cases in both.

    Attributes:
        accuracies: accuracies of the base run and the head run.
        difference: difference of the accuracies, head minus base, with its interval over patients.
        n_fixed: cases that were wrong in the base run and are right in the head run.
        n_broken: cases that were right in the base run and are wrong in the head run.
        n_changed: cases with another answer, right or wrong.
        p_value: McNemar's mid-p over patients, each counted for the side with more of its cases; None below 5 patients.
        p_exact: the exact p of the same test.
        conclusion: the head run's accuracy compared with the base run's; ``same`` if no case was fixed or broken,
            ``undecided`` if chance may explain the difference.
    """

    model_id: str
    split: str
    accuracies: tuple[float, float]
    difference: Interval
    n_fixed: int
    n_broken: int
    n_changed: int
    n_cases: int
    n_patients: int
    cluster: str
    p_value: float | None
    conclusion: Literal["higher", "lower", "same", "undecided"]
    sentence: str
    p_exact: float | None = None


@dataclass(frozen=True, slots=True)
class CaseChanges:
    """The difference between the cases of two runs; all ids are sorted.

    Attributes:
        n_common: cases of both runs, with the same image.
        replaced: cases of both runs with different images; they are left out of all comparisons.
        relabelled: cases whose true class differs.
        remarked: cases whose marks differ.
    """

    n_common: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    replaced: tuple[str, ...]
    relabelled: tuple[str, ...]
    remarked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """A verdict that is new, gone or different in the second run; None for the run that lacks it."""

    base: Verdict | None
    head: Verdict | None


@dataclass(frozen=True, slots=True)
class RunDiff:
    """The differences between two finished runs.

    Attributes:
        notes: facts to know before blaming the model, such as settings that differ.
    """

    base_id: str
    head_id: str
    cases: CaseChanges
    flips: tuple[Flips, ...]
    moves: tuple[Move, ...]
    verdicts: tuple[VerdictChange, ...]
    notes: tuple[str, ...]
