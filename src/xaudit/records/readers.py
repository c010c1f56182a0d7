"""How far readers agree, and how near a map comes to them."""

from dataclasses import dataclass

from xaudit.records.interval import Interval


@dataclass(frozen=True, slots=True)
class ReaderAgreement:
    """How far two readers agree on the cases that both have read.

    Attributes:
        dice: mean over the cases on which at least one of the two marked something, None where there is none.
        best_match_iou: mean over the lesions of both of the best overlap with one of the other's.
        kappa: Cohen's, over lesions that any reader marked and cases in which none did; None where it is not defined.
        n_cases: read by both.
        n_marked: of these, marked by at least one of the two.
        n_lesions: separate lesions that any reader marked on these cases.
        dice_low: the lowest Dice of a case; None where there is none, or a run was written before this was kept.
        dice_high: the highest.
        iou_low: the lowest best-match IoU of a lesion.
        iou_high: the highest.
        n_matches: lesions of both readers, each with its best match, that ``best_match_iou`` is the mean of.
    """

    dataset_id: str
    first: str
    second: str
    dice: float | None
    best_match_iou: float | None
    kappa: float | None
    n_cases: int
    n_marked: int
    n_lesions: int
    dice_low: float | None = None
    dice_high: float | None = None
    iou_low: float | None = None
    iou_high: float | None = None
    n_matches: int = 0


@dataclass(frozen=True, slots=True)
class Ceiling:
    """One explainer beside the readers, who are scored against the consensus of each other.

    Attributes:
        human: mean score of the readers over the common cases, with its interval.
        score: mean score of the explainer over the same cases.
        share: ``score`` over ``human``, with its interval; None where the readers score 0.
        difference: explainer minus readers, paired by case.
    """

    model_id: str
    explainer_id: str
    metric_id: str
    reader: str
    human: Interval
    score: float
    share: Interval | None
    difference: Interval
    n_cases: int
    n_patients: int
