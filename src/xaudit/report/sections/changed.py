"""Answers and maps of flipped, turned, shifted and coarser images, where the audit asks for them."""

import re
from collections.abc import Sequence
from typing import Literal

from xaudit.catalog import METRICS, changed_metric_id
from xaudit.records import MODEL_LEVEL, NO_READER, Outcome, Summary
from xaudit.report.grid import Block, Cell, Column, Paragraph, Row, Section, grid, heading
from xaudit.report.lookup import SummaryLookup
from xaudit.report.wording import interval, metric_words

_TITLES = {
    "equivariance": "Effect of flipping, turning or shifting the image",
    "resolution": "Effect of coarser resolution",
}
_FINDINGS = {"equivariance": ("XA203", "XA304"), "resolution": ("XA305",)}
_LEGENDS = {
    "equivariance": (
        "same class: share of images that keep their predicted class. P moves by: absolute change of the target's "
        "probability."
    ),
    "resolution": (
        "Columns: pixels averaged per side of the model's frame; 1 is full resolution, the reference. same class: share of "
        "images that keep their predicted class. P moves by: absolute change of the target's probability."
    ),
}
_OF_MAPS = {
    "equivariance": (
        "The map of the changed image is moved back before it is compared. map: rank correlation with the unchanged "
        "image's map over the pixels that both show; 1 is the same order, 0 is chance."
    ),
    "resolution": "map: rank correlation with the map at full resolution; 1 is the same order, 0 is chance.",
}
_OF_PEAKS = "peak: overlap of the highest pixels, as many as the mark has."


def changed_section(outcome: Outcome, family: Literal["equivariance", "resolution"]) -> Section | None:
    """Show one family of changed images by model: the answer, then each explainer's map; None if not requested."""
    changes = _changes(outcome, family)
    if not changes:
        return None
    lookup = SummaryLookup(outcome)
    rows: list[Row] = []
    for model in outcome.model_ids:
        for reader in lookup.readers(model):
            about = model if reader in (NO_READER, "union") else f"{model} (marks: {reader})"
            rows.append(heading(about))
            rows += _answer_rows(lookup, model, family, changes)
            for name in outcome.explainer_ids:
                rows += _map_rows(lookup, (model, name, reader), family, changes)
    columns = [Column(""), *(Column(change) for change in changes)]
    unit = "patients" if all(s.cluster == "patient" for s in outcome.summaries) else "images"
    first = [line.cells[0].text for line in rows if not line.heading]
    maps = any(text.endswith(" map") for text in first)
    peaks = any(text.endswith("peak") for text in first)
    parts = [_LEGENDS[family], _OF_MAPS[family] * maps, _OF_PEAKS * peaks]
    legend = f"{' '.join(filter(None, parts))} Mean over the cases [95 % interval over {unit}]."
    findings = [
        Paragraph(verdict.sentence, lead=verdict.code)
        for verdict in outcome.verdicts
        if verdict.code in _FINDINGS[family]
    ]
    blocks: tuple[Block, ...] = (grid(columns, rows), *findings, Paragraph(legend, "dim"))
    return Section(_TITLES[family], blocks)


def _changes(outcome: Outcome, family: str) -> list[str]:
    """The changes that were asked, as the model's answers know them; numbers within names by their size."""
    start, end = f"{family}-", "-class"
    asked = {
        summary.metric_id[len(start) : -len(end)]
        for summary in outcome.summaries
        if summary.family == family
        and summary.explainer_id == MODEL_LEVEL
        and summary.metric_id.startswith(start)
        and summary.metric_id.endswith(end)
    }
    return sorted(
        asked, key=lambda name: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
    )


def _answer_rows(lookup: SummaryLookup, model: str, family: str, changes: Sequence[str]) -> list[Row]:
    about = (model, MODEL_LEVEL, NO_READER)
    return [
        Row((Cell(words), *map(_cell, _found(lookup, about, family, changes, measure))))
        for measure, words in (("class", "same class"), ("probability", "P moves by"))
    ]


def _map_rows(
    lookup: SummaryLookup, about: tuple[str, str, str], family: str, changes: Sequence[str]
) -> list[Row]:
    """An explainer's map, its peak, and the first localization metric that was measured on the changed images."""
    name = about[1]
    placed = [
        row.id
        for row in METRICS
        if row.family == "localization" and _found(lookup, about, family, changes[:1], row.id)[0] is not None
    ]
    measures = [("", "map"), ("overlap", "peak"), *((metric, metric_words(metric)) for metric in placed[:1])]
    rows: list[Row] = []
    for measure, words in measures:
        found = _found(lookup, about, family, changes, measure)
        if any(found):
            rows.append(Row((Cell(f"  {words}" if rows else f"{name} {words}"), *map(_cell, found))))
    return rows


def _found(
    lookup: SummaryLookup, about: tuple[str, str, str], family: str, changes: Sequence[str], measure: str
) -> list[Summary | None]:
    model, name, reader = about
    return [
        lookup.find(model, name, changed_metric_id(family, change, measure), reader) for change in changes
    ]


def _cell(summary: Summary | None) -> Cell:
    return Cell("-", "dim") if summary is None else Cell(interval(summary.interval))
