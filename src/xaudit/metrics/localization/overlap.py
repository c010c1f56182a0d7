"""Overlap: metrics of whether a map, once it is cut, covers the mark and nothing else.

Conventions of this file: ``kept`` is the share of each pixel that the map points at (see
:mod:`xaudit.metrics.localization.binarisation`), ``region`` is true inside the mark; both have the same shape, and
neither is empty. ``a`` is the share of the image that is kept, ``m`` the mark's share of it. Higher is better.
"""

import numpy as np

from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.localization.binarisation import THRESHOLDS, above, above_otsu, kept_by
from xaudit.metrics.localization.marked_map import MarkedMap, Options
from xaudit.records import BoolArray, FloatArray


def iou(saliency: FloatArray, region: BoolArray) -> float:
    """The overlap of the mark with a map cut at Otsu's threshold; see :func:`overlap_iou`, which takes any cut.

    A map of random order earns about ``am / (a + m - am)``.

    Source: Jaccard 1912; Otsu 1979.

    Example:
        >>> iou(np.array([0.0, 0.1, 0.9, 1.0]), np.array([False, False, False, True]))
        0.5
    """
    return overlap_iou(above_otsu(saliency), region)


def overlap_iou(kept: FloatArray, region: BoolArray) -> float:
    """Pixels both kept and marked, as a share of those that are either; 0 to 1.

    Pixels kept in part count with the smaller share in the overlap and the larger one in the union (Ruzicka's form).

    Source: Jaccard 1912.
    """
    shared = float(kept[region].sum())
    return float(shared / (kept.sum() + np.count_nonzero(region) - shared))


def dice(kept: FloatArray, region: BoolArray) -> float:
    """Twice the shared pixels over the kept and the marked ones together; 0 to 1, and ``2 IoU / (1 + IoU)``.

    Source: Dice 1945.

    Example:
        >>> dice(np.array([0.0, 1.0, 1.0]), np.array([False, False, True]))
        0.6666666666666666
    """
    return float(2 * kept[region].sum() / (kept.sum() + np.count_nonzero(region)))


def coverage(kept: FloatArray, region: BoolArray) -> float:
    """Share of the mark that is kept; 0 to 1. A map that keeps everything has 1, so read it beside :func:`precision`.

    Under a map of random order it is ``a``. Elsewhere sensitivity or recall of pixels.

    Example:
        >>> coverage(np.array([0.0, 1.0, 1.0]), np.array([True, False, True]))
        0.5
    """
    return float(kept[region].sum() / np.count_nonzero(region))


def precision(kept: FloatArray, region: BoolArray) -> float:
    """Share of the kept pixels that are marked; 0 to 1. Under a map of random order it is ``m``.

    Example:
        >>> precision(np.array([1.0, 1.0, 1.0]), np.array([True, False, False]))
        0.3333333333333333
    """
    return float(kept[region].sum() / kept.sum())


def chance_corrected_coverage(kept: FloatArray, region: BoolArray) -> float:
    """Coverage beyond that of a random map that keeps as much: ``(c - a) / (1 - a)``.

    1 where the whole mark is kept, 0 for a map of random order, below 0 where the map avoids the mark; there it can
    fall without bound as ``a`` nears 1. 0 where the map keeps everything, which says nothing of the mark.

    Example:
        Half of the mark is kept, and a quarter of the image: (1/2 - 1/4) / (3/4).

        >>> round(chance_corrected_coverage(np.array([1.0, 0, 0, 0]), np.array([True, True, False, False])), 6)
        0.333333
    """
    share = float(kept.mean())
    return 0.0 if share == 1 else (coverage(kept, region) - share) / (1 - share)


def false_focus(marked: MarkedMap, options: Options) -> Measured:
    """Share of the image that a map points at although the readers looked and found nothing."""
    if marked.mark.any():
        return Absent("a reader marked something here; false focus is asked where they found nothing")
    if marked.no_map is not None:
        return Absent(f"the readers found nothing, and so did the map: {marked.no_map.reason}")
    return float(kept_by(marked, options).mean())


def mean_iou(saliency: FloatArray, region: BoolArray) -> float:
    """IoU averaged over the fixed thresholds .05 to .95 of the map's range; 0 to 1. No threshold has to be chosen."""
    return float(np.mean([overlap_iou(above(saliency, threshold), region) for threshold in THRESHOLDS]))


def best_iou(saliency: FloatArray, region: BoolArray) -> float:
    """The highest IoU that any threshold could give, chosen with the mark in view: optimistic; 0 to 1.

    No honest threshold can do better on this map, and none can be expected to do as well. Equal values are kept or
    left together.

    Example:
        >>> best_iou(np.array([0.0, 3.0, 9.0, 5.0]), np.array([False, True, False, True]))
        0.6666666666666666
    """
    order = np.argsort(-saliency, axis=None, kind="stable")
    values, marked = saliency.reshape(-1)[order], region.reshape(-1)[order]
    last_of_value = np.append(np.flatnonzero(np.diff(values)), values.size - 1)
    shared = np.cumsum(marked)[last_of_value]
    return float((shared / (last_of_value + 1 + np.count_nonzero(region) - shared)).max())
