"""Segmentation of body and lungs in an axial chest CT slice, by thresholds and discs; no learning, no download.

Two roads. The plain one takes any window in which lung is darker than soft tissue: DICOM in the lung window, 8-bit
exports, the phantom. Where it finds nothing and most of the image is black, as in soft-tissue windows that show
lung, fat and air alike, the second looks for two dark halls that muscle, bone and heart wall in.

Neither knows anatomy. What is filled, by tumour, fluid or collapse, is not seen as lung unless the closing reaches
around it; gas in stomach or bowel can pass for lung low in the chest; the windpipe is left out. So results are
checked for plausibility, refused with a reason otherwise, shown by ``xaudit data regions``, and can be replaced by
masks of your own. Lengths are shares of the image's shorter side, because the spacing is often unknown.
"""

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from xaudit.cases.anatomy.morphology import closed, eroded, filled, largest, opened, pieces
from xaudit.cases.anatomy.refused import Refused
from xaudit.records import BoolArray, FloatArray

SMOOTHING = 0.006
"""Standard deviation of the Gaussian against noise, as a share of the side."""

CLOSING = 0.045
"""Radius of the disc that closes a lung over vessels and over tumours at its wall: some 16 mm of a chest."""

SMALLEST_LUNG = 0.08
"""A second lung has at least this share of the first; smaller pieces are windpipe or bowel."""

LUNG_SHARES = (0.04, 0.7)
"""Both lungs together, as a share of the body: outside this range the slice shows no chest, or the mask is wrong."""

BODY_SHARES = (0.1, 0.99)
"""The body as a share of the image."""

BLACK = 0.02
"""Grey level up to which a pixel of a hard window is black."""

HARD_FROM = 0.6
"""Share of black pixels from which a window counts as hard."""

WALL_GAPS = (0.015, 0.025, 0.04, 0.055)
"""Radii of the discs that close the walls of a hard window, tried in turn."""

HARD_LUNG_SHARES = (0.15, 0.6)
"""As LUNG_SHARES, but narrower, since a hall with a gap in its wall can be anything."""

HARD_SMALLEST_LUNG = 0.3
"""As SMALLEST_LUNG."""

BRIGHT_WITHIN = 0.9
"""Share of a hard window's bright pixels that the body must hold: with less, half of a chest was taken for all of it."""

_Slice = tuple[BoolArray, BoolArray]


def segment_body(pixels: FloatArray) -> BoolArray | Refused:
    """Return the patient's outline, filled, (H, W); a table that stands apart is left out.

    Args:
        pixels: (H, W) or (H, W, 3) in [0, 1], dense tissue bright.
    """
    grey = _grey(pixels)
    body = _body(_dense(grey))
    if isinstance(body, Refused) and _is_hard(grey):
        walled = _walled_lungs(grey)
        return walled if isinstance(walled, Refused) else walled[0]
    return body


def segment_lungs(pixels: FloatArray) -> BoolArray | Refused:
    """Return both lungs, (H, W), closed over vessels and over bulges of the wall.

    Args:
        pixels: (H, W) or (H, W, 3) in [0, 1], dense tissue bright.
    """
    grey = _grey(pixels)
    lungs = _dark_lungs(grey)
    if isinstance(lungs, Refused) and _is_hard(grey):
        walled = _walled_lungs(grey)
        return walled if isinstance(walled, Refused) else walled[1]
    return lungs


def _grey(pixels: FloatArray) -> FloatArray:
    return np.asarray(pixels if pixels.ndim == 2 else pixels.mean(axis=2), dtype=np.float64)


def _is_hard(grey: FloatArray) -> bool:
    return bool((grey <= BLACK).mean() > HARD_FROM)


def _dense(grey: FloatArray) -> BoolArray:
    """Return the pixels of soft tissue or bone rather than air or lung; none in an image without contrast."""
    smooth = ndimage.gaussian_filter(grey, SMOOTHING * min(grey.shape))
    if np.ptp(smooth) < BLACK:
        return np.zeros(grey.shape, dtype=bool)
    return np.asarray(smooth > float(threshold_otsu(smooth)))  # type: ignore[no-untyped-call]


def _body(dense: BoolArray) -> BoolArray | Refused:
    if not dense.any():
        return Refused("the image is all of one brightness")
    side = min(dense.shape)
    body = largest(opened(filled(closed(dense, 0.01 * side)), 0.02 * side))
    body = filled(closed(body, 0.02 * side))
    share = float(body.mean())
    if not BODY_SHARES[0] <= share <= BODY_SHARES[1]:
        return Refused(f"the body found covers {share:.0%} of the image")
    return body


