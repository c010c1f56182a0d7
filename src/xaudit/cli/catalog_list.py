"""``xaudit list``: what there is to choose from, and the runs that there are."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from xaudit.catalog import (
    CEILING,
    EXPLAINERS,
    FAMILIES,
    FINDINGS,
    FORMATS,
    METRICS,
    MODELS,
    MetricRow,
    ModelRow,
)
from xaudit.cli.options import DEFAULT_OUT, ListAs, Out
from xaudit.cli.output import ListFormat, emit, emit_grid, emit_json, say
from xaudit.report.grid import Cell, Column, Grid, Row, grid, heading, row


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
    others = _of_others(what)
    table, plain = _runs(out) if what is Listed.RUNS else _rows(what)
    if not plain:
        say(f"no runs in {out}; `xaudit run` makes one")
    match form:
        case ListFormat.JSON:
            emit_json(others.told(plain))
        case ListFormat.MARKDOWN:
            from xaudit.report.markdown import markdown_grid

            emit(markdown_grid(others.shown(table)))
        case ListFormat.CSV:
            from xaudit.report.markdown import csv_table

            emit(csv_table(others.shown(table)))
        case ListFormat.RICH:
            emit_grid(others.shown(_metrics_screen() if what is Listed.METRICS else table))
    return 0


_KINDS: dict[Listed, Literal["explainer", "metric", "model", "format"]] = {
    Listed.EXPLAINERS: "explainer",
    Listed.METRICS: "metric",
    Listed.MODELS: "model",
    Listed.FORMATS: "format",
}


@dataclass(frozen=True)
class _Others:
    """What other packages bring of a kind.

    Attributes:
        origins: package and version by name.
        broken: name, reason and package of what cannot be used.
    """

    origins: Mapping[str, str] = field(default_factory=dict)
    broken: Sequence[tuple[str, str, str]] = ()

    def shown(self, table: Grid) -> Grid:
        """A table in which the meaning of a row says who brings it, with what cannot be used at its end."""
        if not self.origins and not self.broken:
            return table
        empty = [""] * (len(table.columns) - 2)
        lines = [line if line.heading else self._from(line) for line in table.rows]
        return grid(table.columns, [*lines, *(row(name, why, *empty) for name, why, _ in self.broken)])

    def told(self, plain: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The same for a program, with a key `package`."""
        if not self.origins and not self.broken:
            return plain
        named = [{**one, "package": self.origins.get(_base(one["id"]), "xaudit")} for one in plain]
        return [*named, *({"id": name, "meaning": why, "package": by} for name, why, by in self.broken)]

    def _from(self, line: Row) -> Row:
        name, meaning, *others = line.cells
        origin = self.origins.get(_base(name.text))
        return line if origin is None else Row((name, Cell(f"{meaning.text}; from {origin}"), *others))


def _base(name: str) -> str:
    return name.removesuffix(CEILING)


def _of_others(what: Listed) -> _Others:
    if what not in _KINDS:
        return _Others()
    from xaudit.catalog.plugins import Brought, all_brought

    origins: dict[str, str] = {}
    broken: list[tuple[str, str, str]] = []
    for one in all_brought(_KINDS[what]):
        match one:
            case Brought(offer=offer):
                origins[offer.name] = offer.origin
            case (offer, error):
                broken.append((offer.name, f"cannot be used: {error}", offer.origin))
    return _Others(origins, broken)


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
            lines = [row(r.id, r.meaning, _needed(r), "; ".join(r.cannot)) for r in MODELS]
            columns = (Column("source"), meaning, Column("needs", wraps=True), Column("cannot", wraps=True))
            return grid(columns, lines), [{**asdict(r), "cannot": list(r.cannot)} for r in MODELS]
        case Listed.FORMATS:
            lines = [row(r.id, r.meaning, r.holds) for r in FORMATS]
            return grid(["format", meaning, Column("holds", wraps=True)], lines), [asdict(r) for r in FORMATS]
        case Listed.FINDINGS | Listed.RUNS:
            columns = (Column("code"), Column("finding", wraps=True), Column("what to do", wraps=True))
            lines = [row(r.code, f"{r.title}: {r.cause}", r.remedy) for r in FINDINGS]
            return grid(columns, lines), [asdict(r) for r in FINDINGS]


def _needed(model: ModelRow) -> str:
    """The keys that a source takes, and the extra that must be installed."""
    return f"{model.needs}; xaudit[{model.extra}]" if model.extra else model.needs


def _metrics_screen() -> Grid:
    """The metrics by family, in two columns, since a terminal has no room for four."""
    lines: list[Row] = []
    for family, (question, asked) in FAMILIES.items():
        lines += [heading(""), heading(family), row("", Cell(f"{question} {asked}", "dim"))]
        lines += [row(metric.id, _in_words(metric)) for metric in METRICS if metric.family == family]
    return grid(["name", Column("what it measures", wraps=True)], lines)


def _in_words(metric: MetricRow) -> str:
    if metric.unavailable:
        return _told(metric)
    better = {True: ", higher is better", False: ", lower is better", None: ""}[metric.higher_is_better]
    needs = f"; needs {', '.join(metric.needs)}" if metric.needs else ""
    return f"{metric.meaning} ({metric.range}{better}{needs})"


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
