"""Mean reliance maps as pictures: the map over its typical case, with the significant areas outlined and numbered.

Everything is placed in the picture's units: :data:`WIDTH` units across, the height by the shape of the patient.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.geometry import Geometry, map_to_original, on_grid
from xaudit.metrics.reliance_map.frames import position_in_words
from xaudit.records import Area, BoolArray, FloatArray, MapTest, MeanReliance, Outcome
from xaudit.report.pictures.figures import Pixels, colours
from xaudit.report.pictures.outline_path import mask_path
from xaudit.report.sections.maps.mean_maps import drawn_means, outlined_test, scale_top
from xaudit.report.sections.reliance_areas import area_place, change_words, images_words, units_of
from xaudit.report.wording import interval
from xaudit.stages.views.previews import LOSSLESS_SIDE, preview_frame
from xaudit.stages.views.reliance_view import RelianceView
from xaudit.statistics.digits import shown

WIDTH = 320.0

_LARGEST_GRID = 256
_OPAQUE = 0.85
_LEAST = 0.01
_SAME = 0.01


@dataclass(frozen=True, slots=True)
class DrawnArea:
    """An area of a picture.

    Attributes:
        path: outline of its windows as an SVG path, in cells of the picture's grid.
        label: upper left corner of its strongest window, in the picture's units.
    """

    number: int
    path: str
    label: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class ReliancePicture:
    """A mean reliance map as it is drawn.

    Attributes:
        height: of the picture, in its units.
        values: (h, w) over the whole picture; NaN where the model does not look.
        top: value at which the colours end, the same in all pictures of a report.
        cell: (x, y, width, height) of the first cell of the outlines' grid: it leads from paths to the picture's units.
        seen: box of the part of the picture that the model sees, as x, y, width and height.
        caption: sentences below the picture.
        alt: the same for readers who do not see the picture.
    """

    view: RelianceView
    title: str
    height: float
    values: FloatArray
    top: float
    cell: tuple[float, float, float, float]
    seen: tuple[float, float, float, float]
    areas: tuple[DrawnArea, ...]
    caption: str
    alt: str

    @property
    def shows_seen(self) -> bool:
        """True if the part that the model sees must be outlined: it is not the whole picture, or nothing else is drawn."""
        x, y, width, height = self.seen
        whole = max(abs(x), abs(y), abs(width - WIDTH), abs(height - self.height)) <= _SAME * WIDTH
        return not whole or self.view.preview is None

    @property
    def side(self) -> str:
        """The side of the patient at the left edge, if all averaged images have the same."""
        return self.view.mean.left_edge or ""


def reliance_pictures(
    outcome: Outcome, views: Sequence[RelianceView]
) -> dict[str, tuple[ReliancePicture, ...]]:
    """Return the pictures of each model that has any, on one colour scale."""
    by_key = {_key(view.mean): view for view in views}
    means = [one for one in drawn_means(outcome) if _key(one) in by_key]
    top = scale_top(means)
    drawn = [_picture(outcome, by_key[_key(one)], top) for one in means]
    return {
        model: own
        for model in outcome.model_ids
        if (own := tuple(one for one in drawn if one.view.mean.model_id == model))
    }


def scale_words(pictures: Sequence[ReliancePicture]) -> str:
    """Explain colours, outlines and background of the pictures of a model in one sentence each."""
    units = units_of([one.view.mean for one in pictures])
    text = (
        "Colour: by how much a change of the window there moves the probability, beyond the median window; mean over "
        f"{units}, window sizes and in-fills."
    )
    if any(one.areas for one in pictures):
        text += " Outlined: areas that the test over the whole image shows (family-wise p < 0.05)."
    if any(one.view.preview is not None for one in pictures):
        text += " Behind each map: the image whose own map is nearest to the mean."
    return text


def map_rgba(values: FloatArray, top: float) -> Pixels:
    """Colour a reliance map, (h, w, 4): colour and opacity grow with the value, and 0 is transparent.

    Args:
        values: (h, w), NaN where the model does not look.
        top: value of the lightest colour.
    """
    strength = np.clip(np.nan_to_num(values) / top, 0, 1)
    alpha = np.rint(255 * _OPAQUE * np.minimum(1, np.sqrt(strength))).astype(np.uint8)
    return np.dstack([colours(strength), alpha])


def scale_rgb() -> Pixels:
    """Return the colour bar, (1, 256, 3), as the colours look over black."""
    rgba = map_rgba(np.linspace(0, 1, 256, dtype=np.float32)[None, :], 1.0)
    share = rgba[:, :, 3:] / 255
    return np.rint(rgba[:, :, :3] * share).astype(np.uint8)


def _key(mean: MeanReliance) -> tuple[str, ...]:
    return mean.model_id, mean.images, mean.target, mean.question, mean.direction


def _picture(outcome: Outcome, view: RelianceView, top: float) -> ReliancePicture:
    mean, case, geometry = view.mean, view.case, view.geometry
    down, across = case.spacing_mm or (1.0, 1.0)
    height = WIDTH * (case.height * down) / (case.width * across)
    to_units = (WIDTH / case.width, height / case.height)
    test = outlined_test(outcome, mean)
    grid = _grid(mean)
    left, top_edge = geometry.to_original(0, 0)
    right, bottom = geometry.to_original(mean.frame_hw[1], mean.frame_hw[0])
    seen = (
        left * to_units[0],
        top_edge * to_units[1],
        (right - left) * to_units[0],
        (bottom - top_edge) * to_units[1],
    )
    return ReliancePicture(
        view=view,
        title=_title(mean),
        height=height,
        values=carried_map(np.array(mean.rows, dtype=np.float32), geometry),
        top=top,
        cell=(seen[0], seen[1], seen[2] / grid[1], seen[3] / grid[0]),
        seen=seen,
        areas=tuple(_drawn(area, grid, seen) for area in (test.areas if test else ())),
        caption=_caption(mean, test),
        alt=_alt(mean, test),
    )


def carried_map(values: FloatArray, geometry: Geometry) -> FloatArray:
    """Return a map of the model's frame on a grid with the case's proportions, NaN where the model does not look."""
    small = on_grid(geometry, (values.shape[0], values.shape[1]))
    frame = preview_frame(geometry.original_hw, LOSSLESS_SIDE)
    along, down = geometry.original_hw[1] / frame[1], geometry.original_hw[0] / frame[0]
    placed = Geometry(
        frame, small.model_hw, small.scale_x * along, small.scale_y * down, small.offset_x, small.offset_y
    )
    carried, valid = map_to_original(values, placed)
    return np.where(valid, carried, np.nan).astype(np.float32)


def _grid(mean: MeanReliance) -> tuple[int, int]:
    """Rows and columns in which outlines are drawn: the model's frame, or one with larger cells."""
    height, width = mean.frame_hw
    shrink = min(1.0, _LARGEST_GRID / max(height, width))
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def _drawn(area: Area, grid: tuple[int, int], seen: tuple[float, float, float, float]) -> DrawnArea:
    mask: BoolArray = np.zeros(grid, dtype=bool)
    for x0, y0, x1, y1 in area.windows or (area.box,):
        rows, columns = (
            slice(round(low * side), max(round(high * side), round(low * side) + 1))
            for low, high, side in ((y0, y1, grid[0]), (x0, x1, grid[1]))
        )
        mask[rows, columns] = True
    label = seen[0] + area.peak[0] * seen[2], seen[1] + area.peak[1] * seen[3]
    return DrawnArea(area.number, mask_path(mask), label)


