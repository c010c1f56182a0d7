"""What stands on the page, as plain data in the order in which it is read."""

import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from xaudit.catalog import METRICS
from xaudit.records import MODEL_LEVEL, Outcome
from xaudit.report.category_section import categories_section
from xaudit.report.causal_section import causal_section
from xaudit.report.changed_sections import changed_section
from xaudit.report.checks_sections import checks_section, repeatability_section
from xaudit.report.closing_sections import notes_section, skipped_section, work_section
from xaudit.report.comparison import comparison_section
from xaudit.report.evidence_sections import (
    NO_MODEL_TO_ASK,
    has_model,
    localization_section,
    truth_section,
    why_no_reliance,
)
from xaudit.report.forest import Forest, forests, has_ceilings
from xaudit.report.grid import Block, Cell, Column, Grid, Paragraph, Row, Section, Tone, grid
from xaudit.report.html.confusion import Matrix, matrices
from xaudit.report.html.curve_charts import CurveChart, curve_charts, no_curves
from xaudit.report.html.gallery import gallery_data, pictured_views
from xaudit.report.html.manifest_rows import manifest_rows
from xaudit.report.lookup import SummaryLookup
from xaudit.report.protocol_section import protocol_section
from xaudit.report.readers_section import readers_section
from xaudit.report.region_bars import RegionBars, region_bars
from xaudit.report.sections import report_title
from xaudit.report.strata_section import planning_section, regression_section, strata_section
from xaudit.report.verdict_section import gates_section, model_verdict, worst_first
from xaudit.report.wording import count, interval, metric_words
from xaudit.stages.reasons import ReasonCount
from xaudit.stages.report_material import ReportMaterial

_SHOWN_ELSEWHERE = frozenset(
    {
        *("localization", "faithfulness", "regions", "reliance", "agreement", "limits"),
        *("equivariance", "resolution", "sanity", "robustness", "repeatability"),
    }
)
_LONGEST_LIST = 8


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one model in one sentence."""

    model_id: str
    word: str
    tone: Tone
    sentence: str


@dataclass(frozen=True, slots=True)
class Reasons:
    """What the right answers of one model rest on, by explainer."""

    model_id: str
    rows: tuple[ReasonCount, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Paired comparisons: the sentences that decide something, and all that was compared."""

    decided: tuple[str, ...]
    n_more: int
    tables: tuple[Grid, ...]
    legend: str
    n_undecided: int


