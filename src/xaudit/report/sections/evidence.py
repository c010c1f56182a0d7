"""Evidence: regions that the models use, and maps compared with the readers' marks."""

from collections.abc import Sequence

from xaudit.catalog import METRICS, metric_row
from xaudit.records import MODEL_LEVEL, NO_READER, Interval, Outcome, Summary
from xaudit.report.grid import Block, Cell, Column, Paragraph, Row, Section, Tone, grid, heading
from xaudit.report.lookup import SummaryLookup
from xaudit.report.sections.limits import limits_blocks
from xaudit.report.sections.map_lines import explainers_of, map_lines, shown_summary
from xaudit.report.sections.thresholds import thresholds_blocks
from xaudit.report.wording import (
    bar,
    count,
    interval,
    metric_words,
    percent,
    quantus_legend,
    region_words,
)

_BAR_WIDTH = 6
_LONGEST_TITLE = 12
NO_MODEL_TO_ASK = "Without the model itself, xaudit cannot measure what its answer depends on."


def looks_section(outcome: Outcome, *, plain: bool = False) -> Section:
    """Per model: on which regions its answer depends, beside where each explainer's map lies.

    Args:
        plain: draw bars with ASCII only.
    """
    title = "Where each model looks, and where each explainer says it looks"
    lookup = SummaryLookup(outcome)
    blocks: list[Block] = []
    for model in outcome.model_ids:
        explainers = explainers_of(outcome, model)
        for reader in lookup.readers(model):
            absent = None if model in outcome.external_ids else "not measured"
            rows = region_rows(lookup, model, reader, explainers, plain=plain, absent=absent)
            if not rows:
                continue
            keys = region_columns(absent)
            columns = [
                *keys,
                *(Column(broken(name) + "\nmap there", numeric=True) for name in explainers),
            ]
            positive = outcome.positive.get(model, "")
            about = f"{with_reader(model, reader)}, evidence for '{positive}'" if positive else model
            blocks.append(grid(columns, rows, title=about, n_keys=len(keys)))
    if not blocks:
        return Section(title, (Paragraph(why_no_reliance(outcome), "dim"),))
    legend = "map there: share of the explainer's positive saliency inside the region."
    if has_model(outcome):
        legend = (
            "answer depends on it: drop in probability when the region is replaced by something plausible, minus the drop "
            f"for random areas of the same size; 0 means that the region matters no more than any other. {legend}"
        )
    if outcome.external_ids:
        legend += f" {NO_MODEL_TO_ASK}"
    return Section(title, (*blocks, Paragraph(legend, "dim")))


def has_model(outcome: Outcome) -> bool:
    """Return True if at least one model is loaded and can be evaluated."""
    return any(model not in outcome.external_ids for model in outcome.model_ids)


def why_no_reliance(outcome: Outcome) -> str:
    """Why what the models depend on was not measured for any of them."""
    if not has_model(outcome):
        return NO_MODEL_TO_ASK
    if not outcome.reliance_asked:
        return "Not measured: the audit file sets `reliance.enabled: false`."
    if not has_marks(outcome):
        return "Not measured: this needs readers' marks, and the data has none."
    reasons = dict.fromkeys(one.reason for one in outcome.unscored if one.explainer_id == MODEL_LEVEL)
    return f"Not measured on any case: {'; '.join(reasons) or 'no case has a value'}."


def has_marks(outcome: Outcome) -> bool:
    """Return False where no data set of the run carries a reader's mark."""
    n_datasets = len({one.dataset_id for one in outcome.evaluations})
    return sum(one.code == "XA402" for one in outcome.verdicts) < max(1, n_datasets)


def region_columns(absent: str | None) -> tuple[Column, ...]:
    """The columns of :func:`region_rows` before those of the explainers."""
    answer = Column("answer\ndepends on it", numeric=True)
    return (Column("region"),) if absent is None else (Column("region"), answer, Column(" " * _BAR_WIDTH))


def region_rows(
    lookup: SummaryLookup,
    model: str,
    reader: str,
    explainers: Sequence[str],
    *,
    plain: bool,
    absent: str | None,
) -> list[Row]:
    """Per region: how far the answer depends on it, and each explainer's share of saliency there.

    Args:
        plain: draw bars with ASCII only.
        absent: what stands for an answer that was not measured; None leaves the answers out of the rows.
    """
    regions = lookup.regions(model)
    reliance = {region: lookup.model_level(model, f"reliance-{region}", reader) for region in regions}
    masses = {
        (region, name): lookup.find(model, name, f"mass-{region}", reader)
        for region in regions
        for name in explainers
    }
    known = [s.interval.estimate for s in reliance.values() if s is not None]
    most = max(known, default=0.0)
    lungs_known = lookup.lungs_known(model, reader, explainers)
    rows: list[Row] = []
    for region in regions:
        answer = reliance[region]
        shares = [masses[region, name] for name in explainers]
        if answer is None and not any(shares):
            continue
        tone: Tone = "strong" if answer is not None and answer.interval.estimate == most > 0 else "plain"
        told = _answer_cells(answer, tone, plain=plain, absent=absent)
        points = (Cell("-" if s is None else percent(s.interval.estimate)) for s in shares)
        rows.append(Row((Cell(region_words(region, lungs_known=lungs_known), tone), *told, *points)))
    return rows