def _title(mean: MeanReliance) -> str:
    return f"{images_words(mean)}: {change_words(mean)}"


def _caption(mean: MeanReliance, test: MapTest | None) -> str:
    on_average = f"P({mean.target}) is {shown(mean.probability)} on these images"
    if test is None:
        return f"{on_average}; {_strongest(mean)}."
    if test.p is None:
        return f"{on_average}; {_strongest(mean)}. Fewer than 5 {units_of([test])}: no area can be tested."
    if not test.areas:
        return f"{on_average}; {_strongest(mean)}. No area stands out from chance."
    unit = "log odds " if test.answer == "log-odds" else ""
    named = [f"area {one.number}, {area_place(one)}: {unit}{interval(one.effect)}" for one in test.areas]
    return f"{on_average}. {'; '.join(named)[:1].upper()}{'; '.join(named)[1:]}."


def _strongest(mean: MeanReliance) -> str:
    """Name the place and the size of the map's largest value."""
    verb = "falls" if mean.direction == "for" else "rises"
    highest = mean.highest
    if highest < _LEAST:
        return f"it {verb} by less than {_LEAST} at every place"
    row, column = np.unravel_index(int(np.argmax(mean.rows)), (len(mean.rows), len(mean.rows[0])))
    y, x = (row + 0.5) / len(mean.rows), (column + 0.5) / len(mean.rows[0])
    return f"it {verb} most at the {position_in_words((x, y, x, y))}, by {shown(highest)}"


def _alt(mean: MeanReliance, test: MapTest | None) -> str:
    return f"Mean reliance map of {mean.model_id}. {_title(mean)}. {_caption(mean, test)}"
