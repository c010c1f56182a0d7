"""Contents of the page as plain data, in reading order."""

import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xaudit.catalog import METRICS
from xaudit.records import MODEL_LEVEL, Outcome
from xaudit.report.files.comparison import comparison_section
from xaudit.report.grid import Block, Cell, Column, Grid, Paragraph, Row, Section, Tone, grid
from xaudit.report.html.absent import (
    asked_in_vain,
    no_pairs,
    no_reasons,
    no_sanity,
    not_asked,
    nothing_decided,
)
from xaudit.report.html.confusion import Matrix, matrices
from xaudit.report.html.curve_charts import CurveChart, curve_charts, no_curves
from xaudit.report.html.gallery_notes import Gallery, gallery_of
from xaudit.report.html.manifest_rows import manifest_rows
from xaudit.report.lookup import SummaryLookup
from xaudit.report.pictures.forest import Forest, forests, has_ceilings
from xaudit.report.pictures.region_bars import RegionBars, region_bars
from xaudit.report.sections.category import categories_section
from xaudit.report.sections.causal import causal_section
from xaudit.report.sections.changed import changed_section
from xaudit.report.sections.checks import checks_section, repeatability_section
from xaudit.report.sections.closing import notes_section, skipped_section, work_section
from xaudit.report.sections.evaluation import without_test_images
from xaudit.report.sections.evidence import (
    NO_MODEL_TO_ASK,
    localization_section,
    truth_section,
    why_no_reliance,
)
from xaudit.report.sections.protocol import protocol_section
from xaudit.report.sections.readers import readers_section
from xaudit.report.sections.strata import planning_section, regression_section, strata_section
from xaudit.report.sections.verdict import gates_section, model_verdict, worst_first
from xaudit.report.sections.whole import report_title
from xaudit.report.wording import interval, metric_words
from xaudit.stages.outcome.reasons import ReasonCount
from xaudit.stages.views.report_material import ReportMaterial

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
    """Reasons behind a model's right answers, by explainer."""

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
    nothing: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page, in the order in which it is read."""

    name: str
    title: str
    facts: tuple[tuple[str, str], ...]
    judgements: tuple[Judgement, ...]
    gates: Section
    matrices: tuple[Matrix, ...]
    untested: str
    reasons: tuple[Reasons, ...]
    no_reasons: str
    bars: tuple[RegionBars, ...]
    no_reliance: str
    no_model: str
    truth: Section
    causal: Section | None
    forests: tuple[Forest, ...]
    has_ceilings: bool
    has_humans: bool
    has_controls: bool
    localization: Section
    readers: Section | None
    protocol: Section | None
    categories: Section | None
    thresholds: tuple[Block, ...]
    pairs: Pairs | None
    no_pairs: str
    gallery: Gallery
    strata: tuple[Section, ...]
    strata_missing: tuple[str, ...]
    strata_empty: tuple[str, ...]
    curves: tuple[CurveChart, ...]
    curves_missing: str
    curves_have_bands: bool
    curves_have_controls: bool
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
    reasons = _reasons(material)
    checks = [checks_section(outcome), repeatability_section(outcome), _further(outcome)]
    return Page(
        name=outcome.name,
        title=report_title(outcome).removeprefix("xaudit: "),
        facts=_facts(material),
        judgements=_judgements(outcome),
        gates=gates_section(outcome),
        matrices=matrices(outcome, dict(shown)),
        untested=without_test_images(outcome),
        reasons=reasons,
        no_reasons=no_reasons(material, {one.model_id for one in reasons}),
        bars=region_bars(outcome),
        no_reliance=why_no_reliance(outcome),
        no_model=NO_MODEL_TO_ASK,
        truth=truth_section(outcome),
        causal=causal_section(outcome),
        forests=plots,
        has_ceilings=has_ceilings(plots),
        has_humans=any(plot.human is not None for one in plots for plot in one.plots),
        has_controls=any(row.is_control for one in plots for plot in one.plots for row in plot.rows),
        localization=localization_section(outcome),
        readers=readers_section(outcome),
        protocol=protocol_section(outcome),
        categories=None if categories is None else Section(categories.title, categories.blocks[:cut]),
        thresholds=() if categories is None else categories.blocks[cut:],
        pairs=_pairs(material),
        no_pairs=no_pairs(material),
        gallery=gallery_of(material, images=images, named=named),
        strata=tuple(section for section in strata if section is not None),
        strata_missing=not_asked(material, (strata[0], strata[3], strata[4])),
        strata_empty=asked_in_vain(material, (strata[0], strata[3], strata[4])),
        curves=charts,
        curves_missing="" if charts else no_curves(material),
        curves_have_bands=any(line.band for one in charts for plot in one.plots for line in plot.lines),
        curves_have_controls=any(look.is_control for one in charts for look in one.looks),
        sanity=tuple(section for section in checks if section is not None),
        no_sanity=no_sanity(material),
        notes=notes_section(outcome),
        skipped=skipped_section(outcome),
        work=work_section(outcome),
        manifest=manifest_rows(material),
        command=command,
    )


def _thresholds_from(blocks: Sequence[Block]) -> int:
    """Return the index at which the table of thresholds begins."""
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
        sum(one.conclusion in ("undecided", "none") for one in material.comparisons),
        nothing_decided(material.comparisons),
    )


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
