"""Common frames: the windows of many images brought to the same place of the image, of the lungs, or around the mark.

Conventions of this file: boxes are ``x0, y0, x1, y1`` as shares of the frame. The windows of all scales of one model stand one
after the other, the smallest scale first, row by row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from xaudit.metrics.oddness import ODD
from xaudit.metrics.regions import BORDER_SHARE
from xaudit.metrics.reliance_map.windows import WindowGrid, window_grid
from xaudit.records import BoolArray, FloatArray, IntArray, WindowEffects

FRAMES = ("image", "lungs", "mark")

AROUND_MARK = 4
"""Windows to each side of the mark's centre in the mark's frame."""

LUNG_CELLS = (6, 4)
"""Rows and columns of the box around each lung in the lungs' frame."""

ANSWERS = ("probability", "log-odds")

LUNGS = ("same-lung", "opposite-lung", "lungs")

BACKGROUND = ("thorax", "body", "empty", "outside")
"""Regions beneath the border; lungs, marks and regions of the user's own that reach into it stay what they are."""

_BESIDE = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """The windows of all scales on the frame of one model.

    Attributes:
        grids: by scale, the smallest first.
        scales: of the grids.
        boxes: (windows, 4).
        groups: (windows,), number of the scale.
        in_border: (windows,), True where most of the window lies in the border.
        weights: (windows,), share of the frame's area that counts for each window if the frame is covered once: effects
            times weights add up to the summed effect of the scale, in windows.
    """

    grids: tuple[WindowGrid, ...]
    scales: tuple[float, ...]
    boxes: FloatArray
    groups: IntArray
    in_border: BoolArray
    weights: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class CaseWindows:
    """The effects of all windows on one image.

    Attributes:
        drops: (in-fills, answers, windows), in the order of :data:`ANSWERS`; NaN where not measured.
        mark_share: (windows,).
        place: (windows,), region of each window; ``border`` where most of it lies in the border, and in no organ and
            no region that the audit file names.
        odd: (in-fills, windows), 1 where the changed image is odd to the model, 0 where it is not, NaN where not measured.
    """

    case_id: str
    cluster: str
    drops: FloatArray
    mark_share: FloatArray
    place: tuple[str, ...]
    odd: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class CommonFrame:
    """Cells that windows of different images share.

    Attributes:
        name: one of :data:`FRAMES`.
        boxes: (cells, 4), as shares of this frame.
        groups: (cells,), number of the scale of the windows in it.
    """

    name: str
    boxes: FloatArray
    groups: IntArray


