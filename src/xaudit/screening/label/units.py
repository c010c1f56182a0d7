"""The split under which a simple model is tested: patients, groups of near copies, or single images stay whole."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from xaudit.cases.dataset import Dataset
from xaudit.records import DataCheck, IntArray
from xaudit.seeds import seed_for
from xaudit.statistics.bootstrap import MIN_CLUSTERS


@dataclass(frozen=True, slots=True)
class Division:
    """A way to split the images.

    Attributes:
        unit: kind of what is kept whole.
        clusters: name of the unit of each case, in the order of the cases.
        decides: True for the split that findings rest on.
    """

    unit: str
    clusters: tuple[str, ...]
    decides: bool


def divisions(data: Dataset, groups: Mapping[str, str] | None) -> tuple[Division, ...]:
    """Return the splits to try, the deciding one last.

    With patients there is one split, by patient. Without them there is a random split of the images, and, if near copies
    were looked for or groups are given, one that keeps each group whole.

    Args:
        groups: case id: group; a case without one is a group of its own. None if near copies were not looked for.
    """
    if data.patients_known:
        return (Division("patient", tuple(case.cluster for case in data.cases), decides=True),)
    single = tuple(case.case_id for case in data.cases)
    joined = tuple(
        case.cluster
        if groups is None or case.patient_id is not None
        else groups.get(case.case_id, case.case_id)
        for case in data.cases
    )
    if groups is None and joined == single:
        return (Division("image", single, decides=True),)
    return (Division("image", single, decides=False), Division("group", joined, decides=True))


@runtime_checkable
class GroupRow(Protocol):
    """A row of the table ``groups`` of an earlier check: the group of near copies that an image belongs to."""

    image: str
    group: str


def groups_of(data: Dataset, earlier: Iterable[DataCheck]) -> Mapping[str, str] | None:
    """Return the group of near copies of each case that has one; None if no earlier check looked for copies."""
    looked = [check for check in earlier if check.id == "copies"]
    if not looked:
        return None
    by_path = {
        row.image: row.group
        for check in looked
        for row in check.tables.get("groups", ())
        if isinstance(row, GroupRow)
    }
    return {case.case_id: by_path[case.path] for case in data.cases if case.path in by_path}


def units_by_class(labels: Sequence[str], clusters: Sequence[str]) -> dict[str, int]:
    """Count the patients, groups or images of each class, classes in the order of their names."""
    return {
        name: len({c for c, label in zip(clusters, labels, strict=True) if label == name})
        for name in sorted(set(labels))
    }


def large_classes(labels: Sequence[str], clusters: Sequence[str]) -> tuple[str, ...]:
    """Return the classes with enough units for folds and for an interval."""
    return tuple(name for name, n in units_by_class(labels, clusters).items() if n >= MIN_CLUSTERS)


def deal_folds(classes: Sequence[int], clusters: Sequence[str], *, n_folds: int, seed: int) -> IntArray:
    """Deal the units into folds, class by class and each whole, so that every fold has images of every class.

    A unit with images of several classes counts to its most frequent one. Depends on the set of (class, cluster) pairs and
    the seed, not on their order.

    Returns:
        (n,), fold of each image, from 0.
    """
    counts: dict[str, dict[int, int]] = {}
    for number, cluster in zip(classes, clusters, strict=True):
        own = counts.setdefault(cluster, {})
        own[number] = own.get(number, 0) + 1
    by_class: dict[int, list[str]] = {}
    for cluster in sorted(counts):
        own = counts[cluster]
        by_class.setdefault(max(sorted(own), key=own.__getitem__), []).append(cluster)
    folds: dict[str, int] = {}
    for number in sorted(by_class):
        members = by_class[number]
        generator = np.random.default_rng(seed_for(seed, "folds", str(number)))
        shuffled = [members[index] for index in generator.permutation(len(members))]
        # Large units first, each to the fold with the fewest images of the class: folds of nearly equal size.
        sizes = [0] * n_folds
        for cluster in sorted(shuffled, key=lambda name: -sum(counts[name].values())):
            fold = min(range(n_folds), key=lambda index: (sizes[index], index))
            folds[cluster] = fold
            sizes[fold] += sum(counts[cluster].values())
    return np.array([folds[cluster] for cluster in clusters])
