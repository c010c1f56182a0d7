"""Permutation test of many groups of cases at once: patients exchange their answers, with one error rate for all groups."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from xaudit.records import BoolArray, FloatArray, IntArray

_CHUNK = 2**22
_TIED = 1e-9
_BLOCK = 8
"""Patients who exchange answers among each other, at least."""

_NONE = 1e-12
"""A standard error below this is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers on cases that are exchangeable under the null hypothesis, such as those of one true class.

    Attributes:
        values: (cases, measures), such as right or wrong, and the logit.
        patients: (cases,), codes from 0.
        inside: (cases, groups), true inside a group; each group has a case.
        outside: (cases, groups), true for the cases that the group is compared with, one at least.
    """

    values: FloatArray
    patients: IntArray
    inside: BoolArray
    outside: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class GroupTest:
    """Results of the test, one for each measure of each group.

    Attributes:
        p: by itself.
        adjusted: family-wise, over all measures and groups.
    """

    p: FloatArray
    adjusted: FloatArray


def permuted_statistics(answers: Answers, *, draws: int, generator: np.random.Generator) -> FloatArray:
    """Return each group's difference in standard errors, as observed and under permutations of patients.

    The difference is the mean inside less the mean outside; its standard error is that over patients around the common mean.
    Under the null hypothesis it does not matter whose answers a patient has. Each patient's cases get the answers of another
    patient with about as many, in an order that begins anywhere; a patient with fewer cases gives some of them again. That makes cases of a
    patient more alike than they are, which the standard error takes out.

    Returns:
        (1 + draws, measures * groups), the observed statistics first; 0 where all answers are alike.

    Source: Chung and Romano 2013 for studentised permutation tests.
    """
    order = np.argsort(answers.patients, kind="stable")
    chunks = permuted_cases(answers.patients, draws=draws, generator=generator, width=answers.values.shape[1])
    rows = [
        [_statistics(column[index][:, order], answers, order) for column in answers.values.T]
        for index in chain([np.arange(len(order))[None]], chunks)
    ]
    return np.concatenate([np.concatenate(measures, axis=1) for measures in rows])


def _statistics(drawn: FloatArray, answers: Answers, order: IntArray) -> FloatArray:
    """Return the statistic of each group, (rows, groups), from answers (rows, cases) that are sorted by patient."""
    patients = answers.patients[order]
    centred = drawn - drawn.mean(axis=1, keepdims=True)
    counts = np.bincount(patients)
    everyone = np.add.reduceat(centred, np.flatnonzero(np.diff(patients, prepend=-1)), axis=1)
    unions: dict[bytes, FloatArray] = {}

    def totals(mask: BoolArray) -> FloatArray:
        """Return the sum of each patient's centred answers inside a mask, (rows, patients)."""
        n_inside = np.bincount(patients[mask], minlength=len(counts))
        if ((n_inside == 0) | (n_inside == counts)).all():
            return np.asarray(everyone * (n_inside > 0))
        starts = np.flatnonzero(np.diff(patients[mask], prepend=-1))
        sums = np.zeros((len(drawn), int(patients[-1]) + 1))
        sums[:, patients[mask][starts]] = np.add.reduceat(centred[:, mask], starts, axis=1)
        return sums

    statistics = np.zeros((len(drawn), answers.inside.shape[1]))
    for group in range(answers.inside.shape[1]):
        inside, outside = answers.inside[order, group], answers.outside[order, group]
        key = (inside | outside).tobytes()
        if key not in unions:
            unions[key] = totals(inside | outside)
        own = totals(inside)
        errors = own / inside.sum() - (unions[key] - own) / outside.sum()
        size = np.sqrt((errors**2).sum(axis=1))
        statistics[:, group] = np.divide(
            errors.sum(axis=1), size, out=np.zeros(len(drawn)), where=size > _NONE
        )
    return statistics


def permuted_cases(
    patients: IntArray, *, draws: int, generator: np.random.Generator, width: int = 1
) -> Iterator[IntArray]:
    """Yield, in chunks of (rows, cases), the case whose answer each case gets when patients exchange theirs.

    Args:
        patients: codes from 0.
        draws: permutations in all.
        generator: of the permutations.
        width: values of a case, which decide the size of a chunk.
    """
    order = np.argsort(patients, kind="stable")
    _, starts, own, counts = np.unique(
        patients[order], return_index=True, return_inverse=True, return_counts=True
    )
    blocks = _alike(counts)
    place = np.arange(len(order)) - starts[own]
    back = np.argsort(order, kind="stable")
    rows = max(1, _CHUNK // max(1, len(order) * width))
    for start in range(0, draws, rows):
        size = min(rows, draws - start)
        givers = np.empty((size, len(counts)), dtype=np.intp)
        for block in blocks:
            givers[:, block] = generator.permuted(np.tile(block, (size, 1)), axis=1)
        offsets = generator.integers(0, counts[givers])
        index = starts[givers][:, own] + (place + offsets[:, own]) % counts[givers][:, own]
        yield order[index][:, back]


def _alike(counts: IntArray) -> list[IntArray]:
    """Divide patients into blocks of similar numbers of cases, who exchange answers among each other.

    A block ends where the number of cases changes and at least :data:`_BLOCK` patients are in it.

    Example:
        >>> [block.tolist() for block in _alike(np.array([1, 1, 2, 1, 1, 1, 1, 1, 1]))]
        [[0, 1, 3, 4, 5, 6, 7, 8, 2]]
    """
    order = np.argsort(counts, kind="stable")
    changes = np.flatnonzero(np.diff(counts[order])) + 1
    ends: list[int] = []
    for change in changes:
        if change - (ends[-1] if ends else 0) >= _BLOCK and len(order) - change >= _BLOCK:
            ends.append(int(change))
    return [np.asarray(block) for block in np.split(order, ends)]


def group_test(statistics: Sequence[FloatArray]) -> GroupTest:
    """Test statistics of which larger is further from the null hypothesis, with the largest of all as the null.

    Each statistic is brought to the mean and the spread that it has under the permutations, so that groups of few patients do
    not rule the largest. Ties count against the finding.

    Args:
        statistics: one or more of (1 + draws, tests), the observed first; all with the same number of draws.

    Source: Westfall and Young 1993, the single-step maxT procedure.

    Example:
        One test, of which the observed statistic is the largest of four.

        >>> result = group_test([np.array([[3.0], [1.0], [2.0], [0.0]])])
        >>> result.p.tolist(), result.adjusted.tolist()
        ([0.25], [0.25])
    """
    together = np.concatenate(statistics, axis=1)
    spread = together.std(axis=0)
    scaled = np.divide(
        together - together.mean(axis=0), spread, out=np.zeros_like(together), where=spread > _TIED
    )
    limits = scaled[0] - _TIED
    largest = scaled.max(axis=1)
    adjusted = (largest[:, None] >= limits).mean(axis=0)
    return GroupTest(np.asarray((scaled >= limits).mean(axis=0)), np.asarray(adjusted))
