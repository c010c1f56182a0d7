"""How well a map meets the place where readers marked the finding.

Conventions of this file: ``saliency`` holds the positive part of a map, that is, no negative value and at least one
positive one; ``region`` is true inside the mark, which is neither empty nor everything; both have the same shape,
whichever it is, since no metric here asks where a pixel lies. :func:`measure` sees to all of that. Higher is better,
0 to 1.
"""

import numpy as np
from skimage.filters import threshold_otsu

from xaudit.metrics import quantus_adapter
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.guard import markable, positive_part
from xaudit.records import BoolArray, FloatArray

OTSU_LEVELS = 256
"""Equal steps between the smallest and the largest value among which Otsu's threshold is sought."""


def measure(metric_id: str, saliency: FloatArray, region: BoolArray, valid: BoolArray) -> Measured:
    """One metric of this file on a signed map, or why it has no value.

    Args:
        metric_id: as in the catalog.
        saliency: (H, W), signed.
        region: (H, W), true inside the mark.
        valid: (H, W), true where the model saw the image; other pixels neither count for nor against a map.

    Raises:
        ValueError: for shapes that differ or a metric that is not of this family.
    """
    if not saliency.shape == region.shape == valid.shape:
        raise ValueError(
            f"map of {saliency.shape}, mark of {region.shape} and valid pixels of {valid.shape} do not match"
        )
    functions = {
        "pointing-game": pointing_game,
        "iou": iou,
        "relevance-mass-accuracy": relevance_mass_accuracy,
        "relevance-rank-accuracy": relevance_rank_accuracy,
        "pixel-auroc": pixel_auroc,
    }
    if metric_id not in functions:
        raise ValueError(f"'{metric_id}' is not a metric of the family localization")
    positive = positive_part(saliency[valid])
    if isinstance(positive, Absent):
        return positive
    marked = markable(region, valid)
    if isinstance(marked, Absent):
        return marked
    return functions[metric_id](positive, marked)


def pointing_game(saliency: FloatArray, region: BoolArray) -> float:
    """The chance that the map's highest pixel lies inside the mark: the share of its maxima that do.

    Differs from the paper and from Quantus only where several pixels share the maximum: the paper takes the first
    of them, Quantus counts a hit if any is inside, here each counts in part. Under a map of random order it is the
    mark's share of the image.

    Source: Zhang et al. 2018, Top-down neural attention by excitation backprop, with no tolerance.

    Example:
        >>> pointing_game(np.array([0.0, 2.0, 2.0, 1.0]), np.array([False, True, False, False]))
        0.5
    """
    maxima = saliency == saliency.max()
    if np.count_nonzero(maxima) == 1:
        return quantus_adapter.pointing_game(saliency, region)
    return float(region[maxima].mean())


def iou(saliency: FloatArray, region: BoolArray) -> float:
    """Pixels both in the mark and above Otsu's threshold, as a share of those in either.

    The threshold is sought on the positive part, zeros included, in :data:`OTSU_LEVELS` levels, and a level is kept or
    left as a whole. On the values themselves scikit-image's threshold is the middle of a bin, which keeps one half
    of that bin and so, by chance, the whole of a superpixel that Otsu counts among the low ones. A map of random
    order earns about ``am / (a + m - am)`` where the threshold keeps the share ``a`` and the mark is the share ``m``.

    Source: Jaccard 1912; Otsu 1979.

    Example:
        >>> iou(np.array([0.0, 0.1, 0.9, 1.0]), np.array([False, False, False, True]))
        0.5
    """
    low, high = saliency.min(), saliency.max()
    levels = np.minimum((saliency - low) / (high - low) * OTSU_LEVELS, OTSU_LEVELS - 1).astype(np.uint8)
    above = levels > threshold_otsu(levels)  # type: ignore[no-untyped-call]
    return float(np.count_nonzero(above & region) / np.count_nonzero(above | region))


def relevance_mass_accuracy(saliency: FloatArray, region: BoolArray) -> float:
    """Share of the positive saliency that lies inside the mark.

    Under a uniform map it is the mark's share of the image, so read it beside that chance level.

    Source: Arras et al. 2022, CLEVR-XAI, there "relevance mass accuracy"; elsewhere the energy-based pointing game.

    Example:
        >>> relevance_mass_accuracy(np.array([1.0, 0.0, 3.0]), np.array([False, False, True]))
        0.75
    """
    return quantus_adapter.relevance_mass_accuracy(saliency / saliency.max(), region)


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
    n_marked = int(np.count_nonzero(region))
    last = np.partition(saliency, saliency.size - n_marked, axis=None)[saliency.size - n_marked]
    above, tied = saliency > last, saliency == last
    places, n_tied = n_marked - np.count_nonzero(above), np.count_nonzero(tied)
    if places == n_tied:
        return quantus_adapter.relevance_rank_accuracy(saliency, region)
    found = np.count_nonzero(above & region) + np.count_nonzero(tied & region) * places / n_tied
    return float(found / n_marked)


def pixel_auroc(saliency: FloatArray, region: BoolArray) -> float:
    """The chance that a marked pixel is higher than an unmarked one, ties counting half; chance level .5.

    Equal to the area under the ROC curve of the map as a classifier of pixels. Counted by rank, with no curve:
    Quantus gives the same number at three times the price. Taken on the positive part, so among pixels that speak
    against the target no order is kept.

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
