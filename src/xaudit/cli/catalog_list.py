"""``xaudit list``: what there is to choose from, and the runs that there are."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from xaudit.catalog import CEILING, EXPLAINERS, FINDINGS, FORMATS, METRICS, MODELS, MetricRow
from xaudit.cli.options import DEFAULT_OUT, ListAs, Out
from xaudit.cli.output import ListFormat, emit, emit_grid, emit_json, say
from xaudit.report.grid import Cell, Column, Grid, Row, grid, row


class Listed(StrEnum):
    """What can be listed."""

    EXPLAINERS = "explainers"
    METRICS = "metrics"
    MODELS = "models"
    FORMATS = "formats"
    FINDINGS = "findings"
    RUNS = "runs"


What = Annotated[Listed, typer.Argument(metavar="WHAT", show_default=False, help=", ".join(Listed))]


def list_known(what: What, form: ListAs = ListFormat.RICH, out: Out = DEFAULT_OUT) -> int:
    """Lists explainers, metrics, findings, runs and the like."""
    table, plain = _runs(out) if what is Listed.RUNS else _with_plugins(what)
    if not plain:
        say(f"no runs in {out}; `xaudit run` makes one")
    match form:
        case ListFormat.JSON:
            emit_json(plain)
        case ListFormat.MARKDOWN:
            from xaudit.report.markdown import markdown_grid

            emit(markdown_grid(table))
        case ListFormat.CSV:
            from xaudit.report.markdown import csv_table

            emit(csv_table(table))
        case ListFormat.RICH:
            emit_grid(table)
    return 0


_KINDS: dict[Listed, Literal["explainer", "metric", "model", "format"]] = {
    Listed.EXPLAINERS: "explainer",
    Listed.METRICS: "metric",
    Listed.MODELS: "model",
    Listed.FORMATS: "format",
}


def _with_plugins(what: Listed) -> tuple[Grid, list[dict[str, Any]]]:
    """The rows of xaudit and, where other packages bring some, of all, with who brings each.

    What cannot be used stands there too, with the reason.
    """
    if what not in _KINDS:
        return _rows(what)
    from xaudit.catalog.plugins import Brought, all_brought

    origins: dict[str, str] = {}
    broken: list[tuple[str, str, str]] = []
    for one in all_brought(_KINDS[what]):
        match one:
            case Brought(offer=offer):
                origins[offer.name] = offer.origin
            case (offer, error):
                broken.append((offer.name, f"cannot be used: {error}", offer.origin))
    table, plain = _rows(what)
    if not origins and not broken:
        return table, plain
    names = [known["id"].removesuffix(CEILING) for known in plain]
    lines = [
        _from(line, origins[name]) if name in origins else line
        for name, line in zip(names, table.rows, strict=True)
    ]
    empty = [""] * (len(table.columns) - 2)
    lines += [row(name, reason, *empty) for name, reason, _ in broken]
    told = [
        {**known, "package": origins.get(name, "xaudit")} for name, known in zip(names, plain, strict=True)
    ]
    told += [{"id": name, "meaning": reason, "package": origin} for name, reason, origin in broken]
    return grid(table.columns, lines), told


def _from(line: Row, origin: str) -> Row:
    """A row whose meaning says who brings it."""
    name, meaning, *others = line.cells
    return Row((name, Cell(f"{meaning.text}; from {origin}"), *others))


def _rows(what: Listed) -> tuple[Grid, list[dict[str, Any]]]:
    """The table a person reads, and the whole rows for a program."""
    meaning = Column("meaning", wraps=True)
    match what:
        case Listed.EXPLAINERS:
            columns: tuple[Column, ...] = (Column("name"), meaning, Column("cost per map", wraps=True))
            lines = [row(r.id, r.meaning, r.cost) for r in EXPLAINERS]
            return grid(columns, lines), [asdict(r) for r in EXPLAINERS]
        case Listed.METRICS:
            better = {True: "; higher is better", False: "; lower is better", None: ""}
            columns = (Column("name"), meaning, Column("range", wraps=True), Column("needs", wraps=True))
            lines = [
                row(r.id, _told(r), r.range + better[r.higher_is_better], ", ".join(r.needs)) for r in METRICS
            ]
            return grid(columns, lines), [{**asdict(r), "needs": list(r.needs)} for r in METRICS]
        case Listed.MODELS:
            lines = [row(r.id, r.meaning, r.needs) for r in MODELS]
            return grid(["source", meaning, Column("needs", wraps=True)], lines), [asdict(r) for r in MODELS]
        case Listed.FORMATS:
            lines = [row(r.id, r.meaning, r.holds) for r in FORMATS]
            return grid(["format", meaning, Column("holds", wraps=True)], lines), [asdict(r) for r in FORMATS]
        case Listed.FINDINGS | Listed.RUNS:
            columns = (Column("code"), Column("finding", wraps=True), Column("what to do", wraps=True))
            lines = [row(r.code, f"{r.title}: {r.cause}", r.remedy) for r in FINDINGS]
            return grid(columns, lines), [asdict(r) for r in FINDINGS]


def _told(metric: MetricRow) -> str:
    """What a metric means, or that it cannot be asked for, and why."""
    return f"{metric.meaning}; not available: {metric.unavailable}" if metric.unavailable else metric.meaning


def _runs(out: Path) -> tuple[Grid, list[dict[str, Any]]]:
    from xaudit.store import list_runs

    entries = list_runs(out)
    lines = [
        row(entry.run_id, entry.created.strftime("%Y-%m-%d %H:%M"), f"{entry.state} {entry.note}".strip())
        for entry in entries
    ]
    plain = [
        {
            "run_id": e.run_id,
            "name": e.name,
            "created": e.created.isoformat(),
            "state": e.state,
            "note": e.note,
        }
        for e in entries
    ]
    return grid([Column("run", wraps=True), "made (UTC)", Column("state", wraps=True)], lines), plain
