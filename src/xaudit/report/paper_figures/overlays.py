"""Maps over images: the worst, the middle and the best case of each model, every explainer beside each other."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

from xaudit.records import Case, FloatArray
from xaudit.report.paper_figures.figure import TWO_COLUMNS_MM, PaperFigure, Value, plain
from xaudit.report.pictures.figures import OUTLINES, map_colours
from xaudit.report.pictures.outline_path import outline_path
from xaudit.report.sections.category import category_words
from xaudit.report.wording import metric_words
from xaudit.stages.views.gallery_view import GalleryView
from xaudit.stages.views.previews import preview_pixels
from xaudit.stages.views.report_material import ReportMaterial
from xaudit.statistics.digits import shown

_PLACES = ("worst", "middle", "best")
_STEP = re.compile(r"([MLHVZ])(?:(-?[\d.]+)(?: (-?[\d.]+))?)?")
_LETTER_MM = 1.55
_BARS_MM = (100, 50, 20, 10, 5, 2, 1)


def overlay_figures(material: ReportMaterial, named: Callable[[str], str]) -> Iterator[PaperFigure]:
    """Draw a figure for each model with stored pictures and maps.

    Args:
        named: how a case's id is shown.
    """
    for model in material.outcome.model_ids:
        chosen = _chosen(material, model)
        if chosen:
            yield _figure(material, model, chosen, named)


def _chosen(material: ReportMaterial, model: str) -> list[tuple[str, GalleryView]]:
    """Choose the first, middle and last of the ranked cases that have a picture."""
    views = [
        view
        for view in material.views
        if view.model_id == model
        and not view.is_error
        and view.case_id in material.previews
        and any(one.values is not None for one in view.maps.values())
        and (
            material.ranked_by is None or any(material.ranked_by in one.scores for one in view.maps.values())
        )
    ]
    places = dict.fromkeys((0, len(views) // 2, len(views) - 1)) if views else {}
    words = _PLACES if len(places) == len(_PLACES) else ("",) * len(places)
    return [(word, views[place]) for word, place in zip(words, places, strict=True)]


def _figure(
    material: ReportMaterial,
    model: str,
    chosen: Sequence[tuple[str, GalleryView]],
    named: Callable[[str], str],
) -> PaperFigure:
    names = list(chosen[0][1].maps)
    readers = sorted({mark.reader_id for own in material.marks.values() for mark in own})
    side = TWO_COLUMNS_MM / (1 + len(names))

    def draw(figure: Figure) -> None:
        grid = figure.subplots(len(chosen), 1 + len(names), squeeze=False)
        for line, (word, view) in zip(grid, chosen, strict=True):
            case = material.cases[view.case_id]
            grey = preview_pixels(material.previews[view.case_id])
            for axes, name in zip(line, (None, *names), strict=True):
                _image(axes, case, grey)
                values = None if name is None else view.maps[name].values
                if name is not None and values is not None:
                    _map(axes, view, values, signed=material.signed.get(name, False))
                for mark in material.marks.get(view.case_id, ()):
                    if mark.region is not None:
                        _outline(axes, outline_path(mark.region), readers.index(mark.reader_id))
                if name is not None:
                    axes.set_title(plain(_title(name, view, material.ranked_by)))
            line[0].set_title(plain(f"{ending(named(view.case_id), int(side / _LETTER_MM))}\n{view.cell}"))
            line[0].set_ylabel(word)
            _scale_bar(line[0], case)
            if case.left_edge is not None:
                _write(line[0], case.width * 0.04, case.height / 2, case.left_edge, va="center")

    metrics = sorted({metric for _, view in chosen for one in view.maps.values() for metric in one.scores})
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (
            model,
            word,
            named(view.case_id),
            view.cell,
            name,
            view.maps[name].category,
            *(view.maps[name].scores.get(metric) for metric in metrics),
        )
        for word, view in chosen
        for name in names
    )
    case = material.cases[chosen[0][1].case_id]
    height = len(chosen) * (side * min(2.0, case.height / case.width) + 10)
    header = ("model", "place", "case", "confusion_cell", "explainer", "category", *metrics)
    return PaperFigure(f"overlays-{model}", TWO_COLUMNS_MM, height, header, rows, draw)


def ending(text: str, most: int) -> str:
    """A name that would run into the next picture, by its end: files of one folder differ there. The table has it whole.

    Example:
        >>> ending("study/series/slice-12", most=9), ending("slice-12", most=9)
        ('…slice-12', 'slice-12')
    """
    return text if len(text) <= most else f"…{text[1 - most :]}"


def _title(name: str, view: GalleryView, ranked_by: str | None) -> str:
    one = view.maps[name]
    score = (
        f"{metric_words(ranked_by)} {shown(one.scores[ranked_by])}"
        if ranked_by in one.scores and ranked_by
        else ""
    )
    below = "\n".join(text for text in (score, category_words(one.category) if one.category else "") if text)
    return f"{name}\n{below}" if below else name


def _image(axes: Axes, case: Case, grey: FloatArray) -> None:
    axes.imshow(
        grey, cmap="gray", vmin=0, vmax=1, extent=(0, case.width, case.height, 0), interpolation="nearest"
    )
    down, across = case.spacing_mm or (1.0, 1.0)
    axes.set_aspect(down / across)
    axes.set_xlim(0, case.width)
    axes.set_ylim(case.height, 0)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _map(axes: Axes, view: GalleryView, values: FloatArray, *, signed: bool) -> None:
    """The map where the model saw it: its frame's edges carried back to the image."""
    colour, opacity = map_colours(values, signed=signed)
    geometry = view.geometry
    if geometry.flip:
        colour, opacity = colour[:, ::-1], opacity[:, ::-1]
    height, width = geometry.model_hw
    left, right = ((x - geometry.offset_x) / geometry.scale_x for x in (0, width))
    top, bottom = ((y - geometry.offset_y) / geometry.scale_y for y in (0, height))
    rgba = np.dstack([colour / 255, opacity])
    axes.imshow(rgba, extent=(left, right, bottom, top), interpolation="nearest", aspect=axes.get_aspect())
    frame_height, frame_width = geometry.original_hw
    axes.set_xlim(0, frame_width)
    axes.set_ylim(frame_height, 0)


