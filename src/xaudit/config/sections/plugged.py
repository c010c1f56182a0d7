"""Plug-ins that an audit names; packages are searched only for names that xaudit does not have."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator

from xaudit.catalog import EXPLAINERS, FORMATS, METRICS, MODELS, Table
from xaudit.config.sections.section import SettingError
from xaudit.errors import did_you_mean

if TYPE_CHECKING:
    from xaudit.catalog.plugins import Brought, Kind

_TABLES: Mapping[str, Table[Any]] = {
    "explainer": EXPLAINERS,
    "metric": METRICS,
    "model": MODELS,
    "format": FORMATS,
}


def is_plugged(kind: "Kind", name: str) -> bool:
    """Import the plug-in of that name into the catalog; return False if xaudit has the name or nobody does.

    Raises:
        PluginError: where it cannot be used, or several packages bring one.
    """
    if _TABLES[kind].owns(name):
        return False
    from xaudit.catalog.plugins import bring

    return bring(kind, name) is not None


def _known_format(name: str) -> str:
    if not is_plugged("format", name):
        raise _unknown("format", name)
    return name


def _known_source(name: str) -> str:
    if not is_plugged("model", name):
        raise _unknown("model", name)
    return name


PluggedFormat = Annotated[str, AfterValidator(_known_format)]
"""A format of annotations that another package brings, by its name."""

PluggedSource = Annotated[str, AfterValidator(_known_source)]
"""A source of models that another package brings, by its name."""


def _unknown(kind: "Kind", name: str) -> SettingError:
    known = [*_TABLES[kind].by_id, *names_of(kind)]
    hint = did_you_mean(name, known, otherwise=f"`xaudit list {kind}s` shows all")
    return SettingError(f"'{name}' is none of them", hint=hint)


def names_of(kind: "Kind") -> list[str]:
    """Every name that installed packages offer, without importing them; of metrics those of Quantus too."""
    from xaudit.catalog.plugins import offers
    from xaudit.catalog.quantus import quantus_rows

    return [*offers(kind), *(quantus_rows() if kind == "metric" else ())]


def plugin_of(kind: "Kind", name: str) -> Any:  # noqa: ANN401
    """The record that another package brings under a name; None for what xaudit has itself."""
    if _TABLES[kind].owns(name):
        return None
    from xaudit.catalog.plugins import bring

    found = bring(kind, name)
    return None if found is None else found.plugin


def package_of(kind: "Kind", name: str) -> str | None:
    """Package and version of what a name means; None for what xaudit has itself."""
    found = brought(kind, name)
    return None if found is None else found.offer.origin


def code_of_package(kind: "Kind", name: str) -> str | None:
    """Package, version and digest of the code of what a name means; None for what xaudit has itself."""
    found = brought(kind, name)
    return None if found is None else f"{found.offer.origin} {found.code}"


def brought(kind: "Kind", name: str) -> "Brought | None":
    """Return the plug-in of a name that is in the catalog already."""
    if _TABLES[kind].owns(name) or name not in _TABLES[kind].by_id:
        return None
    from xaudit.catalog.plugins import bring

    return bring(kind, name)
