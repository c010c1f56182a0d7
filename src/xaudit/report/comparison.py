"""Explainers against each other on the same cases, in words and numbers."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from xaudit.records import NO_READER, Comparison
from xaudit.report.grid import Block, Cell, Column, Grid, Paragraph, Row, Section, Tone, grid
from xaudit.report.json_report import plain_values
from xaudit.report.wording import interval, metric_words
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
    readers = {c.reader for c in comparisons} - {NO_READER}
    groups: dict[str, list[Comparison]] = defaultdict(list)
    for c in comparisons:
        whose = f" (marks: {c.reader})" if len(readers) > 1 and c.reader != NO_READER else ""
        groups[c.model_id + whose].append(c)
    tables = [_table(pairs, title=title) for title, pairs in groups.items()]
    blocks: list[Block] = [*tables, *sentences, Paragraph(legend, "dim")]
    return Section("Comparison", tuple(blocks))


def comparisons_grid(comparisons: Sequence[Comparison]) -> Grid:
    """One row for each model, metric, reader and pair of explainers, with columns for the model and the reader."""
    table = _table(comparisons)
    rows = [
        Row((Cell(c.model_id), Cell(c.reader), *line.cells))
        for c, line in zip(comparisons, table.rows, strict=True)
    ]
    return grid([Column("model"), Column("reader"), *table.columns], rows)


def _table(comparisons: Sequence[Comparison], *, title: str = "") -> Grid:
    columns = [
        Column("metric", wraps=True),
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
            Cell(metric_words(c.metric_id)),
            Cell(f"{c.explainer_id} - {c.other_id}", tone),
            Cell("no common case" if c.difference is None else interval(c.difference), tone),
            Cell(_p(c.p_adjusted)),
            Cell(f"{c.n_wins}:{c.n_losses}"),
            Cell(str(c.n_patients)),
        ]
        rows.append(Row(tuple(cells)))
    return grid(columns, rows, title=title)


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
