"""Mean reliance maps of the page, at the head of each model, as plain data for the template."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from xaudit.report.html.picture_code import colour_code, webp_address
from xaudit.report.pictures.reliance_picture import (
    WIDTH,
    ReliancePicture,
    map_rgba,
    reliance_pictures,
    scale_rgb,
    scale_words,
)
from xaudit.report.sections.maps.mean_maps import usual_direction
from xaudit.report.sections.verdict import model_verdict
from xaudit.stages.views.report_material import ReportMaterial
from xaudit.statistics.digits import shown

LABEL_SIDE = 17.0
"""Side of the square behind an area's number, in the picture's units."""


@dataclass(frozen=True, slots=True, eq=False)
class RelianceFigure:
    """A mean reliance map.

    Attributes:
        image: the typical case as a ``data:`` address; empty where it is not shown.
        map: the map, transparent where it is 0.
        numbers: number, x and y of each area's label.
    """

    picture: ReliancePicture
    image: str
    map: str
    numbers: tuple[tuple[int, float, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class ReliancePart:
    """The maps of one model.

    Attributes:
        bar: colour bar as a ``data:`` address.
        ticks: share of the bar's length, and the number there.
        passes: True if the verdict is that the model uses what it should: no other place is to be shown first.
    """

    figures: tuple[RelianceFigure, ...]
    words: str
    bar: str
    ticks: tuple[tuple[float, str], ...]
    passes: bool = False

    @property
    def first(self) -> "ReliancePart":
        """The one map that stands beside the verdict: the first that outlines what an answer rests on, or the first of all.

        It is the first of all, too, if the model passes.
        """
        return replace(self, figures=(self._first,))

    @property
    def rest(self) -> "ReliancePart | None":
        """The maps that do not stand beside the verdict, None without any."""
        others = tuple(one for one in self.figures if one is not self._first)
        return replace(self, figures=others) if others else None

    @property
    def _first(self) -> RelianceFigure:
        outlined = () if self.passes else self.figures
        return next((one for one in outlined if _shows_what_counts(one.picture)), self.figures[0])


def _shows_what_counts(picture: ReliancePicture) -> bool:
    """Return True if a map outlines areas whose hiding lowers the answer, or whose copying raises it."""
    mean = picture.view.mean
    return bool(picture.areas) and mean.direction == usual_direction(mean.question)


def reliance_parts(material: ReportMaterial, *, images: bool) -> Mapping[str, ReliancePart]:
    """Return the maps of each model that has any.

    Args:
        images: whether the typical case stands behind a map.
    """
    views = material.reliance if images else [replace(view, preview=None) for view in material.reliance]
    return {
        model: ReliancePart(
            tuple(reliance_figure(one) for one in own),
            scale_words(own),
            colour_code(scale_rgb()),
            tuple((share, shown(share * own[0].top)) for share in (0.0, 0.5, 1.0)),
            passes=model_verdict(material.outcome, model).tone == "good",
        )
        for model, own in reliance_pictures(material.outcome, views).items()
    }


def reliance_figure(picture: ReliancePicture) -> RelianceFigure:
    """Return a picture with its map and image as ``data:`` addresses."""
    preview = picture.view.preview
    return RelianceFigure(
        picture,
        "" if preview is None else webp_address(preview),
        colour_code(map_rgba(picture.values, picture.top)),
        tuple(
            (
                one.number,
                min(max(0.0, one.label[0]), WIDTH - LABEL_SIDE),
                min(max(0.0, one.label[1]), picture.height - LABEL_SIDE),
            )
            for one in picture.areas
        ),
    )
