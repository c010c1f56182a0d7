"""Taking the image away patch by patch: on a grid, or by superpixels."""

import numpy as np

from xaudit.metrics.curve import Curve, Found, absent
from xaudit.metrics.faithfulness.asked import NOT_A_NUMBER, Asked, answers, removed
from xaudit.metrics.faithfulness.removal import Order
from xaudit.perturb.asking import Asking
from xaudit.perturb.superpixels import superpixels
from xaudit.records import FloatArray, IntArray
from xaudit.seeds import generator_for

LEAST_PROBABILITY = 1e-6
"""A ratio to a smaller probability is rounding noise."""


def region_perturbation(
    asked: Asked, *, patch_px: int, regions: int, baseline: str, answer: str, order: Order = "highest first"
) -> Asking[Found]:
    """Mean fall of the answer over the first ``regions`` patches replaced, none replaced included.

    It is AOPC: the mean over k = 0 … L of the answer to the image minus that with its k first patches replaced. The
    highest first, higher is better; the lowest first, lower is better. -1 to 1 for a probability. Patches are ranked by
    their mean, equal ones in a scattered order; those at the right and lower edge are cut off where the side is no
    multiple of ``patch_px``. Quantus returns the falls themselves, without k = 0; for whole patches they are ours.

    Source: Samek et al. 2017, eq. 12.
    """
    kept = yield from _patch_curve(asked, patch_px, regions, baseline, answer, order)
    if not np.isfinite(kept.value).all():
        return absent(NOT_A_NUMBER)
    return Found(float((kept.value[0] - kept.value).mean()), kept)


def selectivity(asked: Asked, *, patch_px: int, regions: int, baseline: str, answer: str) -> Asking[Found]:
    """Mean answer over the first ``regions`` patches replaced, highest first, none replaced included.

    Lower is better; 0 to 1 for a probability. It is the answer to the image minus region perturbation with equal
    settings, and shares its evaluations.

    Source: Montavon et al. 2018.
    """
    kept = yield from _patch_curve(asked, patch_px, regions, baseline, answer, "highest first")
    if not np.isfinite(kept.value).all():
        return absent(NOT_A_NUMBER)
    return Found(float(kept.value.mean()), kept)


def irof(asked: Asked, *, segments: int, compactness: float, baseline: str) -> Asking[Found]:
    """Area over the curve of the target probability, relative to the untouched image's, as superpixels go.

    Higher is better, at most 1; 0 or less where the probability does not fall. Superpixels are SLIC's, ranked by the
    mean of the map; the area is taken by the trapezoid rule over the share of superpixels replaced, from none to all.
    The paper sums over superpixels instead; we divide, so that images with more of them do not score higher.

    Source: Rieger and Hansen 2020, IROF, eq. 3.
    """
    pixels = asked.classifier.denormalise(asked.image).permute(1, 2, 0).contiguous().numpy()
    part_of = superpixels(pixels, n_segments=segments, compactness=compactness)
    n_parts = int(part_of.max()) + 1
    if n_parts < 2:
        return absent("the image is one single superpixel: there is no order in which to replace them")
    gone_at = _ranked(asked.saliency, part_of, "highest first")
    logits = yield from removed(asked, gone_at, n_parts, baseline)
    curve = answers(asked, logits, "probability")
    if not np.isfinite(curve).all():
        return absent(NOT_A_NUMBER)
    if curve[0] < LEAST_PROBABILITY:
        return absent("the model gives the target no probability to begin with, so none can be lost")
    relative = curve / curve[0]
    area = float((relative[:-1] + relative[1:]).mean() / 2)
    return Found(1 - area, Curve(np.linspace(0, 1, n_parts + 1), relative))


def grid_of(shape: tuple[int, int], patch_px: int) -> IntArray:
    """Square patches from the top left, numbered row by row from 0; (h, w)."""
    rows, cols = (np.arange(side) // patch_px for side in shape)
    return np.asarray(rows[:, None] * (int(cols[-1]) + 1) + cols, dtype=np.int64)


def _patch_curve(
    asked: Asked, patch_px: int, regions: int, baseline: str, answer: str, order: Order
) -> Asking[Curve]:
    part_of = grid_of(asked.saliency.shape, patch_px)
    n_parts = int(part_of.max()) + 1
    count = min(regions, n_parts)
    gone_at = _ranked(asked.saliency, part_of, order)
    logits = yield from removed(asked, gone_at, count, baseline)
    return Curve(np.arange(count + 1) / n_parts, answers(asked, logits, answer))


def _ranked(saliency: FloatArray, part_of: IntArray, order: Order) -> IntArray:
    """At which step, from 1, each pixel's part goes; (h, w)."""
    flat = part_of.reshape(-1)
    mean = np.bincount(flat, weights=saliency.reshape(-1)) / np.bincount(flat)
    scattered = generator_for(0, "patch-order", str(mean.size)).permutation(mean.size)
    first = np.lexsort((scattered, -mean))
    rank = np.empty(mean.size, dtype=np.int64)
    rank[first if order == "highest first" else first[::-1]] = np.arange(1, mean.size + 1)
    return rank[part_of]
