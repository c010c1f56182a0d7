"""The threshold at which the maps of one explainer meet the marks best, chosen on cases that are not scored."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.metrics.absent import Absent
from xaudit.metrics.localization.binarisation import above
from xaudit.metrics.localization.marked_map import MarkedMap
from xaudit.metrics.localization.overlap import overlap_iou
from xaudit.records import FloatArray


@dataclass(frozen=True, slots=True)
class Choice:
    """A threshold, and the mean IoU over patients that it reaches."""

    threshold: float
    iou: float


def iou_curve(marked: MarkedMap, thresholds: Sequence[float]) -> FloatArray | Absent:
    """The IoU of a map with its mark at each threshold, (n_thresholds,); 0 at each for a map that points nowhere.

    Args:
        thresholds: of the map scaled to 0 to 1.

    Returns:
        Absent where the mark can be neither met nor missed.
    """
    if marked.no_mark is not None:
        return marked.no_mark
    if marked.no_map is not None:
        return np.zeros(len(thresholds))
    return np.array([overlap_iou(above(marked.values, one), marked.inside) for one in thresholds])


def choose_threshold(
    curves: Sequence[Sequence[float]], clusters: Sequence[str], thresholds: Sequence[float]
) -> Choice:
    """The threshold with the highest mean IoU over patients; the lowest of several that are equally good.

    A patient counts once, by the mean over their cases. CheXlocalize, which this follows, takes the mean over images;
    the lowest of several is its choice as well.

    Args:
        curves: one per case: its IoU at each threshold.
        clusters: the patient of each case.
        thresholds: rising.

    Raises:
        ValueError: without a case, or with a curve of another length.

    Source: Saporta et al. 2022, CheXlocalize, tune_heatmap_threshold.py.

    Example:
        One patient has two cases, another one: (.2 + .4) / 2 and .9 at the lower threshold, .5 and .5 at the other.

        >>> choose_threshold([[0.2, 0.5], [0.4, 0.5], [0.9, 0.5]], ["ann", "ann", "bob"], [0.3, 0.6])
        Choice(threshold=0.3, iou=0.6)
    """
    if not curves:
        raise ValueError("a threshold is chosen on at least one case")
    of_patients: dict[str, list[Sequence[float]]] = defaultdict(list)
    for curve, cluster in zip(curves, clusters, strict=True):
        if len(curve) != len(thresholds):
            raise ValueError(f"a curve of {len(curve)} values for {len(thresholds)} thresholds")
        of_patients[cluster].append(curve)
    means = np.mean([np.mean(of_patients[name], axis=0) for name in sorted(of_patients)], axis=0)
    # What differs by rounding alone is equally good, so that the order of a patient's cases decides nothing.
    best = int(np.flatnonzero(means >= means.max() - 1e-12)[0])
    return Choice(float(thresholds[best]), round(float(means[best]), 12))
