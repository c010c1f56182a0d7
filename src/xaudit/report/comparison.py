"""Explainers against each other on the same cases, in words and numbers."""

from collections.abc import Sequence
from typing import Any

from xaudit.records import NO_READER, Comparison
from xaudit.report.grid import Block, Cell, Column, Grid, Paragraph, Row, Section, Tone, grid
from xaudit.report.json_report import plain_values
from xaudit.report.wording import interval
from xaudit.statistics.digits import shown

SCHEMA = "xaudit-comparison"
SCHEMA_VERSION = 1
_SMALLEST_P = 0.001


def comparison_section(comparisons: Sequence[Comparison]) -> Section:
    """All pairs, and how to read them."""
    if not comparisons:
        text = "No two explainers were scored with the same metric on the same cases."
        return Section("Comparison", (Paragraph(text, "dim"),))
    legend = (
        "Difference: first minus second, mean over the same cases [interval over patients]. p: Wilcoxon on the "
        "patients' means, after Holm's correction within a model's metric family. "
        "Better for: patients on whom the first, or the second, does better."
    )
    sentences = [Paragraph(c.sentence, lead="-") for c in comparisons if c.conclusion in ("higher", "lower")]
    blocks: list[Block] = [comparisons_grid(comparisons), *sentences, Paragraph(legend, "dim")]
    return Section("Comparison", tuple(blocks))


def comparisons_grid(comparisons: Sequence[Comparison]) -> Grid:
    """One row for each model, metric, reader and pair of explainers."""
    several_models = len({c.model_id for c in comparisons}) > 1
    several_readers = len({c.reader for c in comparisons} - {NO_READER}) > 1
    columns = [
        *([Column("model")] if several_models else []),
        Column("metric", wraps=True),
        *([Column("reader")] if several_readers else []),
        Column("first - second", wraps=True),
        Column("difference", numeric=True),
        Column("p", numeric=True),
        Column("better\nfor", numeric=True),
        Column("patients", numeric=True),
    ]
    rows = []
    for c in comparisons:
        tone: Tone = "strong" if c.conclusion in ("higher", "lower") else "plain"
        cells = [
            *([Cell(c.model_id)] if several_models else []),
            Cell(c.metric_id.replace("-", " ")),
            *([Cell(c.reader)] if several_readers else []),
            Cell(f"{c.explainer_id} - {c.other_id}", tone),
            Cell("no common case" if c.difference is None else interval(c.difference), tone),
            Cell(_p(c.p_adjusted)),
            Cell(f"{c.n_wins}:{c.n_losses}"),
            Cell(str(c.n_patients)),
        ]
        rows.append(Row(tuple(cells)))
    return grid(columns, rows)


def comparisons_as_json(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """All pairs as JSON values."""
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "comparisons": plain_values(tuple(comparisons)),
    }


def _p(value: float | None) -> str:
    """A p-value; small ones as a bound.

    Example:
        >>> _p(0.0312), _p(0.00002), _p(None)
        ('0.03', '<0.001', '-')
    """
    if value is None:
        return "-"
    return f"<{_SMALLEST_P}" if value < _SMALLEST_P else shown(value, beside=0.05)
