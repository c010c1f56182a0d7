"""The parts of the image that the label should not follow from, and those that they are compared with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from xaudit.cases.dataset import Dataset
from xaudit.counts import counted
from xaudit.records import BoolArray, FloatArray, IntArray, Progress, Surroundings
from xaudit.screening.label.cells import N_CELLS, N_SMALL, STATISTICS, hidden_share, image_cells

_RING = 2
_MIDDLE = slice(N_CELLS // 4, N_CELLS - N_CELLS // 4)

_TOUCHED = 0.02
"""Share of a cell that a mask may cover before the cell counts as hidden."""

_COMMON = 0.9
"""Share of the images in which a cell must be visible, so that the mask's own shape does not become a feature."""

_MARGIN = 0.03
"""Margin around the organ's box, as a share of the side: the tissue right beside an organ belongs to it."""

_QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)

TITLES: Mapping[str, str] = {
    "border": "border ring (outer 10 %)",
    "outside-body": "outside the body",
    "organ-blanked": "all but the organ",
    "centre": "centre (inner half)",
    "whole": "whole image",
}
"""The views of the pixels, in the order of display."""

JUDGED_VIEWS = ("border", "outside-body", "organ-blanked")


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The features of the images that show a view.

    Attributes:
        rows: places of these images among all, rising.
        features: (len(rows), n) of float32, finite.
    """

    id: str
    rows: IntArray
    features: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PixelViews:
    """All views of the pixels of a data set.

    Attributes:
        means: mean small picture of each class, (N_SMALL, N_SMALL).
        skipped: sentences that name the views that could not be made, and why.
    """

    views: tuple[View, ...]
    means: Mapping[str, FloatArray]
    skipped: tuple[str, ...]


@dataclass(slots=True, eq=False)
class _Masked:
    """The cells that a view hides, image by image, and the number of images without a mask by reason."""

    hidden: list[FloatArray | None] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)

    def add(self, mask: BoolArray | str) -> None:
        if isinstance(mask, str):
            self.unknown[mask] = self.unknown.get(mask, 0) + 1
            self.hidden.append(None)
        else:
            self.hidden.append(hidden_share(mask))


def pixel_views(data: Dataset, organ: Sequence[str], on_progress: Callable[[Progress], None]) -> PixelViews:
    """Read every image once, and return the features of each view.

    Args:
        organ: names of regions of the user's own that are the organ, beside the lungs.
    """
    n = len(data.cases)
    cells = np.empty((n, N_CELLS, N_CELLS, len(STATISTICS)), dtype=np.float32)
    sums = {name: np.zeros((N_SMALL, N_SMALL)) for name in data.class_names}
    masked = {name: _Masked() for name in ("outside-body", "organ-blanked") if not _reason(data, name, organ)}
    skipped = [reason for name in ("outside-body", "organ-blanked") if (reason := _reason(data, name, organ))]
    for index, case in enumerate(data.cases):
        on_progress(Progress("label", index, n, "images read"))
        pixels = data.pixels(case)
        one = image_cells(pixels)
        cells[index] = one.values
        sums[case.label] += one.small
        if masked:
            around = data.masks.surroundings(case, partial(_same, pixels))
            hidden = {"outside-body": _body(around), "organ-blanked": _organ_box(around, organ)}
            for name, masks in masked.items():
                masks.add(hidden[name])
    on_progress(Progress("label", n, n, "images read"))
    numbers = {name: sum(case.label == name for case in data.cases) for name in data.class_names}
    views = [_fixed(name, cells) for name in ("border", "centre", "whole")]
    for name, masks in masked.items():
        view, sentence = _of_masks(name, cells, masks)
        views += [] if view is None else [view]
        skipped += [sentence] if sentence else []
    order = list(TITLES)
    return PixelViews(
        tuple(sorted(views, key=lambda view: order.index(view.id))),
        {name: sums[name] / numbers[name] for name in data.class_names if numbers[name]},
        tuple(skipped),
    )


def view_cells(name: str) -> BoolArray:
    """Return the cells of a view that is the same in every image, (N_CELLS, N_CELLS).

    Example:
        >>> int(view_cells("border").sum()), int(view_cells("centre").sum()), int(view_cells("whole").sum())
        (144, 100, 400)
    """
    cells = np.full((N_CELLS, N_CELLS), name in ("border", "whole"))
    if name == "border":
        cells[_RING:-_RING, _RING:-_RING] = False
    if name == "centre":
        cells[_MIDDLE, _MIDDLE] = True
    return cells


def _fixed(name: str, cells: FloatArray) -> View:
    shown = cells[:, view_cells(name)]
    return View(name, np.arange(len(cells)), _varying(shown.reshape(len(cells), -1)))


def _of_masks(name: str, cells: FloatArray, masked: _Masked) -> tuple[View | None, str]:
    """Return the features of the cells that are visible beside a mask, and a sentence about images without them.

    Only cells that nearly every image shows become features, and a cell that an image hides has the median of the
    others. Five quantiles of each statistic over all visible cells of the image stand beside them.
    """
    visible = {index: hidden <= _TOUCHED for index, hidden in enumerate(masked.hidden) if hidden is not None}
    rows = np.array([index for index, shown in visible.items() if shown.any()], dtype=np.intp)
    n_without = len(masked.hidden) - len(rows)
    reasons = [f"{reason} ({counted(number, 'image')})" for reason, number in sorted(masked.unknown.items())]
    n_full = n_without - sum(masked.unknown.values())
    if n_full:
        reasons.append(f"nothing of the image is left ({counted(n_full, 'image')})")
    about = (
        f"{TITLES[name]}: {counted(n_without, 'image')} left out: {'; '.join(reasons)}" if n_without else ""
    )
    if not len(rows):
        return None, about
    shown = np.stack([visible[index] for index in rows.tolist()])
    own = np.where(shown[..., None], cells[rows], np.nan)
    common = shown.mean(axis=0) >= _COMMON
    parts = [np.nanquantile(own.reshape(len(rows), -1, len(STATISTICS)), _QUANTILES, axis=1)]
    features = np.moveaxis(parts[0], 0, 1).reshape(len(rows), -1)
    if common.any():
        at_cells = own[:, common].reshape(len(rows), -1)
        filled = np.where(np.isnan(at_cells), np.nanmedian(at_cells, axis=0), at_cells)
        features = np.concatenate([features, filled], axis=1)
    return View(name, rows, _varying(features.astype(np.float32))), about


def _varying(features: FloatArray) -> FloatArray:
    """Drop the columns that are the same in all images; keep one if all are."""
    varies = (features != features[:1]).any(axis=0)
    varies[:1] |= not varies.any()
    return np.ascontiguousarray(features[:, varies])


def _reason(data: Dataset, name: str, organ: Sequence[str]) -> str:
    """Return why no image can show a masked view; empty if some may."""
    if name == "outside-body" and data.masks.body is None:
        return f"{TITLES[name]}: the data has no masks of the body; set `data.regions.body: builtin-ct` (or `builtin-xray`), or give masks"
    if name == "organ-blanked":
        absent = [f"'{region}'" for region in organ if region not in data.masks.own]
        if absent:
            return f"{TITLES[name]}: `data.regions.own` has no region {' or '.join(absent)}, as `data_audit.label.organ` says"
        if data.masks.lungs is None and not organ:
            return (
                f"{TITLES[name]}: the data has no masks of an organ; set `data.regions.lungs`, or draw the organ under "
                "`data.regions.own` and name it in `data_audit.label.organ`"
            )
    return ""


def _same(pixels: FloatArray) -> FloatArray:
    return pixels


def _body(surroundings: Surroundings) -> BoolArray | str:
    if surroundings.body is None:
        return surroundings.unknown.get("body", "no body mask for this case")
    return surroundings.body


def _organ_box(surroundings: Surroundings, organ: Sequence[str]) -> BoolArray | str:
    """Return the box around the organ with its margin: a box gives away less of the organ's shape than its mask."""
    masks = [] if surroundings.lungs is None else [surroundings.lungs]
    own = (surroundings.own.get(name) for name in organ)
    masks += [mask for mask in own if mask is not None]
    known = [mask for mask in masks if mask.any()]
    if not known:
        return surroundings.unknown.get("lungs", "no mask of the organ for this case")
    whole = np.logical_or.reduce(known)
    box = np.zeros(whole.shape, dtype=bool)
    limits = []
    for axis, side in enumerate(whole.shape):
        along = np.flatnonzero(whole.any(axis=1 - axis))
        margin = round(_MARGIN * side)
        limits.append(slice(max(0, along[0] - margin), along[-1] + 1 + margin))
    box[tuple(limits)] = True
    return box
