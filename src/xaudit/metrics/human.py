"""The human level: one reader's mark held against the others', as a map is held against a mark."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from xaudit.cases.marks.readers import Policy, under_policy
from xaudit.config import MetricSpec
from xaudit.metrics import score_marked_map
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.localization.marked_map import MarkedMap
from xaudit.records import BoolArray

EMPTY = Absent("neither of the readers marked anything")
TOO_FEW = Absent("fewer than two readers looked at this case")
NO_CONSENSUS = Absent("fewer other readers looked at this case than must agree")
UNMARKED = Absent("no reader marked anything on this case")


def leave_one_out(
    spec: MetricSpec,
    masks: Mapping[str, BoolArray],
    valid: BoolArray,
    *,
    policy: Policy,
    votes: int | None = None,
) -> Mapping[str, Measured]:
    """The mean over the readers of a case of each one's score against the others, by the name of those marks.

    Under ``each``, a reader's marks are what the others are held against, one by one, as maps are; otherwise each is
    held against the consensus of the others. A reader who found nothing where the others marked something, or the
    other way round, missed it: 0, or the chance level of a metric of rank. A mark is already cut in two, so overlaps
    are those of the marks themselves, however the audit cuts maps.

    Args:
        spec: of the family ``localization``.
        masks: (H, W) by reader, what each marked; empty where one looked and found nothing.
        valid: (H, W), true where the model saw the image; all else is left out of account, as it is for maps.
        policy: of the audit.
        votes: readers that must agree under ``majority``.
    """
    names = list(masks) if policy == "each" else [policy]
    if len(masks) < 2:
        return dict.fromkeys(names, TOO_FEW)
    found: dict[str, Measured] = dict.fromkeys(names, NO_CONSENSUS)
    for name, trials in _trials(masks, policy, votes).items():
        values = [_of_pair(spec, mark, truth, valid) for mark, truth in trials]
        known = [value for value in values if not isinstance(value, Absent)]
        found[name] = float(np.mean(known)) if known else _why(values)
    return found


def _trials(
    masks: Mapping[str, BoolArray], policy: Policy, votes: int | None
) -> Mapping[str, Sequence[tuple[BoolArray, BoolArray]]]:
    """Each reader's mark beside what it is held against, by the name that the tables give the latter."""
    trials: dict[str, list[tuple[BoolArray, BoolArray]]] = defaultdict(list)
    for reader, mask in masks.items():
        others = {other: theirs for other, theirs in masks.items() if other != reader}
        for name, truth in under_policy(others, policy, votes=votes).items():
            trials[name].append((mask, truth))
    return trials


def _of_pair(spec: MetricSpec, mark: BoolArray, truth: BoolArray, valid: BoolArray) -> Measured:
    seen, wanted = mark[valid], truth[valid]
    if spec.name in OVERLAPS:
        return overlap_of_marks(spec.name, seen, wanted)
    if not seen.any() and not wanted.any():
        return EMPTY
    if not seen.any() or not wanted.any():
        return {"pixel-auroc": 0.5, "pixel-auprc": float(wanted.mean())}.get(spec.name, 0.0)
    # Of 0 and 1 every threshold in between keeps the same.
    return score_marked_map(spec, MarkedMap(mark.astype(np.float32), truth, valid, threshold=0.5))


def _why(values: Sequence[Measured]) -> Absent:
    """Return one reason why no pair of marks has a value."""
    reasons = [value for value in values if isinstance(value, Absent) and value != EMPTY]
    return reasons[0] if reasons else UNMARKED


def overlap_of_marks(measure: str, mark: BoolArray, other: BoolArray) -> Measured:
    """Score two marks by a measure of :data:`OVERLAPS`, the second in the place of the truth.

    A reader who found nothing where the other found something has not agreed: what can be counted is 0.

    Args:
        mark: any shape, in the place of a map.
        other: of the same shape, in the place of the mark.

    Raises:
        ValueError: for a measure that is none of these, or shapes that differ.
    """
    if measure not in OVERLAPS:
        raise ValueError(f"'{measure}' asks for more than overlap")
    if mark.shape != other.shape:
        raise ValueError(f"marks of {mark.shape} and {other.shape} do not match")
    if not mark.any() and not other.any():
        return EMPTY
    return OVERLAPS[measure](mark, other)


def _iou(mark: BoolArray, other: BoolArray) -> float:
    return _share(mark & other, mark | other)


def _dice(mark: BoolArray, other: BoolArray) -> float:
    both = 2 * int(np.count_nonzero(mark & other))
    return both / (int(np.count_nonzero(mark)) + int(np.count_nonzero(other)))


def _coverage(mark: BoolArray, other: BoolArray) -> float:
    return _share(mark & other, other)


def _precision(mark: BoolArray, other: BoolArray) -> float:
    return _share(mark & other, mark)


def _share(part: BoolArray, whole: BoolArray) -> float:
    """The part's share of the whole; 0 of nothing."""
    return int(np.count_nonzero(part)) / max(1, int(np.count_nonzero(whole)))


OVERLAPS: Mapping[str, Callable[[BoolArray, BoolArray], float]] = {
    "iou": _iou,
    "dice": _dice,
    "coverage": _coverage,
    "precision": _precision,
}
"""The localization metrics that a mark can take in a map's place; each is 0 to 1, higher is better."""
