"""Ranking: metrics of whether the order of a map's pixels tells marked from unmarked ones.

Conventions of this file: ``saliency`` holds no negative value and at least one positive one, so pixels that speak
against the target are tied; ``region`` is true inside the mark, which is neither empty nor everything; both have the
same shape, whichever it is. Higher is better, 0 to 1; tied pixels count as the mean over all their orders.
"""

import numpy as np

from xaudit.metrics import quantus_adapter
from xaudit.metrics.localization.binarisation import highest
from xaudit.metrics.localization.marked_map import MarkedMap
from xaudit.records import BoolArray, FloatArray, IntArray


def relevance_rank_accuracy(saliency: FloatArray, region: BoolArray) -> float:
    """Share of the mark's pixels found among as many highest pixels of the map.

    With ``k`` marked pixels, the pixels above the ``k``-th value count in full; those that share it count in equal
    part for the places left, which is the mean over every order of the tied ones. Quantus leaves that order to an
    unstable sort, so a superpixel map's score there depends on where the mark lies inside the superpixel. Under a
    map of random order it is the mark's share of the image.

    Source: Arras et al. 2022, CLEVR-XAI.

    Example:
        One place is left for the two pixels of value 1, and one of the two is marked: (1 + 1 · ½) / 2.

        >>> relevance_rank_accuracy(np.array([5.0, 1.0, 1.0, 0.0]), np.array([True, True, False, False]))
        0.75
    """
    kept = highest(saliency, int(np.count_nonzero(region)))
    if ((kept == 0) | (kept == 1)).all():
        return quantus_adapter.relevance_rank_accuracy(saliency, region)
    return float(kept[region].sum() / np.count_nonzero(region))


def top_k_intersection(saliency: FloatArray, region: BoolArray, *, k: int = 0) -> float:
    """Share of the map's ``k`` highest pixels that are marked.

    With ``k`` beyond the mark's size even a perfect map falls short of 1; with Quantus's ``k`` of 1000, a mark of 100
    pixels cannot exceed .1. Under a map of random order it is the mark's share of the image.

    Args:
        k: 0 takes the mark's own size, which makes it :func:`relevance_rank_accuracy`.

    Source: Theiner et al. 2021.

    Example:
        >>> top_k_intersection(np.array([5.0, 1.0, 1.0, 0.0]), np.array([True, True, False, False]), k=3)
        0.6666666666666666
    """
    n_highest = min(k or int(np.count_nonzero(region)), saliency.size)
    return float(highest(saliency, n_highest)[region].sum() / n_highest)


def pixel_auroc(saliency: FloatArray, region: BoolArray) -> float:
    """The chance that a marked pixel is higher than an unmarked one, ties counting half; chance level .5.

    Equal to the area under the ROC curve of the map as a classifier of pixels. Counted by rank, with no curve:
    Quantus gives the same number at three times the price.

    Source: Fawcett 2006; Mann and Whitney 1947.

    Example:
        Of 1 × 2 pairs, one is won and one is tied.

        >>> pixel_auroc(np.array([2.0, 2.0, 1.0]), np.array([True, False, False]))
        0.75
    """
    inside, outside = np.sort(saliency[region]), np.sort(saliency[~region])
    below = np.searchsorted(outside, inside, side="left").sum(dtype=np.int64)
    not_above = np.searchsorted(outside, inside, side="right").sum(dtype=np.int64)
    return float((below + not_above) / (2 * inside.size * outside.size))


def pixel_auprc(saliency: FloatArray, region: BoolArray, *, rule: str) -> float:
    """Area under the precision-recall curve, by steps or by the trapezoid rule; raises ValueError for another rule."""
    match rule:
        case "step":
            return average_precision(saliency, region)
        case "trapezoid":
            return trapezoid_auprc(saliency, region)
        case other:
            raise ValueError(f"no rule of integration is called '{other}'")


def chance_auprc(marked: MarkedMap) -> float:
    """Return the area under the curve that a map of random order has: the mark's share of the image."""
    return marked.mark_share


def average_precision(saliency: FloatArray, region: BoolArray) -> float:
    """Precision at each threshold of the map, weighted by the recall that it adds: the area under the step curve.

    The chance level is the mark's share of the image. Equal values are one threshold: precision after all of them.
    scikit-learn's ``average_precision_score`` is the same number.

    Source: Davis and Goadrich 2006; Saito and Rehmsmeier 2015.

    Example:
        Half of the mark at precision 1, the other half at precision 2/3.

        >>> round(average_precision(np.array([4.0, 3.0, 2.0, 1.0]), np.array([True, False, True, False])), 6)
        0.833333
    """
    n_found, n_kept = _found_by_threshold(saliency, region)
    gained = np.diff(n_found, prepend=0) / n_found[-1]
    return float((gained * n_found / n_kept).sum())


def trapezoid_auprc(saliency: FloatArray, region: BoolArray) -> float:
    """The area under the precision-recall curve with straight lines between its points, as older tables have it.

    Straight lines are too optimistic between distant points, so a map with few levels scores higher than by
    :func:`average_precision`; the curve starts at recall 0 with precision 1. It is here to compare with published
    numbers.

    Source: scikit-learn's ``precision_recall_curve`` with ``auc``; the objection is Davis and Goadrich 2006's.

    Example:
        >>> round(trapezoid_auprc(np.array([4.0, 3.0, 2.0, 1.0]), np.array([True, False, True, False])), 6)
        0.791667
    """
    n_found, n_kept = _found_by_threshold(saliency, region)
    recall = np.concatenate([[0.0], n_found / n_found[-1]])
    precision = np.concatenate([[1.0], n_found / n_kept])
    return float(np.trapezoid(precision, recall))


def _found_by_threshold(saliency: FloatArray, region: BoolArray) -> tuple[IntArray, IntArray]:
    """Count the marked pixels, and all pixels, that each distinct value keeps; from the highest value down."""
    order = np.argsort(-saliency, axis=None, kind="stable")
    values, marked = saliency.reshape(-1)[order], region.reshape(-1)[order]
    last_of_value = np.append(np.flatnonzero(np.diff(values)), values.size - 1)
    return np.cumsum(marked)[last_of_value], last_of_value + 1
