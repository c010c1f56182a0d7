"""Mean reliance maps: where each model's answers come from, with the areas of the test outlined and numbered."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.transforms import Affine2D

from xaudit.report.paper_figures.figure import TWO_COLUMNS_MM, PaperFigure, Value, plain
from xaudit.report.paper_figures.overlays import outline_of
from xaudit.report.pictures.reliance_picture import (
    WIDTH,
    ReliancePicture,
    map_rgba,
    reliance_pictures,
    scale_rgb,
)
from xaudit.report.sections.maps.mean_maps import outlined_test
from xaudit.report.sections.reliance_areas import change_words, images_words
from xaudit.stages.views.previews import preview_pixels
from xaudit.stages.views.report_material import ReportMaterial
from xaudit.statistics.digits import shown

_ACROSS = 3
_WORDS_MM, _BAR_MM = 9.0, 9.0
_GROUND = "#1b2026"


def reliance_figures(material: ReportMaterial, *, images: bool) -> Iterator[PaperFigure]:
    """Draw a figure for each model whose windows were replaced.

    Args:
        images: whether the typical case stands behind a map.
    """
    views = material.reliance if images else [replace(view, preview=None) for view in material.reliance]
    for model, pictures in reliance_pictures(material.outcome, views).items():
        yield _figure(material, model, pictures)


def _figure(material: ReportMaterial, model: str, pictures: Sequence[ReliancePicture]) -> PaperFigure:
    n_rows = -(-len(pictures) // _ACROSS)
    side = TWO_COLUMNS_MM / _ACROSS
    tallest = max(one.height for one in pictures) / WIDTH

    def draw(figure: Figure) -> None:
        heights = [*[tallest * side + _WORDS_MM] * n_rows, _BAR_MM]
        grid = figure.add_gridspec(n_rows + 1, _ACROSS, height_ratios=heights)
        for place, picture in enumerate(pictures):
            _picture(figure.add_subplot(grid[place // _ACROSS, place % _ACROSS]), picture)
        _bar(figure.add_subplot(grid[n_rows, 0]), pictures[0].top)
        figure.suptitle(plain(f"{model}: where the answer comes from"), x=0.01, ha="left", fontsize=7)

    header = ("model", "images", "target", "question", "direction", "row", "column", "change", "area")
    rows = tuple(row for one in pictures for row in _rows(material, one))
    height = n_rows * (tallest * side + _WORDS_MM) + _BAR_MM + 4
    return PaperFigure(f"reliance-map-{model}", TWO_COLUMNS_MM, height, header, rows, draw)


def _picture(axes: Axes, picture: ReliancePicture) -> None:
    extent = (0, WIDTH, picture.height, 0)
    axes.set_facecolor(_GROUND)
    if picture.view.preview is not None:
        grey = preview_pixels(picture.view.preview)
        axes.imshow(grey, cmap="gray", vmin=0, vmax=1, extent=extent, interpolation="nearest")
    axes.imshow(map_rgba(picture.values, picture.top), extent=extent, interpolation="nearest")
    x, y, width, height = picture.seen
    if picture.shows_seen:
        axes.add_patch(
            Rectangle((x, y), width, height, fill=False, edgecolor="#c9d1d9", linewidth=0.5, linestyle="--")
        )
    x, y, across, down = picture.cell
    to_picture = Affine2D().scale(across, down).translate(x, y) + axes.transData
    for area in picture.areas:
        for colour, linewidth in (("black", 2.0), ("white", 1.0)):
            patch = PathPatch(outline_of(area.path), fill=False, edgecolor=colour, linewidth=linewidth)
            patch.set_transform(to_picture)
            axes.add_patch(patch)
        ground = {"facecolor": "white", "linewidth": 0, "pad": 1}
        axes.text(
            *area.label, str(area.number), ha="left", va="top", bbox=ground, fontweight="bold", clip_on=True
        )
    if picture.side:
        ground = {"facecolor": "black", "alpha": 0.5, "linewidth": 0, "pad": 1}
        axes.text(0.02 * WIDTH, picture.height / 2, picture.side, color="white", va="center", bbox=ground)
    axes.set(xlim=(0, WIDTH), ylim=(picture.height, 0), xticks=[], yticks=[], aspect="equal")
    axes.spines[:].set_visible(False)
    mean = picture.view.mean
    axes.set_title(plain(f"{images_words(mean)}\n{change_words(mean)}"), loc="left")


def _bar(axes: Axes, top: float) -> None:
    axes.imshow(scale_rgb(), extent=(0, top, 0, 1), aspect="auto", interpolation="nearest")
    ticks = (0.0, top / 2, top)
    axes.set_box_aspect(0.05)
    axes.set(yticks=[], xticks=ticks, xticklabels=[shown(tick) for tick in ticks])
    axes.set_xlabel("change of the probability")
    axes.spines[:].set_visible(False)


def _rows(material: ReportMaterial, picture: ReliancePicture) -> Iterator[tuple[Value, ...]]:
    """Yield each cell of a map with the area that its centre lies in."""
    mean = picture.view.mean
    test = outlined_test(material.outcome, mean)
    values = np.array(mean.rows)
    height, width = values.shape
    areas = np.zeros(values.shape, dtype=int)
    for area in reversed(test.areas if test else ()):
        for x0, y0, x1, y1 in area.windows or (area.box,):
            inside = (np.arange(height)[:, None] + 0.5) / height, (np.arange(width)[None, :] + 0.5) / width
            areas[(inside[0] > y0) & (inside[0] < y1) & (inside[1] > x0) & (inside[1] < x1)] = area.number
    for row in range(height):
        for column in range(width):
            yield (
                mean.model_id, mean.images, mean.target, mean.question, mean.direction, row, column,
                mean.rows[row][column], int(areas[row, column]) or None,
            )  # fmt: skip
