"""A case of a run on a screen: its image, every map and its scores."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.text import Text

from xaudit.catalog import MARGIN, METRICS, own_regions_of, with_own_regions
from xaudit.geometry import fit_geometry, map_to_original, rasterise, union
from xaudit.records import (
    MODEL_LEVEL,
    NO_READER,
    Annotation,
    BoolArray,
    Case,
    FloatArray,
    Prediction,
    Score,
    ScoreResult,
)
from xaudit.report.grid import Column, Grid, Paragraph, Row, Section, grid, row
from xaudit.report.sections.category import category_words
from xaudit.report.terminal.layout import print_lines, render_block, render_section
from xaudit.report.terminal.picture import beside, picture_lines
from xaudit.report.wording import count, metric_words, region_words
from xaudit.stages.views.case_reliance import NAME as RELIANCE
from xaudit.stages.views.case_reliance import RelianceOfCase
from xaudit.stages.views.case_view import CaseView
from xaudit.stages.views.previews import preview_pixels
from xaudit.statistics.digits import shown

PICTURE_COLUMNS = 38
"""Characters of a picture's width: two stand side by side on 80 columns, three on 120."""

_ROWS = METRICS.by_id
_SHOWN_FAMILIES = ("localization", "faithfulness", "complexity")


def print_case(
    view: CaseView,
    console: Console,
    *,
    images: bool = True,
    full: bool = False,
    columns: int = PICTURE_COLUMNS,
) -> None:
    """Prints one case: who marked what, and for each model its answer, the maps and their scores.

    Args:
        images: whether pictures are drawn.
        full: every metric; by default those that stand in the run's report.
        columns: of a picture; cut to the screen's width.
    """
    for paragraph in case_head(view):
        render_block(paragraph, console)
    for prediction in view.predictions:
        render_section(Section(model_words(prediction), ()), console)
        if images:
            lines = model_pictures(
                view, prediction, columns=min(columns, console.width), width=console.width,
                colour=console.color_system is not None,
            )  # fmt: skip
            print_lines(console, list(lines))
        for block in model_blocks(view, prediction.model_id, full=full):
            render_block(block, console)


def case_head(view: CaseView) -> tuple[Paragraph, ...]:
    """Name the case and describe each reader's marks."""
    case = view.case
    known = [f"{case.width} × {case.height} px", *_spacing(case), f"split {case.split}"]
    if case.left_edge is not None:
        known.append(f"{case.left_edge} of the patient at the left edge")
    lines = [Paragraph(f"{case.case_id}: {case.label}, {', '.join(known)}", "strong")]
    for reader in dict.fromkeys(mark.reader_id for mark in view.marks):
        own = [mark for mark in view.marks if mark.reader_id == reader]
        lines.append(Paragraph(_drawn(case, own), lead=f"{reader}:"))
    if not view.marks:
        lines.append(Paragraph("No reader has annotated this case.", "dim"))
    if view.preview is None:
        lines.append(
            Paragraph(
                "The run kept no picture of this case: `report.gallery` and `report.images` say of which it does.",
                "dim",
            )
        )
    return tuple(lines)


def model_words(prediction: Prediction) -> str:
    """Describe a model's answer for the case.

    Example:
        >>> model_words(Prediction("a", None, "net", "test", "well", "sick", "sick", (1.0, 0.0), (0.73, 0.27),
        ...     ("sick", "well")))
        'net: says sick (0.73), wrong'
    """
    said = prediction.probabilities[prediction.class_names.index(prediction.predicted)]
    right = "right" if prediction.correct else "wrong"
    words = f"{prediction.model_id}: says {prediction.predicted} ({shown(said)}), {right}"
    if prediction.target == prediction.predicted:
        return words
    return f"{words}; maps are of {prediction.target}"


