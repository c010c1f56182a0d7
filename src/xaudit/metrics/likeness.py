"""Likeness of two maps of one image: did a change of model, class or seed change the explanation.

Conventions of this file: ``saliency`` is the map that the audit holds, ``other`` the one it is compared with; both
are (h, w) of the model's frame, signed where the explainer is. A map that points nowhere is like no other: its
likeness is 0. Where that is ``saliency`` itself, there is nothing to compare.
"""

import numpy as np
from scipy.stats import rankdata
from skimage.metrics import structural_similarity

from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.guard import positive_part, signal
from xaudit.metrics.map_change import rank_agreement
from xaudit.records import BoolArray, FloatArray

WINDOW = 7
"""Side of the squares within which structure is compared, in pixels."""

N_BINS = 100
"""Bins of the histogram whose entropy is a map's complexity, as in Quantus."""

LAYOUT_CELLS = 32
"""Most cells per side of the layout of a map."""


def rank_likeness(saliency: FloatArray, other: FloatArray, valid: BoolArray) -> Measured:
    """Spearman's rank correlation over the pixels that the model saw.

    -1 to 1: 1 for the same order of pixels, 0 for maps that have nothing to do with each other, and where ``other``
    points nowhere.
    """
    lone = _lone(saliency, other)
    return rank_agreement(saliency, other, valid) if lone is None else lone


def structural_likeness(saliency: FloatArray, other: FloatArray) -> Measured:
    """Structural similarity (SSIM) of the two maps, each scaled to a largest magnitude of 1.

    -1 to 1: 1 for the same map, 0 where ``other`` points nowhere. Squares of :data:`WINDOW` pixels, the range of
    values that of both maps. Quantus's random logit flattens the maps first and so compares runs along the rows.

    Source: Wang et al. 2004; of maps, Adebayo et al. 2018.
    """
    lone = _lone(saliency, other)
    if lone is not None:
        return lone
    first, second = (np.asarray(one, dtype=np.float64) / np.abs(one).max() for one in (saliency, other))
    low, high = min(first.min(), second.min()), max(first.max(), second.max())
    side = min(*first.shape, WINDOW)
    side -= 1 - side % 2
    if side < 3:
        return Absent("the map is smaller than the 3 pixels in which structure is compared")
    found = structural_similarity(first, second, win_size=side, data_range=high - low)  # type: ignore[no-untyped-call]
    return float(found)


def entropy_rise(saliency: FloatArray, other: FloatArray) -> Measured:
    """By what share the entropy of the values of ``other`` is above that of ``saliency``.

    At least -1; 0 where nothing changed, and where ``other`` points nowhere, whose values tell nothing. A map of a
    network that knows something is simpler than that of one that knows nothing, so above 0 is good.

    Source: Hedström et al. 2024, efficient MPRT, eq. 5; entropy of a histogram of :data:`N_BINS` bins.
    """
    lone = _lone(saliency, other)
    if lone is not None:
        return lone
    before, after = (_entropy(one) for one in (saliency, other))
    if before == 0:
        return Absent("all values of the map fall into one bin of its histogram: there is no entropy to rise")
    return after / before - 1


def _entropy(values: FloatArray) -> float:
    counts, _ = np.histogram(np.asarray(values, dtype=np.float64), bins=N_BINS)
    shares = counts[counts > 0] / values.size
    return float(-(shares * np.log(shares)).sum())


def layout(saliency: FloatArray) -> FloatArray | Absent:
    """Describe coarsely where a map lies: ranks of its positive part in at most 32 × 32 cells, centred and of length 1.

    The product of two layouts is Spearman's rank correlation. Fine detail, which differs between any two images, does
    not count; the place does.

    Returns:
        (n_cells,).
    """
    positive = positive_part(saliency)
    if isinstance(positive, Absent):
        return positive
    cells = positive
    for axis in (0, 1):
        size = cells.shape[axis]
        starts = np.unique(np.arange(min(size, LAYOUT_CELLS)) * size // min(size, LAYOUT_CELLS))
        counts = np.diff([*starts, size])
        cells = np.add.reduceat(cells, starts, axis=axis) / np.expand_dims(counts, 1 - axis)
    ranks: FloatArray = rankdata(np.round(cells / cells.max(), 6).ravel())
    centred = ranks - ranks.mean()
    length = float(np.linalg.norm(centred))
    if length == 0:
        return Absent("the map is as dense in every part of the image, so it has no place")
    placed: FloatArray = centred / length
    return placed


def _lone(saliency: FloatArray, other: FloatArray) -> Measured | None:
    """The likeness where one of the two points nowhere; None where both say something."""
    if saliency.shape != other.shape:
        raise ValueError(f"maps of {saliency.shape} and {other.shape} do not match")
    own = signal(saliency)
    if isinstance(own, Absent):
        return own
    if not np.isfinite(other).all():
        return Absent("the map it is compared with holds values that are not finite")
    return 0.0 if isinstance(signal(other), Absent) else None
