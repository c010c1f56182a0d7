"""Recall of a case's separate lesions, where one score over their union would hide a missed one.

A lesion is a connected part of the mark, corners touching; parts that the model did not see do not count.
"""

import numpy as np
from scipy import ndimage
from skimage.morphology import local_maxima

from xaudit.metrics.localization.binarisation import kept_by
from xaudit.metrics.localization.marked_map import MarkedMap, Options
from xaudit.records import BoolArray, FloatArray

_TOUCHING = np.ones((3, 3), dtype=bool)


def lesion_recall(marked: MarkedMap, options: Options) -> float:
    """Share of the lesions that the map reaches, by the option ``by``: its cut area, or its highest peaks."""
    separate = lesions_of(marked)
    match options["by"]:
        case "area":
            least = float(options["least_coverage"] or 0)
            return recall_by_area(kept_by(marked, options), separate, least_coverage=least)
        case "maxima":
            return recall_by_maxima(marked, separate)
        case other:
            raise ValueError(f"lesions are not reached by '{other}'")


def lesions_of(marked: MarkedMap) -> list[BoolArray]:
    """The lesions, each (n,) over the valid pixels."""
    labels, n_lesions = ndimage.label(marked.mark, structure=_TOUCHING)
    seen = labels[marked.valid]
    parts = [seen == label for label in range(1, n_lesions + 1)]
    return [part for part in parts if part.any()]


def recall_by_area(kept: FloatArray, lesions: list[BoolArray], *, least_coverage: float = 0.0) -> float:
    """Share of the lesions that what the map keeps covers by more than ``least_coverage``; higher is better, 0 to 1.

    With a ``least_coverage`` of 0, one kept pixel is enough, so a map that keeps half of the image reaches nearly all
    of them: read it beside the controls.

    Args:
        kept: (n,), the share of each pixel that the map points at.

    Example:
        >>> one, two = np.array([True, False, False]), np.array([False, True, True])
        >>> recall_by_area(np.array([0.0, 1.0, 0.0]), [one, two])
        0.5
    """
    return float(np.mean([kept[lesion].mean() > least_coverage for lesion in lesions]))


def recall_by_maxima(marked: MarkedMap, lesions: list[BoolArray]) -> float:
    """Share of the lesions that as many of the map's highest peaks reach as there are lesions; 0 to 1.

    A peak is a connected level patch, corners touching, with nothing higher beside it; it reaches a lesion with the
    chance that a pixel drawn from it lies there. Where peaks of one height compete for the last places, each choice
    among them is as likely as the other. A map with fewer peaks than lesions reaches fewer of them.
    """
    of_pixel, n_peaks = ndimage.label(
        local_maxima(marked.positive, connectivity=2) & (marked.positive > 0),  # type: ignore[no-untyped-call]
        structure=_TOUCHING,
    )
    of_pixel = of_pixel[marked.valid]
    sizes = np.bincount(of_pixel, minlength=n_peaks + 1)[1:]
    heights = ndimage.maximum(marked.values, of_pixel, np.arange(1, n_peaks + 1))
    order = np.argsort(-np.asarray(heights), kind="stable")
    n_chosen = min(len(lesions), n_peaks)
    last = heights[order[n_chosen - 1]]
    sure, tied = order[heights[order] > last], order[heights[order] == last]
    reached = []
    for lesion in lesions:
        missed = 1 - np.bincount(of_pixel[lesion], minlength=n_peaks + 1)[1:] / sizes
        of_tied = _mean_product(missed[tied], n_chosen - len(sure))
        reached.append(1 - float(np.prod(missed[sure])) * of_tied)
    return float(np.mean(reached))


def _mean_product(factors: FloatArray, n_chosen: int) -> float:
    """The mean, over every choice of so many of the factors, of their product.

    By the last factor: it is chosen with the chance ``n_chosen / n``, and the rest is the same question again.

    Example:
        The pairs of three factors: (1 · 0 + 1 · ½ + 0 · ½) / 3.

        >>> round(_mean_product(np.array([1.0, 0.0, 0.5]), 2), 6)
        0.166667
    """
    means = np.zeros(n_chosen + 1)
    means[0] = 1.0
    for n, factor in enumerate(factors, start=1):
        for chosen in range(min(n, n_chosen), 0, -1):
            without = means[chosen] if chosen < n else 0.0
            share = chosen / n
            means[chosen] = (1 - share) * without + share * factor * means[chosen - 1]
    return float(means[n_chosen])