def model_pictures(
    view: CaseView, prediction: Prediction, *, columns: int, width: int, colour: bool
) -> Iterator[Text]:
    """The image, then each explainer's map and the reliance map over it, with a line round what any reader marked."""
    case = view.case
    marks = _masks(view)
    pixels = None if view.preview is None else preview_pixels(view.preview)
    spacing = case.spacing_mm or (1.0, 1.0)
    aspect = (case.height * spacing[0]) / (case.width * spacing[1])

    def drawn(saliency: FloatArray | None, *, signed: bool = False) -> list[Text]:
        return picture_lines(
            pixels, saliency, marks, columns=columns, aspect=aspect, signed=signed, colour=colour
        )

    pictures: list[tuple[str, list[Text]]] = []
    if pixels is not None:
        pictures.append(("image, marked" if marks else "image", drawn(None)))
    for name in view.explainers:
        one = view.maps.get((prediction.model_id, name))
        if one is None:
            continue
        height, wide = one.values.shape
        geometry = fit_geometry((case.height, case.width), (height, wide), view.fits[prediction.model_id])
        carried, _ = map_to_original(one.values, geometry)
        pictures.append((name, drawn(carried, signed=view.signed.get(name, True))))
    reliance = view.reliance.get(prediction.model_id)
    if reliance is not None:
        height, wide = reliance.values.shape
        geometry = fit_geometry((case.height, case.width), (height, wide), view.fits[prediction.model_id])
        carried, _ = map_to_original(reliance.values, geometry)
        pictures.append((_reliance_title(reliance), drawn(carried)))
    yield from beside(pictures, columns=columns, width=width)


def _reliance_title(reliance: RelianceOfCase) -> str:
    """Name the reliance map with its strongest point, which shades and colours do not tell."""
    if not reliance.matters:
        return f"{RELIANCE}: under {MARGIN:g} everywhere"
    return f"{RELIANCE}: falls by up to {shown(reliance.highest)}"


def model_blocks(view: CaseView, model_id: str, *, full: bool) -> Iterator[Grid | Paragraph]:
    """Kind of failure and scores of each explainer's map, then what the model itself depends on."""
    own = [one for one in view.scores if one.key.model_id == model_id]
    kinds = {one.facts.explainer_id: one for one in view.categories if one.facts.model_id == model_id}
    lines: list[Row] = []
    if any(name in kinds for name in view.explainers):
        lines.append(row("kind of map", *(_kind(kinds.get(name)) for name in view.explainers)))
    reasons: dict[tuple[str, str], None] = {}
    asked = _asked(view, own, full=full)
    several = len({reader for _, reader in asked if reader != NO_READER}) > 1
    for metric, reader in asked:
        found = {
            one.key.explainer_id: one
            for one in own
            if (one.key.metric_id, one.key.reader) == (metric, reader)
        }
        texts = []
        for name in view.explainers:
            result = found.get(name)
            texts.append(_value(result))
            if result is not None and not isinstance(result, Score):
                reasons[metric_words(metric), result.reason] = None
        lines.append(row(_metric(view, metric, reader if several else NO_READER), *texts))
    if lines:
        columns = [Column("score", wraps=True), *(Column(name, wraps=True) for name in view.explainers)]
        yield grid(columns, lines)
    else:
        explained = any(model == model_id for model, _ in view.maps) or bool(kinds)
        what = (
            "explained, and no score of its maps is shown here"
            if explained
            else "classified and not explained"
        )
        yield Paragraph(f"This case was {what}.", "dim")
    for words, reason in reasons:
        yield Paragraph(f"no {words}: {reason}", "dim")
    if model_id in view.errors:
        yield Paragraph("Explained for its wrong answer; the case is in no number of the report.")
        yield from _region_grid(view.regions.get(model_id, {}))
    answers = [
        (region, one)
        for region in with_own_regions(own_regions_of(view.metric_names))
        for one in own
        if (one.key.explainer_id, one.key.metric_id) == (MODEL_LEVEL, f"reliance-{region}")
    ]
    known = any("lung" in region and isinstance(one, Score) for region, one in answers)
    if answers:
        rows = [row(region_words(region, lungs_known=known), _value(one)) for region, one in answers]
        yield grid(["region", Column("answer depends on it", numeric=True)], rows)
    for region, one in answers:
        if not isinstance(one, Score):
            yield Paragraph(f"no {region_words(region, lungs_known=known)}: {one.reason}", "dim")


def _region_grid(falls: Mapping[str, float]) -> Iterator[Grid]:
    known = any("lung" in region for region in falls)
    rows = [row(region_words(name, lungs_known=known), shown(fall)) for name, fall in falls.items()]
    if rows:
        yield grid(["region", Column("answer depends on it", numeric=True)], rows)


