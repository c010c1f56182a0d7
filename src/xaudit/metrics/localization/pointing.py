"""The pointing game: is the highest point of a map in the mark."""

import numpy as np
from scipy import ndimage

from xaudit.metrics import quantus_adapter
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.localization.marked_map import MarkedMap, Options
from xaudit.records import BoolArray, FloatArray


def pointing_game_on_mark(marked: MarkedMap, options: Options) -> Measured:
    """Play the pointing game on the mark, widened by the options ``tolerance_px`` and ``tolerance_cells``."""
    reach = within_reach(
        marked,
        tolerance_px=float(options["tolerance_px"] or 0),
        tolerance_cells=float(options["tolerance_cells"] or 0),
    )
    return reach if isinstance(reach, Absent) else pointing_game(marked.values, reach)


def pointing_game(saliency: FloatArray, region: BoolArray) -> float:
    """The chance that the map's highest pixel lies inside the mark: the share of its maxima that do; 0 to 1.

    Differs from the paper and from Quantus only where several pixels share the maximum: the paper takes the first
    of them, Quantus counts a hit if any is inside, here each counts in part. Under a map of random order it is the
    mark's share of the image.

    Args:
        saliency: of any shape, without negative values, not all alike.
        region: of the same shape, true inside the mark.

    Source: Zhang et al. 2018, Top-down neural attention by excitation backprop, with no tolerance.

    Example:
        >>> pointing_game(np.array([0.0, 2.0, 2.0, 1.0]), np.array([False, True, False, False]))
        0.5
    """
    maxima = saliency == saliency.max()
    if np.count_nonzero(maxima) == 1:
        return quantus_adapter.pointing_game(saliency, region)
    return float(region[maxima].mean())


def within_reach(marked: MarkedMap, *, tolerance_px: float, tolerance_cells: float) -> BoolArray | Absent:
    """The pixels that count as a hit: the mark, and what lies no further from it than the tolerances allow.

    Args:
        tolerance_px: distance from the nearest marked pixel, in pixels of the original frame, centre to centre.
        tolerance_cells: the same in cells of the explainer's native grid, so that a coarse grid is not blamed for
            what it cannot show.

    Returns:
        (n,), one entry per valid pixel; Absent where cells are asked for and the map has none.
    """
    near = marked.mark
    if tolerance_px > 0:
        near = near | (ndimage.distance_transform_edt(~marked.mark) <= tolerance_px)
    if tolerance_cells > 0:
        if marked.cell_px is None:
            return Absent("this map has no native grid, so there is no cell to measure a tolerance in")
        cells = tuple(1 / side for side in marked.cell_px)
        near = near | (ndimage.distance_transform_edt(~marked.mark, sampling=cells) <= tolerance_cells)
    reachable: BoolArray = near[marked.valid]
    return reachable
