"""What an audit takes from other packages; nothing is looked for unless a name is not xaudit's own."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator

from xaudit.catalog import EXPLAINERS, FORMATS, METRICS, MODELS, Table
from xaudit.errors import did_you_mean

if TYPE_CHECKING:
    from xaudit.catalog.plugins import Brought, Kind
    from xaudit.config.audit_file import AuditFile

_TABLES: Mapping[str, Table[Any]] = {
    "explainer": EXPLAINERS,
    "metric": METRICS,
    "model": MODELS,
    "format": FORMATS,
}


def is_plugged(kind: "Kind", name: str) -> bool:
    """Whether another package brings what a name means; it is imported and stands in the catalog then.

    Raises:
        PluginError: where it cannot be used, or several packages bring one.
    """
    if _TABLES[kind].owns(name):
        return False
    from xaudit.catalog.plugins import bring

    return bring(kind, name) is not None


def _known_format(name: str) -> str:
    if not is_plugged("format", name):
        raise ValueError(_unknown("format", name))
    return name


def _known_source(name: str) -> str:
    if not is_plugged("model", name):
        raise ValueError(_unknown("model", name))
    return name


PluggedFormat = Annotated[str, AfterValidator(_known_format)]
"""A format of annotations that another package brings, by its name."""

PluggedSource = Annotated[str, AfterValidator(_known_source)]
"""A source of models that another package brings, by its name."""


def _unknown(kind: "Kind", name: str) -> str:
    known = [*_TABLES[kind].by_id, *names_of(kind)]
    return f"'{name}' is none of them|" + did_you_mean(
        name, known, otherwise=f"`xaudit list {kind}s` shows all"
    )


def names_of(kind: Literal["explainer", "metric", "model", "format"]) -> list[str]:
    """Every name that installed packages offer, without importing them."""
    from xaudit.catalog.plugins import offers

    return list(offers(kind))


def brought_by(audit: "AuditFile") -> "tuple[Brought, ...]":
    """What an audit takes from other packages, each once, explainers first."""
    named: list[tuple[Kind, str]] = [
        *(("explainer", spec.name) for spec in audit.explainers),
        *(("metric", spec.name) for spec in audit.metrics),
        *(("model", model.source) for model in audit.models),
        *(("format", one.annotations.format) for one in audit.all_datasets.values() if one.annotations),
    ]
    found = (_brought(kind, name) for kind, name in dict.fromkeys(named))
    return tuple(one for one in found if one is not None)


def plugin_of(kind: "Kind", name: str) -> Any:  # noqa: ANN401
    """The record that another package brings under a name; None for what xaudit has itself."""
    if _TABLES[kind].owns(name):
        return None
    from xaudit.catalog.plugins import bring

    found = bring(kind, name)
    return None if found is None else found.plugin


def package_of(kind: "Kind", name: str) -> str | None:
    """Package and version of what a name means; None for what xaudit has itself."""
    found = _brought(kind, name)
    return None if found is None else found.offer.origin


def code_of_package(kind: "Kind", name: str) -> str | None:
    """Package, version and digest of the code of what a name means; None for what xaudit has itself."""
    found = _brought(kind, name)
    return None if found is None else f"{found.offer.origin} {found.code}"


def _brought(kind: "Kind", name: str) -> "Brought | None":
    """What another package brings under a name that is in the catalog already."""
    if _TABLES[kind].owns(name) or name not in _TABLES[kind].by_id:
        return None
    from xaudit.catalog.plugins import bring

    return bring(kind, name)