def case_as_json(view: CaseView) -> dict[str, Any]:
    """The same as plain values, without pictures."""
    return {
        "case_id": view.case.case_id,
        "label": view.case.label,
        "split": view.case.split,
        "height": view.case.height,
        "width": view.case.width,
        "spacing_mm": view.case.spacing_mm,
        "readers": {
            reader: sum(mark.reader_id == reader and mark.region is not None for mark in view.marks)
            for reader in dict.fromkeys(mark.reader_id for mark in view.marks)
        },
        "models": [
            {
                "model": one.model_id,
                "predicted": one.predicted,
                "target": one.target,
                "correct": one.correct,
                "probabilities": dict(zip(one.class_names, one.probabilities, strict=True)),
                "categories": {
                    kind.facts.explainer_id: kind.category
                    for kind in view.categories
                    if kind.facts.model_id == one.model_id
                },
                "explained_for_its_error": one.model_id in view.errors,
                "regions": dict(view.regions.get(one.model_id, {})),
                "scores": [_plain(result) for result in view.scores if result.key.model_id == one.model_id],
            }
            for one in view.predictions
        ],
    }


def _plain(result: ScoreResult) -> dict[str, Any]:
    key = result.key
    about = {"explainer": key.explainer_id, "metric": key.metric_id, "reader": key.reader}
    return about | ({"value": result.value} if isinstance(result, Score) else {"unscored": result.reason})


def _spacing(case: Case) -> list[str]:
    if case.spacing_mm is None:
        return []
    down, across = case.spacing_mm
    return [f"{shown(across)} × {shown(down)} mm each"]


def _drawn(case: Case, marks: Sequence[Annotation]) -> str:
    """Describe a reader's marks, the largest with its extent."""
    masks = [rasterise(mark.region, (case.height, case.width)) for mark in marks if mark.region is not None]
    if not masks:
        return "looked and found nothing"
    rows, columns = np.nonzero(max(masks, key=lambda mask: int(mask.sum())))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    size = f"{width} × {height} px"
    if case.spacing_mm is not None:
        down, across = case.spacing_mm
        size += f", {width * across:.0f} × {height * down:.0f} mm"
    return f"{count(len(masks), 'mark')}, {'the largest ' if len(masks) > 1 else ''}{size}"


def _masks(view: CaseView) -> dict[str, BoolArray]:
    shape = (view.case.height, view.case.width)
    masks = {}
    for reader in dict.fromkeys(mark.reader_id for mark in view.marks):
        regions = [mark.region for mark in view.marks if mark.reader_id == reader and mark.region is not None]
        if regions:
            masks[reader] = union((rasterise(region, shape) for region in regions), shape)
    return masks


def _asked(view: CaseView, own: Sequence[ScoreResult], *, full: bool) -> list[tuple[str, str]]:
    """Metric and reader of each row: the catalog's order, then readers as they come."""
    order = {name: place for place, name in enumerate(_ROWS)}

    def place(metric: str) -> int:
        return order.get(view.metric_names.get(metric, metric), len(order))

    there = dict.fromkeys(
        (one.key.metric_id, one.key.reader)
        for one in own
        if one.key.explainer_id in view.explainers
        and (full or (one.key.family in _SHOWN_FAMILIES and _is_headline(view, one.key.metric_id)))
    )
    return sorted(there, key=lambda asked: place(asked[0]))


def _is_headline(view: CaseView, metric: str) -> bool:
    known = _ROWS.get(view.metric_names.get(metric, metric))
    return known is None or known.headline


def _metric(view: CaseView, metric: str, reader: str) -> str:
    known = _ROWS.get(view.metric_names.get(metric, metric))
    higher = None if known is None else known.higher_is_better
    direction = "" if higher is None else " (+)" if higher else " (-)"
    return metric_words(metric) + direction + ("" if reader == NO_READER else f", {reader}")


def _value(result: ScoreResult | None) -> str:
    return shown(result.value) if isinstance(result, Score) else "-"


def _kind(known: Any) -> str:  # noqa: ANN401
    if known is None:
        return "-"
    return category_words(known.category) + (", right for the wrong reason" if known.wrong_reason else "")
