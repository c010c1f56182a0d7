"""The page of a finished run, as plain data."""

import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from xaudit.catalog import FINDINGS, METRICS
from xaudit.records import MODEL_LEVEL, Outcome
from xaudit.report.files.comparison import comparison_section
from xaudit.report.grid import Block, Cell, Column, Drawing, Grid, Paragraph, Row, Section, grid
from xaudit.report.html.absent import (
    asked_in_vain,
    no_pairs,
    no_reasons,
    no_sanity,
    not_asked,
    nothing_decided,
)
from xaudit.report.html.calibration_part import calibration_part
from xaudit.report.html.cards import judgements
from xaudit.report.html.check_part import CheckPart, pictures_of
from xaudit.report.html.confusion import Explained, matrices
from xaudit.report.html.curve_charts import curve_charts, no_curves
from xaudit.report.html.gallery_notes import gallery_of
from xaudit.report.html.manifest_rows import manifest_rows
from xaudit.report.html.parts import (
    AnswersPart,
    AreasPart,
    ClosingPart,
    CurvesPart,
    FailuresPart,
    Page,
    Pairs,
    Reasons,
    ReasonsPart,
    RegionsPart,
    SanityPart,
    ScoresPart,
    StrataPart,
    VerdictPart,
)
from xaudit.report.html.reliance_part import ReliancePart, reliance_parts
from xaudit.report.html.study import study_in_words, study_name
from xaudit.report.lookup import SummaryLookup
from xaudit.report.pictures.forest import forests
from xaudit.report.pictures.map_clusters import cluster_pictures
from xaudit.report.pictures.region_bars import region_bars
from xaudit.report.sections.by_class import by_class_section
from xaudit.report.sections.by_infill import by_infill_section
from xaudit.report.sections.category import categories_section
from xaudit.report.sections.causal import causal_section
from xaudit.report.sections.changed import changed_section
from xaudit.report.sections.checks import checks_section, repeatability_section
from xaudit.report.sections.closing import notes_section, skipped_section, work_section
from xaudit.report.sections.data_audit.in_run import TITLE, data_section
from xaudit.report.sections.evaluation import without_test_images
from xaudit.report.sections.evidence import (
    NO_MODEL_TO_ASK,
    localization_section,
    why_no_reliance,
)
from xaudit.report.sections.explainers import advice_section
from xaudit.report.sections.image_properties import image_section
from xaudit.report.sections.maps.map_clusters import NO_GROUPS, clusters_section
from xaudit.report.sections.maps.map_clusters import TITLE as GROUPS
from xaudit.report.sections.protocol import protocol_section
from xaudit.report.sections.readers import readers_section
from xaudit.report.sections.reliance_areas import areas_section
from xaudit.report.sections.strata import planning_section, regression_section, strata_section
from xaudit.report.sections.verdict import gates_section
from xaudit.report.wording import interval, metric_words
from xaudit.stages.views.report_material import ReportMaterial

_SHOWN_ELSEWHERE = frozenset(
    {
        *("localization", "faithfulness", "regions", "reliance", "image", "agreement", "limits"),
        *("equivariance", "resolution", "sanity", "robustness", "repeatability"),
    }
)
_LONGEST_LIST = 8


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
    charts = curve_charts(material)
    checks = (checks_section(outcome), repeatability_section(outcome), _further(outcome))
    reliance = reliance_parts(material, images=images)
    return Page(
        name=study_name(outcome.name),
        summary=study_in_words(material),
        facts=_facts(material),
        verdict=VerdictPart(judgements(outcome, reliance), gates_section(outcome)),
        answers=AnswersPart(
            matrices(outcome, Explained(material.explained, shown)), without_test_images(outcome)
        ),
        areas=_areas(outcome, reliance),
        regions=_regions(outcome),
        reasons=_reasons(material),
        gallery=gallery_of(material, images=images, named=named),
        scores=ScoresPart(
            forests(outcome),
            localization_section(outcome),
            readers_section(outcome),
            protocol_section(outcome),
        ),
        failures=_failures(outcome),
        groups=_groups(material, images=images),
        pairs=_pairs(material),
        no_pairs=no_pairs(material),
        strata=_strata(material),
        curves=CurvesPart(charts, "" if charts else no_curves(material)),
        sanity=SanityPart(_those_there(checks), no_sanity(material)),
        data=_data(outcome),
        calibration=calibration_part(material.calibration),
        closing=ClosingPart(
            notes_section(outcome),
            skipped_section(outcome),
            work_section(outcome),
            manifest_rows(material),
            texts(shlex.join(material.manifest.get("command_line", ()))),
            tuple(row for row in FINDINGS if row.code in {one.code for one in outcome.verdicts}),
        ),
    )


