"""Values of a property that occur in one class only."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import comb

from xaudit.records import LabelValue
from xaudit.screening.label.properties import Property
from xaudit.screening.label.units import units_by_class

_LEVEL = 0.05

_MOST_VALUES = 200
"""Most frequent values of a property that are counted; the others are too rare to tell anything."""


def label_values(
    properties: Iterable[Property], labels: Sequence[str], clusters: Sequence[str]
) -> tuple[LabelValue, ...]:
    """Count the images of each class with each value of each property; a value has a row for each class that has it.

    ``p`` is the chance that all patients, groups or images with the value would be of one class if values had nothing to
    do with classes. It is multiplied by the number of values that two or more of them share (Bonferroni).

    Args:
        clusters: patient, group or image that each case belongs to.
    """
    sizes = units_by_class(labels, clusters)
    n_all = len(set(clusters))
    rows: list[LabelValue] = []
    for prop in properties:
        for name, texts in prop.levels.items():
            if len(set(texts)) > 1:
                own = _rows(name, texts, labels, clusters, chances=(tuple(sizes.values()), n_all))
                rows += [replace(row, view=prop.id) for row in own]
    n_tests = len({(row.property, row.value) for row in rows if row.n_units > 1})
    return tuple(replace(row, beyond_chance=row.p is not None and row.p * n_tests < _LEVEL) for row in rows)


def _rows(
    name: str,
    texts: Sequence[str],
    labels: Sequence[str],
    clusters: Sequence[str],
    *,
    chances: tuple[Sequence[int], int],
) -> list[LabelValue]:
    rows = []
    for value, n_images in sorted(
        Counter(texts).most_common(_MOST_VALUES), key=lambda one: (-one[1], one[0])
    ):
        having = [index for index, text in enumerate(texts) if text == value]
        by_class = Counter(labels[index] for index in having)
        n_units = len({clusters[index] for index in having})
        alone = len(by_class) == 1
        rows += [
            LabelValue(
                view="",
                property=name,
                value=value,
                class_name=label,
                n_images=by_class[label],
                n_images_of_value=n_images,
                n_units=n_units,
                in_one_class=alone,
                p=chance_of_one_class(n_units, *chances) if alone else None,
                beyond_chance=False,
            )
            for label in sorted(by_class)
        ]
    return rows


def chance_of_one_class(n_drawn: int, sizes: Sequence[int], n_all: int) -> float:
    """Return the probability that so many units, drawn without replacement, are all of one class, whichever it is.

    Args:
        sizes: units of each class.
        n_all: all units; a unit with images of two classes counts once here, and in both classes.

    Example:
        >>> round(chance_of_one_class(2, (3, 3), 6), 6), chance_of_one_class(1, (3, 3), 6)
        (0.4, 1.0)
    """
    # 2 of 6: 2 × (3 × 2) / (6 × 5) = .4
    return min(1.0, sum(comb(size, n_drawn) for size in sizes) / comb(n_all, n_drawn))
