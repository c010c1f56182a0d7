"""Permutation test of many groups of cases at once: patients exchange their answers, with one error rate for all groups."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.records import BoolArray, FloatArray, IntArray

_CHUNK = 2**22
_TIED = 1e-9


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


def permuted_differences(answers: Answers, *, draws: int, generator: np.random.Generator) -> FloatArray:
    """Return the mean inside less the mean outside of each group, as observed and under permutations of patients.

    Under the null hypothesis it does not matter whose answers a patient has. Each patient's cases get the answers of another
    patient, in an order that begins anywhere; a patient with fewer cases gives some of them again.

    Returns:
        (1 + draws, measures * groups), the observed differences first.
    """
    weights = answers.inside / answers.inside.sum(axis=0) - answers.outside / answers.outside.sum(axis=0)

    def differences(drawn: FloatArray) -> FloatArray:
        """Return (rows, measures * groups) from (rows, measures, cases)."""
        return np.asarray((drawn @ weights).reshape(len(drawn), -1))

    found = [differences(answers.values.T[None])]
    width = answers.values.shape[1]
    found += [
        differences(answers.values[index].transpose(0, 2, 1))
        for index in permuted_cases(answers.patients, draws=draws, generator=generator, width=width)
    ]
    return np.concatenate(found)


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
    place = np.arange(len(order)) - starts[own]
    back = np.argsort(order, kind="stable")
    rows = max(1, _CHUNK // max(1, len(order) * width))
    for start in range(0, draws, rows):
        size = min(rows, draws - start)
        givers = generator.permuted(np.tile(np.arange(len(starts)), (size, 1)), axis=1)
        offsets = generator.integers(0, counts[givers])
        index = starts[givers][:, own] + (place + offsets[:, own]) % counts[givers][:, own]
        yield order[index][:, back]


def group_test(statistics: Sequence[FloatArray]) -> GroupTest:
    """Test statistics of which larger is further from the null hypothesis, with the smallest p over all as the null.

    Ties count against the finding, so that discrete statistics of small groups do not reject too often.

    Args:
        statistics: one or more of (1 + draws, tests), the observed first; all with the same number of draws.

    Source: Westfall and Young 1993, the single-step minP procedure.

    Example:
        One test, of which the observed statistic is the largest of four.

        >>> group_test([np.array([[3.0], [1.0], [2.0], [0.0]])]).p.tolist()
        [0.25]
    """
    together = np.concatenate(statistics, axis=1)
    n = len(together)
    scale = np.maximum(np.abs(together).max(axis=0), 1e-300)
    rounded = np.round(together / scale / _TIED) * _TIED
    p = np.empty_like(together)
    for column in range(together.shape[1]):
        ordered = np.sort(rounded[:, column])
        p[:, column] = (n - np.searchsorted(ordered, rounded[:, column], side="left")) / n
    least = np.sort(p.min(axis=1))
    return GroupTest(p[0], np.searchsorted(least, p[0], side="right") / n)