@dataclass(frozen=True, slots=True)
class Gallery:
    """The cases to look at.

    Attributes:
        data: what the script reads.
        selection: which cases these are, in words.
        notes: what a reader must know of the pictures.
        reason: why there is no gallery; empty where there is one.
    """

    data: dict[str, Any]
    selection: str
    notes: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page, in the order in which it is read."""

    name: str
    title: str
    facts: tuple[tuple[str, str], ...]
    judgements: tuple[Judgement, ...]
    gates: Section
    matrices: tuple[Matrix, ...]
    on_training_images: bool
    reasons: tuple[Reasons, ...]
    bars: tuple[RegionBars, ...]
    no_reliance: str
    no_model: str
    truth: Section
    causal: Section | None
    forests: tuple[Forest, ...]
    has_ceilings: bool
    has_humans: bool
    localization: Section
    readers: Section | None
    protocol: Section | None
    categories: Section | None
    thresholds: tuple[Block, ...]
    pairs: Pairs | None
    gallery: Gallery
    strata: tuple[Section, ...]
    strata_missing: tuple[str, ...]
    curves: tuple[CurveChart, ...]
    curves_missing: str
    sanity: tuple[Section, ...]
    no_sanity: str
    notes: Section | None
    skipped: Section
    work: Section
    manifest: tuple[tuple[str, str], ...]
    command: str


def page_of(
    material: ReportMaterial,
    *,
    images: bool = True,
    named: Callable[[str], str] = str,
    texts: Callable[[str], str] = str,
) -> Page:
    """The page of a finished run.

    Args:
        images: whether images, maps and outlines are shown.
        named: how an id is shown.
        texts: how a text is shown that may name cases; the outcome's own are taken as they are.
    """
    outcome = material.outcome
    shown = Counter(
        (view.model_id, view.prediction.label, view.prediction.predicted) for view in material.views
    )
    plots = forests(outcome)
    categories = categories_section(outcome)
    cut = 0 if categories is None else _thresholds_from(categories.blocks)
    command = texts(shlex.join(material.manifest.get("command_line", ())))
    strata = [
        strata_section(outcome),
        regression_section(outcome),
        planning_section(outcome),
        changed_section(outcome, "resolution"),
        changed_section(outcome, "equivariance"),
    ]
    charts = curve_charts(material)
    checks = [checks_section(outcome), repeatability_section(outcome), _further(outcome)]
    return Page(
        name=outcome.name,
        title=report_title(outcome).removeprefix("xaudit: "),
        facts=_facts(material),
        judgements=_judgements(outcome),
        gates=gates_section(outcome),
        matrices=matrices(outcome, dict(shown)),
        on_training_images=bool(outcome.evaluations)
        and not any(one.split == "test" for one in outcome.evaluations),
        reasons=_reasons(material),
        bars=region_bars(outcome),
        no_reliance=why_no_reliance(outcome),
        no_model=NO_MODEL_TO_ASK,
        truth=truth_section(outcome),
        causal=causal_section(outcome),
        forests=plots,
        has_ceilings=has_ceilings(plots),
        has_humans=any(plot.human is not None for one in plots for plot in one.plots),
        localization=localization_section(outcome),
        readers=readers_section(outcome),
        protocol=protocol_section(outcome),
        categories=None if categories is None else Section(categories.title, categories.blocks[:cut]),
        thresholds=() if categories is None else categories.blocks[cut:],
        pairs=_pairs(material),
        gallery=_gallery(material, images=images, named=named),
        strata=tuple(section for section in strata if section is not None),
        strata_missing=_not_asked(outcome, strata[0], strata[3], strata[4]),
        curves=charts,
        curves_missing="" if charts else no_curves(material),
        sanity=tuple(section for section in checks if section is not None),
        no_sanity=_no_sanity(outcome),
        notes=notes_section(outcome),
        skipped=skipped_section(outcome),
        work=work_section(outcome),
        manifest=manifest_rows(material),
        command=command,
    )


def _thresholds_from(blocks: Sequence[Block]) -> int:
    """Where the table of thresholds begins: what is read first is how the maps fail."""
    for place, block in enumerate(blocks):
        if isinstance(block, Grid) and block.columns[0].title == "threshold":
            return place
    return len(blocks)


def _facts(material: ReportMaterial) -> tuple[tuple[str, str], ...]:
    manifest = material.manifest
    facts = [("run", material.outcome.run_id)]
    if manifest.get("started"):
        facts.append(("made", str(manifest["started"]).replace("T", " ").replace("Z", " UTC")))
    if manifest.get("xaudit"):
        facts.append(("xaudit", str(manifest["xaudit"])))
    return tuple(facts)


def _judgements(outcome: Outcome) -> tuple[Judgement, ...]:
    found = []
    for model in worst_first(outcome):
        said = model_verdict(outcome, model)
        found.append(
            Judgement(model, said.lead, said.tone, said.text.removeprefix(model).removeprefix(":").strip())
        )
    return tuple(found)


def _reasons(material: ReportMaterial) -> tuple[Reasons, ...]:
    outcome = material.outcome
    by_key = {(one.model_id, one.explainer_id): one for one in material.reasons}
    names = [name for name in outcome.explainer_ids if name not in outcome.control_ids]
    found = []
    for model in outcome.model_ids:
        rows = tuple(by_key[model, name] for name in names if (model, name) in by_key)
        if rows:
            found.append(Reasons(model, rows))
    return tuple(found)


def _pairs(material: ReportMaterial) -> Pairs | None:
    if not material.comparisons:
        return None
    blocks: Sequence[Block] = comparison_section(material.comparisons, wide=True).blocks
    decided = [one.sentence for one in material.comparisons if one.conclusion in ("higher", "lower")]
    legend = [block.text for block in blocks if isinstance(block, Paragraph) and block.tone == "dim"]
    return Pairs(
        tuple(decided[:_LONGEST_LIST]),
        max(0, len(decided) - _LONGEST_LIST),
        tuple(block for block in blocks if isinstance(block, Grid)),
        legend[-1] if legend else "",
        len(material.comparisons) - len(decided),
    )


def _gallery(material: ReportMaterial, *, images: bool, named: Callable[[str], str]) -> Gallery:
    if not material.views:
        return Gallery({}, "", (), "No case was explained, or the gallery was switched off.")
    data, quality = gallery_data(material, images=images, named=named)
    parts = []
    for model, total in material.n_explained.items():
        n = sum(view.model_id == model for view in material.views)
        parts.append(f"{model}: all {n:,}" if n == total else f"{model}: {n:,} of {total:,}")
    selection = "Explained cases shown, " + "; ".join(parts) + "."
    if len(material.views) < sum(material.n_explained.values()):
        selection += (
            " Chosen are the worst of each confusion cell, then half of the rest from the worst, a quarter around the "
            "median and a quarter from the best. The tables count all cases."
        )
    if material.ranked_by is not None:
        selection += f" Worst first by the mean {metric_words(material.ranked_by)} of all explainers."
    return Gallery(data, selection, _picture_notes(material, images=images, quality=quality))


def _picture_notes(material: ReportMaterial, *, images: bool, quality: int | None) -> tuple[str, ...]:
    if not images:
        return ("Images, maps and outlines were left out as asked.",)
    notes = []
    n_pictured = len(pictured_views(material))
    if n_pictured < len(material.views):
        notes.append(
            f"Only the worst {n_pictured:,} of the {len(material.views):,} have pictures, so that a browser can still "
            "open the page; the others have their numbers. With a smaller `report.gallery` all have."
        )
    missing = sum(name not in material.previews for name in material.cases)
    if not material.maps_kept:
        notes.append("The run kept no maps (`run.maps: none`), so none can be drawn.")
    if missing == len(material.cases):
        notes.append("The run keeps no images (`report.images: false`, or made before runs kept any).")
    elif missing:
        notes.append(f"{count(missing, 'image')} could not be read when the run ended.")
    if missing < len(material.cases):
        how = "" if quality is None else f", coded with loss (WebP quality {quality}) to keep the page small"
        notes.append(
            f"Images are in 8 bits of grey, at most 320 pixels wide{how}; below the map they are unchanged. Maps are "
            "averaged down to at most 64 pixels, each coloured relative to its own strongest point; scores are of the "
            "whole map. No side is marked: the run does not record it."
        )
    return tuple(notes)


def _not_asked(
    outcome: Outcome, strata: Section | None, resolution: Section | None, equivariance: Section | None
) -> tuple[str, ...]:
    """What would stand in the section on strata if the audit had asked for it, and how to ask."""
    texts = []
    if strata is None:
        texts.append("Strata, such as lesion size: `statistics.strata` in the audit file.")
    if resolution is None and has_model(outcome):
        texts.append("What is left at coarser resolution: `resolution: true`.")
    if equivariance is None and has_model(outcome):
        texts.append("What flips, turns and shifts change: `equivariance: true`.")
    return tuple(texts)


def _no_sanity(outcome: Outcome) -> str:
    """Why the section of checks is empty."""
    if not has_model(outcome):
        return (
            "Not assessed: sanity but for location-collapse, and robustness, have no model to ask; this audit asked for "
            "neither that nor complexity."
        )
    return "Not assessed: this audit asked for no metric of sanity, robustness or complexity."


def _further(outcome: Outcome) -> Section | None:
    """Whatever the run measured of maps that no other section shows; None where there is nothing."""
    there = {one.metric_id for one in outcome.summaries if one.family not in _SHOWN_ELSEWHERE}
    known = {row.id: row for row in METRICS}
    metrics = [name for name in known if name in there]
    if not metrics:
        return None
    lookup = SummaryLookup(outcome)
    grids: list[Block] = []
    for model in outcome.model_ids:
        for reader in lookup.readers(model):
            rows = []
            for name in (MODEL_LEVEL, *outcome.explainer_ids):
                found = [lookup.find(model, name, metric, reader) for metric in metrics]
                if any(found):
                    cells = [Cell("-" if one is None else interval(one.interval)) for one in found]
                    rows.append(Row((Cell("the model" if name == MODEL_LEVEL else name), *cells)))
            if rows:
                columns = [Column("explainer"), *(Column(metric_words(one), numeric=True) for one in metrics)]
                grids.append(grid(columns, rows, title=model))
    meanings = [f"{metric_words(name)}: {known[name].meaning}" for name in metrics]
    return Section("Further measures of the maps", (*grids, Paragraph(". ".join(meanings), "dim")))
