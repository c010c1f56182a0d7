"""A plug-in's row as a run keeps it, so that its results can be read where the plug-in is not installed."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from xaudit.catalog.plugins import Brought, Kind, add_row, table_of
from xaudit.catalog.rows import ExplainerRow, FormatRow, MetricRow, ModelRow, Option, PlantRow

_ROWS: Mapping[Kind, type[Any]] = {
    "explainer": ExplainerRow,
    "metric": MetricRow,
    "model": ModelRow,
    "format": FormatRow,
    "plant": PlantRow,
}
_KINDS: Mapping[str, Kind] = {kind: kind for kind in _ROWS}


def origin_of(brought: Brought) -> dict[str, str]:
    """Name who brings something: kind, name, package, version and a digest of its code; a manifest keeps it."""
    offer = brought.offer
    return {
        "kind": offer.kind,
        "name": offer.name,
        "package": offer.package,
        "version": offer.version,
        "code": brought.code,
    }


def told_row(brought: Brought) -> dict[str, Any]:
    """The same with the row, as plain JSON values."""
    return {**origin_of(brought), "row": asdict(brought.plugin.row)}


def remember(stored: Iterable[Mapping[str, Any]]) -> None:
    """Puts the rows that a run was made with into the catalog, where they are not there already.

    A row that xaudit has itself by now, or that cannot be read, is passed over.
    """
    for entry in stored:
        kind, plain = _KINDS.get(str(entry.get("kind"))), entry.get("row")
        if kind is None or not isinstance(plain, Mapping) or plain.get("id") in table_of(kind).by_id:
            continue
        try:
            add_row(kind, _row(kind, plain))
        except (KeyError, TypeError, ValueError):
            continue


def _row(kind: Kind, plain: Mapping[str, Any]) -> Any:  # noqa: ANN401
    known = {field.name for field in fields(_ROWS[kind])}
    given = {name: value for name, value in plain.items() if name in known}
    if "options" in given:
        given["options"] = tuple(
            Option(**{**option, "choices": tuple(option.get("choices", ()))}) for option in given["options"]
        )
    return _ROWS[kind](**given)
