"""The first screen of a report; all other tables stand in the whole report."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from xaudit.catalog import EXPLAINERS, METRICS
from xaudit.counts import counted
from xaudit.records import MODEL_LEVEL, NO_READER, Outcome, Summary
from xaudit.report.grid import Block, Cell, Column, Grid, Paragraph, Row, Section, grid, heading
from xaudit.report.lookup import SummaryLookup
from xaudit.report.sections.closing import notes_section, skipped_section, work_section
from xaudit.report.sections.data_audit.in_run import data_section
from xaudit.report.sections.evaluation import evaluation_section
from xaudit.report.sections.evidence import (
    NO_MODEL_TO_ASK,
    broken,
    has_model,
    metric_title,
    region_columns,
    region_rows,
    score_cell,
    with_reader,
)
from xaudit.report.sections.explainers import state_of
from xaudit.report.sections.limits import nowhere_blocks
from xaudit.report.sections.map_lines import explainers_of, shown_summary
from xaudit.report.sections.maps.map_clusters import clusters_section
from xaudit.report.sections.reliance_areas import areas_section
from xaudit.report.sections.thresholds import thresholds_blocks
from xaudit.report.sections.verdict import (
    gates_section,
    is_explainer_finding,
    is_judged_by_mark,
    verdict_section,
)
from xaudit.report.wording import count

N_METRICS = 2
"""Metrics beside each explainer; the whole report has all of them."""

_FIRST = ("iou", "pointing-game", "relevance-mass-accuracy", "pixel-flipping")
_IN_THE_TABLE = ("XA301", "XA302", "XA303", "XA306")
_NO_LEVEL_TO_BEAT = tuple(row.id for row in EXPLAINERS if row.made_of == "marks")


def screen_sections(
    outcome: Outcome, *, folder: str = "", command: str = "", plain: bool = False
) -> list[Section]:
    """The verdict, what it rests on, and where the rest can be read.

    Args:
        folder: where the run lies, as the reader would type it.
        command: what to type to have it again.
        plain: bars in ASCII.
    """
    sections = [
        verdict_section(outcome),
        gates_section(outcome, brief=True),
        evaluation_section(outcome),
        areas_section(outcome, plain=plain, brief=True),
        _looks(outcome, plain=plain),
        explainers_section(outcome),
        clusters_section(outcome, brief=True),
        data_section(outcome, brief=True),
        notes_section(outcome),
        skipped_section(outcome, longest=2),
        work_section(outcome, folder=folder, command=command, more=f"xaudit report {folder} --full"),
    ]
    return [section for section in sections if section is not None]


def _looks(outcome: Outcome, *, plain: bool) -> Section | None:
    lookup = SummaryLookup(outcome)
    explainers = [name for name in outcome.explainer_ids if name not in outcome.control_ids]
    absent = "not measured" if has_model(outcome) else None
    rows: list[Row] = []
    for model in outcome.model_ids:
        for reader in lookup.readers(model):
            shown = "no model" if absent is not None and model in outcome.external_ids else absent
            if own := region_rows(lookup, model, reader, explainers, plain=plain, absent=shown):
                rows += [heading(with_reader(model, reader)), *own]
    if not rows:
        return None
    keys = region_columns(absent)
    columns = [
        *keys,
        *(Column(f"{broken(name)}\npoints", numeric=True) for name in explainers),
    ]
    legend = "points: share of the map's positive saliency inside the region."
    if absent is not None:
        legend = (
            "answer depends on it: drop in probability when the region is hidden, minus the drop when random areas of "
            f"the same size are hidden. {legend}"
        )
    elif outcome.external_ids:
        legend += f" {NO_MODEL_TO_ASK}"
    table = grid(columns, rows, n_keys=len(keys))
    return Section(
        "Where each model looks, and where each explainer says it looks", (table, Paragraph(legend, "dim"))
    )


def explainers_section(outcome: Outcome) -> Section | None:
    """Per model and explainer: can it be believed, does it meet the marks, is the model right for the right reason."""
    lookup = SummaryLookup(outcome)
    metrics = _chosen_metrics(outcome)
    rows: list[Row] = []
    for model in outcome.model_ids:
        for reader in lookup.readers(model):
            rows += _model_rows(outcome, lookup, model, reader, metrics)
    if not rows:
        return None
    columns = [
        Column("explainer"),
        Column("shows what\nthe model uses"),
        *(Column(metric_title(metric)) for metric in metrics),
        Column("wrong\nreason", numeric=True),
    ]
    blocks: list[Block] = [_without_empty_columns(columns, rows)]
    if any(row.higher_is_better is not None for row in METRICS if row.id in metrics):
        text = "(+) higher is better, (-) lower is better."
        if outcome.control_ids:
            text = f"* better than the best control, paired by case; {text}"
        if any(line.cells[-1].text.strip("-") for line in rows if not line.heading):
            text += (
                " wrong reason: correct answers whose map misses the mark or is no denser there than elsewhere, for explainers "
                "that show what the model uses."
            )
            apart = _most_apart(outcome)
            if apart:
                text += f" Not judged: up to {_maps_without_aim(apart)}."
        elif apart := _most_apart(outcome):
            text += f" The reason was not judged for up to {_maps_without_aim(apart)}."
        blocks.append(Paragraph(text, "dim"))
    return Section(
        "Which explainer to believe, and what it shows",
        (*blocks, *thresholds_blocks(outcome), *_findings(outcome)),
    )


def _without_empty_columns(columns: Sequence[Column], rows: Sequence[Row]) -> Grid:
    lines = [row for row in rows if not row.heading]
    kept = [index for index in range(len(columns)) if any(row.cells[index].text.strip("-") for row in lines)]
    shorter = [row if row.heading else Row(tuple(row.cells[index] for index in kept)) for row in rows]
    return grid([columns[index] for index in kept], shorter)


def _chosen_metrics(outcome: Outcome) -> list[str]:
    measured = {s.metric_id for s in outcome.summaries if s.explainer_id != MODEL_LEVEL}
    first = [metric for metric in _FIRST if metric in measured]
    others = SummaryLookup(outcome).headline_metrics(("localization", "faithfulness"))
    return list(dict.fromkeys([*first, *others]))[:N_METRICS]


def _model_rows(
    outcome: Outcome, lookup: SummaryLookup, model: str, reader: str, metrics: Sequence[str]
) -> list[Row]:
    explainers = explainers_of(outcome, model)
    controls = [name for name in outcome.control_ids if name not in _NO_LEVEL_TO_BEAT]
    people = [name for name in outcome.control_ids if name in _NO_LEVEL_TO_BEAT]
    rows: list[Row] = []
    known: list[Summary] = []
    for name in explainers:
        found = [lookup.find(model, name, metric, reader) for metric in metrics]
        known += [one for one in found if one is not None]
        cells = [score_cell(one, is_control=False) for one in found]
        wrong = Cell(_wrong(outcome, model, name))
        rows.append(Row((Cell(name), _state(outcome, model, name), *cells, wrong)))
    for label, ids in (("best control", controls), ("readers", people)):
        found = [
            shown_summary(lookup.find(model, name, metric, reader) for name in ids) for metric in metrics
        ]
        if any(found):
            cells = [score_cell(one, is_control=True) for one in found]
            rows.append(Row((Cell(label, "dim"), Cell(""), *cells, Cell(""))))
    return [heading(_about(model, reader, known)), *rows] if known else []


def _state(outcome: Outcome, model: str, name: str) -> Cell:
    words, tone = state_of(outcome, model, name)
    return Cell(words, tone) if words else Cell("-", "dim")


def _about(model: str, reader: str, known: Sequence[Summary]) -> str:
    most = max(known, key=lambda one: one.n_cases)
    patients = count(most.n_patients, "patient") if most.cluster == "patient" else "patients unknown"
    return f"{with_reader(model, reader)}: {count(most.n_cases, 'image')}, {patients}"


def _wrong(outcome: Outcome, model: str, explainer: str) -> str:
    """Count the right answers with a mark that rest on the wrong reason, and all that were judged."""
    if not is_judged_by_mark(outcome, model):
        return "-"
    own = [one for one in outcome.categories if (one.model_id, one.explainer_id) == (model, explainer)]
    judged = sum(one.n_judged for one in own)
    return f"{sum(one.n_wrong_reason for one in own)} of {judged}" if judged else "-"


def _most_apart(outcome: Outcome) -> int:
    """The most right answers of one explainer's maps that give no reason to judge."""
    apart: Counter[tuple[str, str]] = Counter()
    for one in outcome.categories:
        if one.explainer_id not in outcome.control_ids:
            apart[one.model_id, one.explainer_id] += one.n_no_reason
    return max(apart.values(), default=0)


