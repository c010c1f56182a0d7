"""The agreement between readers, and between readers and maps."""

from dataclasses import dataclass

from xaudit.records.interval import Interval


@dataclass(frozen=True, slots=True)
class ReaderAgreement:
    """The agreement of two readers on the cases that both have read.

    Attributes:
        dice: mean over the cases on which at least one of the two marked something, None if there is none.
        best_match_iou: mean, over the lesions of both readers, of the best overlap with a lesion of the other.
        kappa: Cohen's kappa over lesions that any reader marked and cases in which none did; None if undefined.
        n_cases: cases read by both.
        n_marked: cases marked by at least one of the two.
        n_lesions: separate lesions that any reader marked on these cases.
        dice_low: the lowest Dice of a case; None if there is none, or in runs written before this was stored.
        dice_high: the highest Dice of a case.
        iou_low: the lowest best-match IoU of a lesion.
        iou_high: the highest best-match IoU of a lesion.
        n_matches: number of lesions, of both readers, that ``best_match_iou`` is averaged over.
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
    """An explainer compared with the readers, each of whom is scored against the consensus of the others.

    Attributes:
        human: mean score of the readers over the common cases, with its interval.
        score: mean score of the explainer over the same cases.
        share: ``score`` over ``human``, with its interval; None if the readers score 0.
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