def outline_of(path: str) -> Outline:
    """The outline that an SVG path of straight lines describes, in pixels of the image.

    Example:
        >>> outline_of("M1 2H3V4H1Z").vertices.tolist()
        [[1.0, 2.0], [3.0, 2.0], [3.0, 4.0], [1.0, 4.0], [1.0, 2.0]]
    """
    points: list[tuple[float, float]] = []
    codes: list[int] = []
    x = y = 0.0
    start = (0.0, 0.0)
    for step, first, second in _STEP.findall(path):
        match step:
            case "H":
                x = float(first)
            case "V":
                y = float(first)
            case "Z":
                x, y = start
            case _:
                x, y = float(first), float(second)
        if step == "M":
            start = (x, y)
        points.append((x, y))
        codes.append({"M": int(Outline.MOVETO), "Z": int(Outline.CLOSEPOLY)}.get(step, int(Outline.LINETO)))
    return Outline(np.array(points, dtype=float).reshape(-1, 2), np.array(codes, dtype=np.uint8))


def _outline(axes: Axes, path: str, reader: int) -> None:
    if path:
        colour = "#{:02x}{:02x}{:02x}".format(*OUTLINES[reader % len(OUTLINES)])
        axes.add_patch(PathPatch(outline_of(path), fill=False, edgecolor=colour, linewidth=0.8))


def _scale_bar(axes: Axes, case: Case) -> None:
    if case.spacing_mm is None:
        return
    across = case.spacing_mm[1]
    length = next((mm for mm in _BARS_MM if mm / across <= case.width / 4), None)
    if length is None:
        return
    left, y = case.width * 0.05, case.height * 0.93
    axes.plot([left, left + length / across], [y, y], color="white", linewidth=1.5, solid_capstyle="butt")
    _write(axes, left, y - case.height * 0.02, f"{length} mm", va="bottom")


def _write(axes: Axes, x: float, y: float, text: str, *, va: Literal["center", "bottom"]) -> None:
    """White on a dark ground, so that it can be read on bone and on air."""
    ground = {"facecolor": "black", "alpha": 0.5, "linewidth": 0, "pad": 1}
    axes.text(x, y, text, color="white", va=va, bbox=ground)