def _maps_without_aim(n: int) -> str:
    return counted(
        n,
        "correct answer, whose map is empty or points at everything",
        "correct answers, whose maps are empty or point at everything",
    )


def _findings(outcome: Outcome) -> list[Block]:
    """Grids too coarse for the marks in one line; every other finding about an explainer in its own."""
    coarse: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for model in outcome.model_ids:
        names = [
            v.subject.removeprefix(f"{model}/").removesuffix(f"/{NO_READER}")
            for v in outcome.verdicts
            if v.code == "XA303" and v.model_id == model
        ]
        if names:
            coarse[tuple(names)].append(model)
    blocks: list[Block] = []
    for explainers, models in coarse.items():
        where = "" if len(models) == len(outcome.model_ids) else f" on {', '.join(models)}"
        text = (
            f"Too coarse for these marks{where}: {', '.join(explainers)}. Even a perfect map on such a grid scores low, so "
            "a low score against the marks says nothing about the model."
        )
        blocks.append(Paragraph(text, lead="XA303"))
    others = [v for v in outcome.verdicts if is_explainer_finding(v) and v.code not in _IN_THE_TABLE]
    lookup = SummaryLookup(outcome)
    for model in outcome.model_ids:
        for reader in lookup.readers(model):
            blocks += nowhere_blocks(outcome, lookup, model, reader)
    return [*blocks, *(Paragraph(f"{v.subject}: {v.sentence}", lead=v.code) for v in others)]
