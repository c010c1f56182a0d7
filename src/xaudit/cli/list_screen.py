"""Lists for a terminal: a name and a text per line, since four columns do not fit."""

from xaudit.catalog import (
    EXPLAINERS,
    FAMILIES,
    FORMATS,
    METRICS,
    MODELS,
    ExplainerRow,
    FormatRow,
    MetricRow,
    ModelRow,
)
from xaudit.report.grid import Cell, Column, Grid, Row, grid, heading, row

_HOLD = ("images", "annotations", "others")


def metrics_screen() -> Grid:
    """The metrics by family, with the question that each family answers."""
    lines: list[Row] = []
    for family, (question, asked) in FAMILIES.items():
        lines += [heading(""), heading(family), row("", Cell(f"{question} {asked}", "dim"))]
        lines += [row(metric.id, _metric(metric)) for metric in METRICS if metric.family == family]
    return grid(["name", Column("what it measures", wraps=True)], lines)


def explainers_screen() -> Grid:
    """The explainers, then the controls, with what a map costs."""
    told = {one.id: row(one.id, _explainer(one)) for one in EXPLAINERS}
    lines = [heading(""), heading("explainers")]
    lines += [told[one.id] for one in EXPLAINERS if not one.control]
    lines += [heading(""), heading("controls")]
    lines += [
        row(
            "",
            Cell("What maps without knowledge score, and what people reach. Listed under `controls`.", "dim"),
        )
    ]
    lines += [told[one.id] for one in EXPLAINERS if one.control]
    return grid(["name", Column("what it shows", wraps=True)], lines)


def models_screen() -> Grid:
    """The sources of models, with the keys that each takes and what its models cannot be asked for."""
    lines: list[Row] = []
    for one in MODELS:
        lines += [row(one.id, one.meaning), row("", Cell(f"needs {needed(one)}", "dim"))]
        if one.is_here and one.cannot:
            lines.append(row("", Cell(f"cannot be asked for {', '.join(one.cannot)}", "dim")))
    return grid(["source", Column("what it is", wraps=True)], lines)


def formats_screen() -> Grid:
    """The formats of files by what they hold first."""
    lines: list[Row] = []
    for title in _HOLD:
        lines += [heading(""), heading(title)]
        lines += [row(one.id, _format(one, title)) for one in FORMATS if _held(one) == title]
    return grid(["format", Column("what it is", wraps=True)], lines)


def needed(model: ModelRow) -> str:
    """The keys that a source takes, and the extra that must be installed."""
    return f"{model.needs}; xaudit[{model.extra}]" if model.extra else model.needs


def told(metric: MetricRow) -> str:
    """Describe a metric, or say why it cannot be requested."""
    return f"{metric.meaning}; not available: {metric.unavailable}" if metric.unavailable else metric.meaning


def _metric(metric: MetricRow) -> str:
    if metric.unavailable:
        return told(metric)
    better = {True: ", higher is better", False: ", lower is better", None: ""}[metric.higher_is_better]
    needs = f"; needs {', '.join(metric.needs)}" if metric.needs else ""
    return f"{metric.meaning} ({metric.range}{better}{needs})"


def _explainer(explainer: ExplainerRow) -> str:
    return explainer.meaning if explainer.cost == "none" else f"{explainer.meaning} ({explainer.cost})"


def _held(one: FormatRow) -> str:
    return next((title for title in _HOLD if title in one.holds.split(", ")), _HOLD[-1])


def _format(one: FormatRow, title: str) -> str:
    return one.meaning if one.holds == title else f"{one.meaning} (holds {one.holds})"
