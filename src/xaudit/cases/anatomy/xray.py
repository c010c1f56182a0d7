"""Segmentation of body and lungs in a frontal chest X-ray, by a local threshold and discs; no learning, no download.

It takes the two large dark fields on either side of the middle for the lungs. The heart's shadow, the part of a lung
behind it and what is filled with fluid stay outside; bones and markers inside are closed over. Expect an outline to
look at, not one to measure with: trained networks do far better, and their masks can be given as files. It has
been tried on simulated X-rays only. Implausible results are refused with a reason.
"""

import numpy as np
from scipy import ndimage

from xaudit.cases.anatomy.morphology import closed, eroded, filled, largest, opened, pieces
from xaudit.cases.anatomy.refused import Refused
from xaudit.records import BoolArray, FloatArray

SURROUNDINGS = 0.16
"""Standard deviation of the Gaussian whose mean a pixel must be darker than, as a share of the side."""

SMOOTHING = 0.012
"""Standard deviation of the Gaussian that blurs ribs and noise, as a share of the side."""

CLOSING = 0.05
"""Radius of the disc that closes a lung over ribs, vessels and nodules at its edge, as a share of the side."""

LUNG_SHARES = (0.08, 0.6)
"""Both lungs together, as a share of the body's area in the image."""

SMALLEST_LUNG = 0.3
"""The smaller lung as a share of the larger."""

UNEXPOSED = 0.03
"""Grey level up to which an even area at the edge of the image is air or collimator."""


def segment_body(pixels: FloatArray) -> BoolArray | Refused:
    """Return the body: the pixels that are neither air beside the patient nor shuttered off, (H, W).

    Args:
        pixels: (H, W) or (H, W, 3) in [0, 1], bone bright.
    """
    grey = _grey(pixels)
    side = min(grey.shape)
    smooth = ndimage.gaussian_filter(grey, SMOOTHING * side)
    empty = smooth <= float(smooth.min()) + UNEXPOSED
    labels, _ = ndimage.label(empty)
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    body = filled(largest(opened(~(np.isin(labels, edge) & empty), 0.01 * side)))
    if np.ptp(smooth) < 2 * UNEXPOSED or not body.any():
        return Refused("the image is all of one brightness")
    return body


def segment_lungs(pixels: FloatArray) -> BoolArray | Refused:
    """Return both lung fields, (H, W), without the parts that the heart covers.

    Args:
        pixels: (H, W) or (H, W, 3) in [0, 1], bone bright.
    """
    body = segment_body(pixels)
    if isinstance(body, Refused):
        return body
    grey, side = _grey(pixels), min(body.shape)
    smooth = ndimage.gaussian_filter(grey, SMOOTHING * side)
    weight = ndimage.gaussian_filter(body.astype(np.float64), SURROUNDINGS * side)
    around = ndimage.gaussian_filter(np.where(body, grey, 0), SURROUNDINGS * side) / np.maximum(weight, 1e-6)
    within = eroded(body, 0.02 * side) | (body & ~_near_air(body, 0.04 * side))
    dark = opened(within & (smooth < around), 0.02 * side)
    pair = _pair(dark, body)
    if isinstance(pair, Refused):
        return pair
    first, second = (filled(closed(lung, CLOSING * side)) & body for lung in pair)
    lungs = (first ^ second) | pair[0] | pair[1]
    share = float(lungs.sum() / body.sum())
    if not LUNG_SHARES[0] <= share <= LUNG_SHARES[1]:
        return Refused(f"the lungs found cover {share:.0%} of the body")
    return lungs


def _grey(pixels: FloatArray) -> FloatArray:
    return np.asarray(pixels if pixels.ndim == 2 else pixels.mean(axis=2), dtype=np.float64)


def _near_air(body: BoolArray, radius_px: float) -> BoolArray:
    """Return the skin: pixels near an edge of the body that is not an edge of the image."""
    if body.all():
        return np.zeros_like(body)
    return np.asarray(ndimage.distance_transform_edt(body) <= radius_px)


def _pair(dark: BoolArray, body: BoolArray) -> tuple[BoolArray, BoolArray] | Refused:
    """Return the largest dark field on either side of the body's middle, each cut off at the middle."""
    columns = np.flatnonzero(body.any(0))
    left_half = np.broadcast_to(
        np.arange(body.shape[1]) + 0.5 < (columns[0] + columns[-1] + 1) / 2, body.shape
    )
    fields = [pieces(dark & half)[:1] for half in (left_half, ~left_half)]
    if not fields[0] or not fields[1]:
        return Refused("no dark field lies on either side of the body's middle")
    left, right = fields[0][0], fields[1][0]
    small, large = sorted((int(left.sum()), int(right.sum())))
    if small < SMALLEST_LUNG * large:
        return Refused("only one lung field was found")
    if any(_spread(lung) < 0.15 * body.shape[0] for lung in (left, right)):
        return Refused("the dark fields found are too flat for lungs")
    return left, right


def _spread(mask: BoolArray) -> int:
    rows = np.flatnonzero(mask.any(1))
    return int(rows[-1] - rows[0] + 1)
