"""Explainers, models or runs against each other on the same cases, in words and numbers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any

from xaudit.records import ALL_CASES, NO_READER, Comparison
from xaudit.report.files.json_report import plain_values
from xaudit.report.grid import Block, Cell, Column, Grid, Paragraph, Row, Section, Tone, grid, heading
from xaudit.report.wording import interval, metric_words, p_value
from xaudit.statistics.digits import shown

SCHEMA = "xaudit-comparison"
SCHEMA_VERSION = 3
_DECIDED = ("higher", "lower")
_LEADS = {"higher": "-", "lower": "-", "same": "="}


def comparison_section(comparisons: Sequence[Comparison], *, wide: bool = False) -> Section:
    """All pairs, a sentence for each, and how to read them.

    Args:
        wide: with McNemar's p, for which 80 columns have no room.
    """
    if not comparisons:
        text = "No two explainers were scored with the same metric on the same cases."
        return Section("Comparison", (Paragraph(text, "dim"),))
    unit = comparisons[0].cluster
    equal = ", = every case is equal" if any(c.conclusion == "same" for c in comparisons) else ""
    legend = (
        f"Difference: first minus second, mean over the same cases [interval over {unit}s]; ~ chance may explain "
        f"it{equal}. p: Wilcoxon on the {unit}s' means, after Holm's correction within a metric family; flip: permutation of "
        f"signs by {unit}, corrected alike. Size: rank-biserial correlation, -1 to 1. W:T:L: cases on which the first "
        f"is better, equal, worse. n: {unit}s."
    )
    if wide:
        legend += f" McNemar: mid-p, on hits, each {unit} once."
    letters = _letters(comparisons)
    tables = [
        _table(pairs, letters, title=title, wide=wide) for title, pairs in _by_table(comparisons).items()
    ]
    sentences = [Paragraph(c.sentence, lead=_LEADS.get(c.conclusion, "~")) for c in comparisons]
    named = [Paragraph(f"{letter}: {run_id}") for run_id, letter in letters.items()]
    blocks: list[Block] = [*named, *tables, *sentences, Paragraph(legend, "dim")]
    return Section("Comparison", tuple(blocks))


def _letters(comparisons: Sequence[Comparison]) -> Mapping[str, str]:
    """A letter for each run where runs are compared: their ids are too long for a table."""
    runs = [run_id for c in comparisons if c.axis == "run" for run_id in (c.run_id, c.other_run_id)]
    return dict(zip(dict.fromkeys(runs), ascii_uppercase, strict=False))


def _by_table(comparisons: Sequence[Comparison]) -> Mapping[str, list[Comparison]]:
    """The comparisons under what their two have in common."""
    readers = {c.reader for c in comparisons} - {NO_READER}
    groups: dict[str, list[Comparison]] = defaultdict(list)
    for c in comparisons:
        match c.axis:
            case "explainer":
                shared = c.model_id
            case "model":
                shared = c.explainer_id
            case "run":
                shared = f"{c.explainer_id} on {c.model_id}"
        whose = f" (marks: {c.reader})" if len(readers) > 1 and c.reader != NO_READER else ""
        groups[shared + whose].append(c)
    return groups


def _table(comparisons: Sequence[Comparison], letters: Mapping[str, str], *, title: str, wide: bool) -> Grid:
    columns = [
        Column("first - second", wraps=True),
        Column("difference", numeric=True),
        Column("p", numeric=True),
        Column("flip", numeric=True),
        *([Column("McNemar", numeric=True)] if wide else []),
        Column("size", numeric=True),
        Column("W:T:L", numeric=True),
        Column("n", numeric=True),
    ]
    rows: list[Row] = []
    above = ""
    for c in comparisons:
        what = metric_words(c.metric_id) + ("" if c.stratum == ALL_CASES else f", {c.stratum}")
        if what != above:
            rows.append(heading(what))
            above = what
        tone: Tone = "strong" if c.conclusion in _DECIDED else "plain"
        first, second = (letters.get(name, name) for name in _names(c))
        cells = [
            Cell(f"{_LEADS.get(c.conclusion, '~')} {first} - {second}".removeprefix("- "), tone),
            Cell("no common case" if c.difference is None else interval(c.difference), tone),
            Cell(p_value(c.p_adjusted)),
            Cell(p_value(c.p_sign_flip_adjusted)),
            *([Cell(p_value(c.p_mcnemar_adjusted))] if wide else []),
            Cell("-" if c.effect_size is None else shown(c.effect_size)),
            Cell(f"{c.n_wins}:{c.n_ties}:{c.n_losses}"),
            Cell(str(c.n_patients)),
        ]
        rows.append(Row(tuple(cells)))
    return grid(columns, rows, title=title)


def _names(c: Comparison) -> tuple[str, str]:
    match c.axis:
        case "explainer":
            return c.explainer_id, c.other_id
        case "model":
            return c.model_id, c.other_model_id
        case "run":
            return c.run_id, c.other_run_id


_COLUMNS = (
    *("axis", "run", "other_run", "model", "other_model", "explainer", "other_explainer"),
    *("metric", "reader", "stratum", "mean", "other_mean", "difference", "low", "high", "method"),
    *("p_wilcoxon", "p_wilcoxon_adjusted", "p_sign_flip", "p_sign_flip_adjusted"),
    *("p_mcnemar", "p_mcnemar_adjusted", "p_mcnemar_exact", "p_mcnemar_exact_adjusted"),
    *("effect_size", "wins", "ties", "losses"),
    *("n_cases", "n_patients", "n_unpaired", "unit", "conclusion", "sentence"),
)


def comparison_rows(comparisons: Sequence[Comparison]) -> list[dict[str, object]]:
    """Return one row for each comparison, unrounded, every figure in a column of its own."""
    return [dict(zip(_COLUMNS, _values(one), strict=True)) for one in comparisons]


def comparisons_grid(comparisons: Sequence[Comparison]) -> Grid:
    """Return :func:`comparison_rows` as a table of texts."""
    rows = (row.values() for row in comparison_rows(comparisons))
    return grid(_COLUMNS, [Row(tuple(Cell(_plain(value)) for value in row)) for row in rows])


def _values(c: Comparison) -> tuple[object, ...]:
    first, second = c.means or (None, None)
    d = c.difference
    limits = (None,) * 4 if d is None else (d.estimate, d.low, d.high, d.method)
    return (
        *(c.axis, c.run_id, c.other_run_id, c.model_id, c.other_model_id, c.explainer_id, c.other_id),
        *(c.metric_id, c.reader, c.stratum, first, second, *limits),
        *(c.p_value, c.p_adjusted, c.p_sign_flip, c.p_sign_flip_adjusted),
        *(c.p_mcnemar, c.p_mcnemar_adjusted, c.p_mcnemar_exact, c.p_mcnemar_exact_adjusted),
        *(c.effect_size, c.n_wins, c.n_ties, c.n_losses),
        *(c.n_cases, c.n_patients, c.n_unpaired, c.cluster, c.conclusion, c.sentence),
    )


def _plain(value: object) -> str:
    return "" if value is None else str(value)


def comparisons_as_json(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """All pairs as JSON values."""
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "comparisons": plain_values(tuple(comparisons)),
    }