def _dark_lungs(grey: FloatArray) -> BoolArray | Refused:
    dense = _dense(grey)
    body = _body(dense)
    if isinstance(body, Refused):
        return body
    side = min(body.shape)
    within = eroded(body, 0.012 * side)
    pair = _pair(opened(within & ~dense, 0.006 * side), body, smallest=SMALLEST_LUNG)
    return pair if isinstance(pair, Refused) else _closed_pair(pair, within, body, LUNG_SHARES)


def _walled_lungs(grey: FloatArray) -> _Slice | Refused:
    """Return body and lungs of a hard window: two halls within the walls, for the smallest gaps that must be closed."""
    side = min(grey.shape)
    bright = ndimage.gaussian_filter(np.where(_without_table(grey), grey, 0), 0.004 * side) > 3 * BLACK
    body = largest(opened(filled(closed(bright, 0.05 * side)), 0.03 * side))
    if not body.any() or (bright & body).sum() < BRIGHT_WITHIN * bright.sum():
        return Refused("the window shows only parts of the body's outline")
    within = eroded(body, 0.012 * side)
    pair: tuple[BoolArray, BoolArray] | Refused = Refused("the window shows no walls around the lungs")
    for gap in WALL_GAPS:
        walls = closed(bright, gap * side)
        halls = opened(filled(walls) & ~walls & within, 0.02 * side)
        pair = _pair(halls, body, smallest=HARD_SMALLEST_LUNG)
        if not isinstance(pair, Refused):
            lungs = _closed_pair(pair, within, body, HARD_LUNG_SHARES)
            if not isinstance(lungs, Refused):
                return body, lungs
    return Refused("lung, fat and air are equally black, and the walls around the lungs have gaps")


def _without_table(grey: FloatArray) -> BoolArray:
    """Return the bright pixels without the table: anything wide that begins below the middle, and everything connected to it."""
    bright = grey > 5 * BLACK
    labels, _ = ndimage.label(bright, structure=np.ones((3, 3)))
    height, width = grey.shape
    for index, (rows, cols) in enumerate(ndimage.find_objects(labels), start=1):
        if rows.start > 0.55 * height and cols.stop - cols.start > 0.25 * width:
            table = labels[rows, cols] == index
            below = np.maximum.accumulate(np.pad(table, ((0, height - rows.stop), (0, 0))), axis=0)
            bright[rows.start :, cols] &= ~below
    return bright


def _closed_pair(
    pair: tuple[BoolArray, BoolArray], within: BoolArray, body: BoolArray, shares: tuple[float, float]
) -> BoolArray | Refused:
    """Return both lungs, each closed separately, so that the space between them stays open."""
    side = min(body.shape)
    first, second = (filled(closed(lung, CLOSING * side)) & within for lung in pair)
    lungs = (first ^ second) | pair[0] | pair[1]
    share = float(lungs.sum() / body.sum())
    if not shares[0] <= share <= shares[1]:
        return Refused(f"the lungs found cover {share:.0%} of the body")
    return lungs


def _pair(dark: BoolArray, body: BoolArray, *, smallest: float) -> tuple[BoolArray, BoolArray] | Refused:
    """Return the largest dark piece on either side of the body's middle; one that spans the middle is cut there."""
    columns = np.flatnonzero(body.any(0))
    middle, width = (columns[0] + columns[-1] + 1) / 2, columns[-1] + 1 - columns[0]
    left_half = np.arange(body.shape[1]) + 0.5 < middle
    sides: tuple[list[BoolArray], list[BoolArray]] = ([], [])
    for piece in pieces(dark)[:12]:
        xs = np.flatnonzero(piece.any(0))
        if xs[0] < middle - 0.12 * width and xs[-1] > middle + 0.12 * width:
            sides[0].append(piece & left_half)
            sides[1].append(piece & ~left_half)
        else:
            centre = float(piece.sum(0) @ (np.arange(piece.shape[1]) + 0.5) / piece.sum())
            sides[int(centre >= middle)].append(piece)
    if not sides[0] and not sides[1]:
        return Refused("nothing in the body is dark enough to be lung")
    if not sides[0] or not sides[1]:
        return Refused("dark areas were found on one side of the body only")
    left, right = (max(side, key=np.count_nonzero) for side in sides)
    small, large = sorted((int(left.sum()), int(right.sum())))
    if small < smallest * large:
        return Refused("only one lung was found")
    return left, right
