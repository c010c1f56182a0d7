"""Agreement of readers on the cases that they share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from scipy import ndimage

from xaudit.records import BoolArray, ReaderAgreement

ReadCase = Mapping[str, Sequence[BoolArray]]
"""Each reader's marks on one case, one (H, W) mask per mark; empty if a reader looked and marked nothing."""

_TOUCHING = np.ones((3, 3), dtype=bool)


@dataclass(slots=True)
class _Tally:
    """Counts and overlaps of two readers' marks, case by case."""

    dice: list[float] = field(default_factory=list)
    best: list[float] = field(default_factory=list)
    votes: list[tuple[bool, bool]] = field(default_factory=list)
    n_cases: int = 0
    n_lesions: int = 0


def reader_agreement(cases: Iterable[ReadCase], *, dataset_id: str) -> tuple[ReaderAgreement, ...]:
    """Compute Dice, best-match IoU and lesion-level kappa of every two readers who share a case.

    A reader who looked and marked nothing takes part: against a mark, Dice is 0 and the mark has no match. If both
    marked nothing there is no overlap to measure, and the case counts for kappa only.

    Returns:
        Sorted by the two readers' names.
    """
    tallies: dict[tuple[str, str], _Tally] = {}
    for case in cases:
        lesions = _lesions(case)
        for first, second in combinations(sorted(case), 2):
            tally = tallies.setdefault((first, second), _Tally())
            tally.n_cases += 1
            tally.n_lesions += len(lesions)
            votes = [(first in who, second in who) for who in lesions] or [(False, False)]
            tally.votes += votes
            if case[first] or case[second]:
                tally.dice.append(_dice_of_marks(case[first], case[second]))
                tally.best += _best_matches(case[first], case[second])
    return tuple(
        ReaderAgreement(
            dataset_id=dataset_id,
            first=first,
            second=second,
            dice=float(np.mean(tally.dice)) if tally.dice else None,
            best_match_iou=float(np.mean(tally.best)) if tally.best else None,
            kappa=kappa(tally.votes),
            n_cases=tally.n_cases,
            n_marked=len(tally.dice),
            n_lesions=tally.n_lesions,
            dice_low=min(tally.dice, default=None),
            dice_high=max(tally.dice, default=None),
            iou_low=min(tally.best, default=None),
            iou_high=max(tally.best, default=None),
            n_matches=len(tally.best),
        )
        for (first, second), tally in sorted(tallies.items())
    )


def dice(first: BoolArray, second: BoolArray) -> float:
    """Return twice the common pixels over the pixels of both; 0 to 1, 0 if both are empty.

    Example:
        >>> round(dice(np.array([True, True, False]), np.array([False, True, False])), 4)
        0.6667

    Source: Dice 1945.
    """
    total = int(np.count_nonzero(first)) + int(np.count_nonzero(second))
    return 2 * int(np.count_nonzero(first & second)) / total if total else 0.0


def kappa(votes: Sequence[tuple[bool, bool]]) -> float | None:
    """Return Cohen's kappa of two readers' yes and no: agreement beyond what their rates of yes give by chance.

    1 is full agreement, 0 chance. None if both always give the same single answer, since chance then agrees too.

    The units are lesions, not pixels: each area that any reader of the case marked, plus one for each case in which
    nobody marked anything. With only two readers no lesion has two noes, so without empty cases kappa cannot be above 0;
    agreement on nothing is measured by the third reader's lesions and the empty cases.

    Example:
        Agreement 3 of 4; by chance ½ · ¾ + ½ · ¼ = ½.

        >>> kappa([(True, True), (True, True), (False, False), (False, True)])
        0.5

    Source: Cohen 1960.
    """
    if not votes:
        return None
    first, second = np.array(votes, dtype=np.float64).T
    agreed = float((first == second).mean())
    by_chance = float(first.mean() * second.mean() + (1 - first.mean()) * (1 - second.mean()))
    return None if by_chance == 1.0 else (agreed - by_chance) / (1 - by_chance)


def _lesions(case: ReadCase) -> list[frozenset[str]]:
    """Return the readers who marked each separate area of a case; marks that touch, by any reader, are one area."""
    together = {reader: np.logical_or.reduce(marks) for reader, marks in case.items() if marks}
    if not together:
        return []
    labels, n_lesions = ndimage.label(np.logical_or.reduce(list(together.values())), structure=_TOUCHING)
    return [
        frozenset(reader for reader, mask in together.items() if (labels[mask] == lesion).any())
        for lesion in range(1, n_lesions + 1)
    ]


def _dice_of_marks(first: Sequence[BoolArray], second: Sequence[BoolArray]) -> float:
    if not first or not second:
        return 0.0
    return dice(np.logical_or.reduce(first), np.logical_or.reduce(second))


def _best_matches(first: Sequence[BoolArray], second: Sequence[BoolArray]) -> list[float]:
    """Return the best IoU of each mark of either reader with one of the other's; 0 if there is none."""
    overlaps = np.array([[_iou(a, b) for b in second] for a in first]).reshape(len(first), len(second))
    return [
        *(float(row.max(initial=0.0)) for row in overlaps),
        *(float(column.max(initial=0.0)) for column in overlaps.T),
    ]


def _iou(first: BoolArray, second: BoolArray) -> float:
    either = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / either if either else 0.0