def _data(outcome: Outcome) -> CheckPart:
    nothing = Paragraph("This run checked no data; `xaudit data audit` does.", "dim")
    section = data_section(outcome)
    return CheckPart(
        "data-checks",
        section or Section(TITLE, (nothing,)),
        tuple(one for check in outcome.data_checks for one in pictures_of(check)),
        is_empty=section is None,
    )


def _groups(material: ReportMaterial, *, images: bool) -> CheckPart:
    outcome = material.outcome
    section = clusters_section(outcome)
    views = material.clusters if images else ()
    return CheckPart(
        "map-groups",
        section or Section(GROUPS, (Paragraph(NO_GROUPS, "dim"),)),
        cluster_pictures(outcome, views),
        is_empty=section is None,
    )


def _regions(outcome: Outcome) -> RegionsPart:
    return RegionsPart(
        region_bars(outcome),
        why_no_reliance(outcome),
        NO_MODEL_TO_ASK,
        advice_section(outcome),
        by_class_section(outcome),
        causal_section(outcome),
        image_section(outcome),
        by_infill_section(outcome),
    )


def _those_there(sections: Iterable[Section | None]) -> tuple[Section, ...]:
    return tuple(section for section in sections if section is not None)


def _strata(material: ReportMaterial) -> StrataPart:
    outcome = material.outcome
    of_cases = strata_section(outcome)
    changed = [changed_section(outcome, family) for family in ("resolution", "equivariance")]
    sections = (of_cases, regression_section(outcome), planning_section(outcome), *changed)
    asked = (of_cases, changed[0], changed[1])
    return StrataPart(_those_there(sections), not_asked(material, asked), asked_in_vain(material, asked))


def _failures(outcome: Outcome) -> FailuresPart:
    section = categories_section(outcome)
    if section is None:
        return FailuresPart(None, ())
    cut = _thresholds_from(section.blocks)
    return FailuresPart(Section(section.title, section.blocks[:cut]), section.blocks[cut:])


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


def _areas(outcome: Outcome, reliance: Mapping[str, ReliancePart]) -> AreasPart:
    """Return the areas in words, and the mean maps that do not stand at the head of the page."""
    maps = tuple((model, rest) for model, part in reliance.items() if (rest := part.rest) is not None)
    section = areas_section(outcome, wide=True)
    if section is None:
        return AreasPart((), why_no_reliance(outcome), maps)
    shades = [place for place, block in enumerate(section.blocks) if isinstance(block, Drawing)]
    # Under a drawing stands what its shades mean.
    left_out = {*shades, *(place + 1 for place in shades)}
    kept = tuple(block for place, block in enumerate(section.blocks) if place not in left_out)
    return AreasPart(
        kept, "" if kept else "The maps stand at the top of the page. This run tested no areas.", maps
    )


def _reasons(material: ReportMaterial) -> ReasonsPart:
    outcome = material.outcome
    by_key = {(one.model_id, one.explainer_id): one for one in material.reasons}
    names = [name for name in outcome.explainer_ids if name not in outcome.control_ids]
    found = []
    for model in outcome.model_ids:
        rows = tuple(by_key[model, name] for name in names if (model, name) in by_key)
        if rows:
            found.append(Reasons(model, rows))
    return ReasonsPart(tuple(found), no_reasons(material, {one.model_id for one in found}))


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
    """Return the measures of maps that no other section shows; None if there are none."""
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