def windows_of(effects: Sequence[WindowEffects]) -> Windows:
    """Return the windows of every scale that was measured.

    Raises:
        ValueError: if the effects are of different frames, or a grid does not fit its frame.
    """
    sizes = {(one.scale, one.stride, one.frame_hw): one.probability_drop.shape for one in effects}
    if len({frame for _, _, frame in sizes}) != 1 or len({scale for scale, _, _ in sizes}) != len(sizes):
        raise ValueError("windows of different frames or strides do not make one map")
    grids = []
    for (scale, stride, frame), shape in sorted(sizes.items()):
        grid = window_grid(frame, scale, stride)
        if grid.shape != shape:
            raise ValueError(
                f"{shape} windows of scale {scale} do not match {grid.shape} on a frame of {frame}"
            )
        grids.append(grid)
    boxes = np.concatenate([_boxes(grid) for grid in grids])
    groups = np.repeat(np.arange(len(grids)), [grid.shape[0] * grid.shape[1] for grid in grids])
    inner = np.clip(
        np.minimum(boxes[:, 2:], 1 - BORDER_SHARE) - np.maximum(boxes[:, :2], BORDER_SHARE), 0, None
    )
    in_border = inner.prod(axis=1) < 0.5 * (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    scales = tuple(scale for scale, _, _ in sorted(sizes))
    return Windows(
        tuple(grids), scales, boxes, groups, in_border, np.concatenate([_weights(grid) for grid in grids])
    )


def case_windows(windows: Windows, effects: Sequence[WindowEffects], infills: Sequence[str]) -> CaseWindows:
    """Put the effects of one image in the order of the windows.

    Args:
        effects: of one model and image, for every scale; an in-fill that was not measured has no values.
    """
    starts = np.concatenate([[0], np.cumsum(np.bincount(windows.groups))])
    drops = np.full((len(infills), len(ANSWERS), len(windows.groups)), np.nan)
    odd = np.full((len(infills), len(windows.groups)), np.nan)
    mark_share, place = np.zeros(len(windows.groups)), np.full(len(windows.groups), "outside", dtype=object)
    for one in effects:
        index = windows.scales.index(one.scale)
        part = slice(starts[index], starts[index + 1])
        drops[infills.index(one.infill), :, part] = one.probability_drop.ravel(), one.log_odds_drop.ravel()
        if one.oddness is not None:
            odd[infills.index(one.infill), part] = one.oddness.ravel() > ODD
        mark_share[part] = one.mark_share.ravel()
        place[part] = one.place
    named = [
        "border" if in_border and name in BACKGROUND else name
        for name, in_border in zip(place.tolist(), windows.in_border.tolist(), strict=True)
    ]
    return CaseWindows(effects[0].case_id, effects[0].cluster, drops, mark_share, tuple(named), odd)


def common_frame(name: str, windows: Windows) -> CommonFrame:
    """Return the cells of a common frame.

    In the image's frame, each window is a cell. In the mark's frame, windows count by their distance from the mark's centre in
    sides of a window, :data:`AROUND_MARK` to each side. In the lungs' frame, the box around each lung has
    :data:`LUNG_CELLS` cells; the lung on the left of the image fills the left half.
    """
    if name == "image":
        return CommonFrame(name, windows.boxes, windows.groups)
    boxes = []
    sides = [grid.height / grid.frame_hw[0] for grid in windows.grids]
    for side in sides:
        if name == "mark":
            steps = np.arange(-AROUND_MARK, AROUND_MARK + 1) * side
            y, x = (axis.ravel() for axis in np.meshgrid(steps, steps, indexing="ij"))
            reach = (2 * AROUND_MARK + 1) * max(sides)
            boxes.append(
                0.5 + np.stack([x - side / 2, y - side / 2, x + side / 2, y + side / 2], axis=1) / reach
            )
        else:
            rows, columns = LUNG_CELLS[0], 2 * LUNG_CELLS[1]
            y, x = (axis.ravel() for axis in np.mgrid[0:rows, 0:columns])
            boxes.append(np.stack([x / columns, y / rows, (x + 1) / columns, (y + 1) / rows], axis=1))
    groups = np.repeat(np.arange(len(boxes)), [len(own) for own in boxes])
    return CommonFrame(name, np.concatenate(boxes), groups)


def cells_of(frame: CommonFrame, windows: Windows, case: CaseWindows) -> IntArray | None:
    """Return the cell of each window of an image, -1 outside the frame; None if the image has no mark, or no lungs."""
    if frame.name == "image":
        return np.arange(len(windows.groups))
    own = _around_mark(windows, case) if frame.name == "mark" else _in_lungs(windows, case)
    if own is None:
        return None
    per_scale = len(frame.groups) // len(windows.grids)
    return np.where(own < 0, -1, own + windows.groups * per_scale)


def cell_means(values: FloatArray, cells: IntArray, n_cells: int) -> FloatArray:
    """Return the mean value of the windows in each cell; NaN for a cell without a value.

    Args:
        values: (..., windows).
        cells: (windows,), -1 for windows that have no cell.

    Example:
        >>> cell_means(np.array([1.0, 3.0, np.nan, 7.0]), np.array([0, 0, 1, -1]), 2)
        array([ 2., nan])
    """
    if np.array_equal(cells, np.arange(n_cells)):
        return values
    known = ~np.isnan(values) & (cells >= 0)
    member = np.zeros((len(cells), n_cells))
    member[np.flatnonzero(cells >= 0), cells[cells >= 0]] = 1
    sums, counts = np.where(known, values, 0) @ member, known @ member
    means: FloatArray = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return means


def position_in_words(box: Sequence[float]) -> str:
    """Name the place of a box in the image.

    Example:
        >>> position_in_words((0.875, 0.0, 1.0, 0.125)), position_in_words((0.4, 0.4, 0.65, 0.65))
        ('upper right corner', 'centre')
    """
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    edge = 0.2
    across = "left" if x < edge else "right" if x > 1 - edge else ""
    down = "upper" if y < edge else "lower" if y > 1 - edge else ""
    if across and down:
        return f"{down} {across} corner"
    if across or down:
        return f"{across or down} edge"
    across = "left" if x < 0.4 else "right" if x > 0.6 else ""
    down = "upper" if y < 0.4 else "lower" if y > 0.6 else ""
    return " ".join(filter(None, [down, across, "part"])) if across or down else "centre"


def _boxes(grid: WindowGrid) -> FloatArray:
    height, width = grid.frame_hw
    corners = np.array(
        [(left, top, right, bottom) for top, left, bottom, right in grid.boxes()], dtype=np.float64
    )
    shares: FloatArray = corners / np.array([width, height, width, height])
    return shares


def _weights(grid: WindowGrid) -> FloatArray:
    """Return each window's pixels, each divided by the number of windows that cover it, in windows."""
    down = _of_axis(grid.tops, grid.height, grid.frame_hw[0])
    across = _of_axis(grid.lefts, grid.width, grid.frame_hw[1])
    return (down[:, None] * across[None, :]).ravel() / (grid.height * grid.width)


def _of_axis(starts: Sequence[int], size: int, side: int) -> FloatArray:
    covered = np.zeros(side)
    for start in starts:
        covered[start : start + size] += 1
    return np.array([(1 / covered[start : start + size]).sum() for start in starts])


def _centres(windows: Windows) -> FloatArray:
    centres: FloatArray = (windows.boxes[:, :2] + windows.boxes[:, 2:]) / 2
    return centres


def _around_mark(windows: Windows, case: CaseWindows) -> IntArray | None:
    """Return the cell of each window within its scale, by its distance from the centre of the largest mark."""
    finest = windows.groups == 0
    shares = case.mark_share[finest].reshape(windows.grids[0].shape)
    if not shares.any():
        return None
    marks, n_marks = ndimage.label(shares > 0, structure=_BESIDE)
    largest = 1 + int(np.argmax(ndimage.sum_labels(shares, marks, np.arange(1, n_marks + 1))))
    weights = np.where(marks == largest, shares, 0).ravel()
    centre = weights @ _centres(windows)[finest] / weights.sum()
    sides = windows.boxes[:, 2:] - windows.boxes[:, :2]
    steps = np.rint((_centres(windows) - centre) / sides).astype(np.intp)
    inside = (np.abs(steps) <= AROUND_MARK).all(axis=1)
    across = 2 * AROUND_MARK + 1
    return np.where(inside, (steps[:, 1] + AROUND_MARK) * across + steps[:, 0] + AROUND_MARK, -1)


def _in_lungs(windows: Windows, case: CaseWindows) -> IntArray | None:
    """Return the cell of each window within its scale, by its place in the box around its lung."""
    names, finest = np.array(case.place, dtype=object), windows.groups == 0
    boxes = []
    for lung in LUNGS:
        own = windows.boxes[finest & (names == lung)]
        if len(own):
            boxes.append(np.concatenate([own[:, :2].min(axis=0), own[:, 2:].max(axis=0)]))
    if len(boxes) == 1 and (finest & (names == "lungs")).any():
        x0, y0, x1, y1 = boxes[0]
        middle = (x0 + x1) / 2
        boxes = [np.array([x0, y0, middle, y1]), np.array([middle, y0, x1, y1])]
    if len(boxes) != 2:
        return None
    boxes.sort(key=lambda box: box[0] + box[2])
    rows, columns = LUNG_CELLS
    cells = np.full(len(windows.groups), -1)
    for number, box in enumerate(boxes):
        within = (_centres(windows) - box[:2]) / (box[2:] - box[:2])
        inside = ((within >= 0) & (within < 1)).all(axis=1)
        column, row = (within * [columns, rows]).astype(np.intp).T
        cells[inside] = (row * 2 * columns + number * columns + column)[inside]
    return cells