def _answer_cells(answer: Summary | None, tone: Tone, *, plain: bool, absent: str | None) -> tuple[Cell, ...]:
    if absent is None:
        return ()
    if answer is None:
        return (Cell(absent, "dim"), Cell(""))
    drawn = bar(answer.interval.estimate, _BAR_WIDTH, plain=plain)
    return (Cell(interval(answer.interval), tone), Cell(drawn, tone))


def with_reader(model: str, reader: str) -> str:
    """A model's name, with whose marks its maps were held against where that is not everybody's."""
    return model if reader in (NO_READER, "union") else f"{model} (marks: {reader})"


def localization_section(outcome: Outcome) -> Section:
    """Explainers and controls against the readers' marks and the model's own probability, per model."""
    title = "How well the maps match the marks, and what hiding their peaks does"
    lookup = SummaryLookup(outcome)
    metrics = lookup.headline_metrics(("localization", "faithfulness", "complexity"))
    if not metrics:
        return Section(title, (Paragraph("No score of a map has a value in this run.", "dim"),))
    rows: list[Row] = []
    for model in outcome.model_ids:
        for reader in lookup.readers(model):
            rows += _model_rows(outcome, lookup, model, reader, metrics)
    columns = [Column("explainer"), *(Column(metric_title(metric)) for metric in metrics)]
    unit = "patients" if all(s.cluster == "patient" for s in outcome.summaries) else "images"
    beside = " * better than the best control, paired by case." if outcome.control_ids else ""
    legend = (
        f"Mean over the cases [95 % interval over {unit}].{beside} (+) higher is better, (-) lower is better."
    )
    if any(len(line.ids) > 1 for line in map_lines(outcome)):
        legend += " Where a control exists once per explainer, the best one is shown."
    legend += quantus_legend(metrics)
    blocks: list[Block] = [
        grid(columns, rows),
        Paragraph(legend, "dim"),
        *thresholds_blocks(outcome),
        *limits_blocks(outcome),
    ]
    if not any(_needs_marks(metric) for metric in metrics):
        text = "No localization: the data has no readers' marks to compare the maps with."
        if has_marks(outcome):
            text = "No localization: in this run no metric that compares maps with marks has a value."
        blocks.insert(0, Paragraph(text, "strong"))
    return Section(title, tuple(blocks))


def _model_rows(
    outcome: Outcome, lookup: SummaryLookup, model: str, reader: str, metrics: Sequence[str]
) -> list[Row]:
    rows: list[Row] = []
    cases = patients = 0
    for line in map_lines(outcome, model):
        found = [
            shown_summary(lookup.find(model, name, metric, reader) for name in line.ids) for metric in metrics
        ]
        if line.is_control and not any(found):
            continue
        cases = max([cases, *(s.n_cases for s in found if s is not None)])
        patients = max([patients, *(s.n_patients for s in found if s is not None)])
        cells = [score_cell(s, is_control=line.is_control) for s in found]
        rows.append(Row((Cell(line.label, "dim" if line.is_control else "plain"), *cells)))
    known = all(s.cluster == "patient" for s in outcome.summaries)
    about = f"{with_reader(model, reader)}: {count(cases, 'image')}" + (
        f", {count(patients, 'patient')}" if known else ", patients unknown"
    )
    return [heading(about), *rows]


def score_cell(summary: Summary | None, *, is_control: bool) -> Cell:
    """A mean with its interval, starred where it is better than the best control."""
    if summary is None or summary.n_cases == 0:
        return Cell("-", "dim")
    better = _is_better(summary.metric_id, summary.control_difference)
    text = interval(summary.interval, mark="*" if better else "")
    return Cell(text, "dim" if is_control else ("strong" if better else "plain"))


def _is_better(metric_id: str, difference: Interval | None) -> bool:
    if difference is None or difference.low is None or difference.high is None:
        return False
    known = {row.id: row.higher_is_better for row in METRICS}
    return difference.high < 0 if known.get(metric_id) is False else difference.low > 0


def metric_title(metric_id: str) -> str:
    """A metric as a column's title, with its direction."""
    known = {row.id: row.higher_is_better for row in METRICS}
    arrow = {True: " (+)", False: " (-)", None: ""}[known.get(metric_id)]
    words = metric_words(metric_id).split(" ")
    text = " ".join(words)
    if len(text) > 15 and len(words) > 1:
        text = " ".join(words[:-1]) + "\n" + words[-1]
    return text + arrow


def broken(name: str) -> str:
    """A long name over two lines."""
    first, hyphen, rest = name.partition("-")
    return f"{first}-\n{rest}" if hyphen and len(name) > _LONGEST_TITLE else name


def _needs_marks(metric_id: str) -> bool:
    return metric_id in {row.id for row in METRICS} and metric_row(metric_id).needs_annotation
