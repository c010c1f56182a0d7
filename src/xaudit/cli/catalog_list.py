"""``xaudit list``: what there is to choose from, and the runs that there are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from xaudit.catalog import (
    CEILING,
    EXPLAINERS,
    FINDINGS,
    FORMATS,
    METRICS,
    MODELS,
    PLANTS,
)
from xaudit.cli import list_screen
from xaudit.cli.options import DEFAULT_OUT, ListAs, Out
from xaudit.cli.output import ListFormat, emit, emit_grid, emit_json, say
from xaudit.report.grid import Cell, Column, Grid, Row, grid, heading, row


class Listed(StrEnum):
    """Things that ``xaudit list`` can show."""

    EXPLAINERS = "explainers"
    METRICS = "metrics"
    MODELS = "models"
    FORMATS = "formats"
    PLANTS = "plants"
    FINDINGS = "findings"
    QUANTUS = "quantus"
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
            from xaudit.report.files.markdown import markdown_grid

            emit(markdown_grid(others.shown(table)))
        case ListFormat.CSV:
            from xaudit.report.files.markdown import csv_table

            emit(csv_table(others.shown(table)))
        case ListFormat.RICH:
            emit_grid(others.shown(_SCREENS[what]() if what in _SCREENS else table))
    return 0


_SCREENS: Mapping[Listed, Callable[[], Grid]] = {
    Listed.EXPLAINERS: list_screen.explainers_screen,
    Listed.METRICS: list_screen.metrics_screen,
    Listed.MODELS: list_screen.models_screen,
    Listed.FORMATS: list_screen.formats_screen,
    Listed.QUANTUS: list_screen.quantus_screen,
}
_KINDS: Mapping[Listed, Literal["explainer", "metric", "model", "format", "plant"]] = {
    Listed.EXPLAINERS: "explainer",
    Listed.METRICS: "metric",
    Listed.MODELS: "model",
    Listed.FORMATS: "format",
    Listed.PLANTS: "plant",
}


@dataclass(frozen=True)
class _Others:
    """Plug-ins of one kind.

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
        if self.broken and any(line.heading for line in table.rows):
            lines += [heading(""), heading("not usable")]
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
        case Listed.METRICS | Listed.QUANTUS:
            metrics = METRICS if what is Listed.METRICS else list_screen.quantus_metrics()
            better = {True: "; higher is better", False: "; lower is better", None: ""}
            columns = (Column("name"), meaning, Column("range", wraps=True), Column("needs", wraps=True))
            lines = [
                row(r.id, list_screen.told(r), r.range + better[r.higher_is_better], ", ".join(r.needs))
                for r in metrics
            ]
            return grid(columns, lines), [{**asdict(r), "needs": list(r.needs)} for r in metrics]
        case Listed.MODELS:
            lines = [row(r.id, r.meaning, list_screen.needed(r), "; ".join(r.cannot)) for r in MODELS]
            columns = (Column("source"), meaning, Column("needs", wraps=True), Column("cannot", wraps=True))
            return grid(columns, lines), [{**asdict(r), "cannot": list(r.cannot)} for r in MODELS]
        case Listed.FORMATS:
            lines = [row(r.id, r.meaning, r.holds) for r in FORMATS]
            return grid(["format", meaning, Column("holds", wraps=True)], lines), [asdict(r) for r in FORMATS]
        case Listed.PLANTS:
            lines = [row(r.id, r.meaning, r.place) for r in PLANTS]
            return grid(["plant", meaning, "place"], lines), [asdict(r) for r in PLANTS]
        case Listed.FINDINGS | Listed.RUNS:
            columns = (Column("code"), Column("finding", wraps=True), Column("what to do", wraps=True))
            lines = [row(r.code, f"{r.title}: {r.cause}", r.remedy) for r in FINDINGS]
            return grid(columns, lines), [asdict(r) for r in FINDINGS]


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
