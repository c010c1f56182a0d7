"""Explainers, metrics, sources of models, formats and plants from other packages, found through Python's entry points.

The names are read from the packages' metadata when something is asked for that xaudit itself does not have; only what is
asked for is imported. What was imported once stands in the catalog's table until the process ends.
"""

import importlib
import importlib.metadata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from xaudit.catalog.explainers import EXPLAINERS
from xaudit.catalog.formats import FORMATS
from xaudit.catalog.metrics import METRICS, ceiling_row
from xaudit.catalog.models import MODELS
from xaudit.catalog.plants import PLANTS
from xaudit.catalog.plugin_checks import check_plugin, with_row
from xaudit.catalog.plugin_records import (
    ExplainerPlugin,
    FormatPlugin,
    MetricPlugin,
    ModelPlugin,
    PlantPlugin,
    Plugin,
)
from xaudit.catalog.quantus import quantus_rows, version
from xaudit.catalog.rows import QUANTUS
from xaudit.catalog.source_code import code_digest
from xaudit.catalog.table import Table
from xaudit.errors import PluginError, XauditError

Kind = Literal["explainer", "metric", "model", "format", "plant"]

GROUPS: Mapping[Kind, str] = {
    "explainer": "xaudit.explainers",
    "metric": "xaudit.metrics",
    "model": "xaudit.models",
    "format": "xaudit.formats",
    "plant": "xaudit.plants",
}
"""The group of entry points in which a package names what it brings."""

_RECORDS: Mapping[Kind, type[Plugin]] = {
    "explainer": ExplainerPlugin,
    "metric": MetricPlugin,
    "model": ModelPlugin,
    "format": FormatPlugin,
    "plant": PlantPlugin,
}
_QUANTUS_ADAPTER = "xaudit.metrics.quantus_adapter"
_TABLES: Mapping[Kind, Table[Any]] = {
    "explainer": EXPLAINERS,
    "metric": METRICS,
    "model": MODELS,
    "format": FORMATS,
    "plant": PLANTS,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that an installed package says it brings; nothing of it is imported yet.

    Attributes:
        name: of the entry point, and so of what it brings.
        package: the distribution's name.
        value: ``module:object``, as the metadata has it.
    """

    kind: Kind
    name: str
    package: str
    version: str
    value: str
    entry_point: importlib.metadata.EntryPoint = field(repr=False, compare=False)

    @property
    def origin(self) -> str:
        """Package and version, as people read them.

        Example:
            >>> entry = importlib.metadata.EntryPoint("rings", "a:b", "xaudit.metrics")
            >>> Offer("metric", "rings", "xaudit-example", "1.0", "a:b", entry).origin
            'xaudit-example 1.0'
        """
        return f"{self.package} {self.version}"

    @property
    def spelled(self) -> str:
        """Whose entry point it is, for the beginning of an error."""
        return f"{self.origin}: entry point '{self.name}' of {GROUPS[self.kind]}"


@dataclass(frozen=True, slots=True)
class Brought:
    """A plug-in's record, and the package that offers it.

    Attributes:
        code: digest of its source files, so that an edited plug-in of the same version is another one.
    """

    offer: Offer
    plugin: Any
    code: str = ""


_BROUGHT: dict[tuple[Kind, str], Brought] = {}


def table_of(kind: Kind) -> Table[Any]:
    """Return the catalog's table of one kind."""
    return _TABLES[kind]


@cache
def offers(kind: Kind) -> Mapping[str, tuple[Offer, ...]]:
    """List what installed packages offer of one kind, by name; two offers of one name clash."""
    by_name: dict[str, list[Offer]] = defaultdict(list)
    for point in importlib.metadata.entry_points(group=GROUPS[kind]):
        metadata: Any = point.dist.metadata if point.dist else {}
        package = metadata.get("Name") or "an unnamed package"
        version = metadata.get("Version") or "?"
        by_name[point.name].append(Offer(kind, point.name, package, version, point.value, point))
    return {name: tuple(sorted(by_name[name], key=lambda offer: offer.package)) for name in sorted(by_name)}


def bring(kind: Kind, name: str) -> Brought | None:
    """Import and check the plug-in of a name, and put its row into the catalog; None where no package offers one.

    What xaudit has itself is never looked for elsewhere.

    Raises:
        PluginError: where several packages offer the name, or the one that does cannot be used.
    """
    if _TABLES[kind].owns(name):
        return None
    if (kind, name) not in _BROUGHT:
        if kind == "metric" and name.startswith(QUANTUS):
            return _of_quantus(name)
        offered = offers(kind).get(name, ())
        if not offered:
            return None
        if len(offered) > 1:
            packages = " and ".join(offer.origin for offer in offered)
            raise PluginError(
                f"the {kind} '{name}' is offered by {packages}", hint="uninstall all of them but one"
            )
        plugin = _imported(offered[0])
        _BROUGHT[kind, name] = Brought(
            offered[0], plugin, code_digest(offered[0].value.partition(":")[0].strip())
        )
    return _BROUGHT[kind, name]


def _of_quantus(name: str) -> Brought | None:
    """A metric class of Quantus as a plug-in of that package; None where it has no such class."""
    row = quantus_rows().get(name)
    if row is None:
        return None
    work = importlib.import_module(_QUANTUS_ADAPTER)  # stands above the catalog, as plug-ins do
    point = importlib.metadata.EntryPoint(
        name, f"quantus.metrics:{name.removeprefix(QUANTUS)}", GROUPS["metric"]
    )
    offer = Offer("metric", name, "quantus", version(), point.value, point)
    add_row("metric", row)
    return _BROUGHT.setdefault(("metric", name), Brought(offer, work.plugin_of(row), code_digest("quantus")))


def brought(kind: Kind, name: str) -> Brought | None:
    """Return the plug-in behind a name of the audit; None for what xaudit has itself.

    Raises:
        PluginError: as :func:`installed`.
    """
    return None if _TABLES[kind].owns(name) else installed(kind, name)


def installed(kind: Kind, name: str) -> Brought:
    """Return the plug-in of a name that is not xaudit's own.

    Raises:
        PluginError: as :func:`bring`; where the plug-in is no longer there, too.
    """
    plugin = bring(kind, name)
    if plugin is None:
        raise PluginError(
            f"no installed package brings the {kind} '{name}'",
            hint=f"`xaudit list {kind}s` shows what there is",
        )
    return plugin


def all_brought(kind: Kind) -> Iterator[Brought | tuple[Offer, PluginError]]:
    """Import everything that installed packages offer of one kind; yield what cannot be used with its reason."""
    for name, offered in offers(kind).items():
        if _TABLES[kind].owns(name):
            for offer in offered:
                yield (
                    offer,
                    PluginError(
                        f"{offer.spelled}: xaudit has its own '{name}'; it must have another name",
                        hint=f"tell the authors of {offer.package}",
                    ),
                )
            continue
        try:
            plugin = bring(kind, name)
        except PluginError as error:
            yield from ((offer, error) for offer in offered)
        else:
            if plugin is not None:
                yield plugin


@contextmanager
def blamed(offer: Offer, doing: str) -> Iterator[None]:
    """Report an error of a plug-in's own code as its package's, with the first line of its message.

    xaudit's own errors pass unchanged, and so does memory that has run out.

    Args:
        doing: what failed, such as ``explaining``.

    Raises:
        PluginError: in place of the error.
    """
    try:
        yield
    except (XauditError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        if type(error).__name__ == "OutOfMemoryError":
            raise
        raise PluginError(
            f"{offer.spelled}: {doing} failed: {_first_line(error)}",
            hint=f"tell the authors of {offer.package}; `{offer.value}` is theirs",
        ) from error


def _imported(offer: Offer) -> Plugin:
    try:
        plugin = offer.entry_point.load()
    # Importing runs the package's own code, which can raise anything.
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"{offer.spelled}: {offer.value} cannot be imported: {_first_line(error)}",
            hint=f"install {offer.package} again, or uninstall it",
        ) from error
    wanted = _RECORDS[offer.kind]
    if not isinstance(plugin, wanted):
        raise PluginError(
            f"{offer.spelled}: {offer.value} is a {type(plugin).__name__}, expected an xaudit.plugins.{wanted.__name__}",
            hint=f"tell the authors of {offer.package}",
        )
    fault = check_plugin(plugin, offer.name, {name for table in _TABLES.values() for name in table.by_id})
    if fault:
        raise PluginError(f"{offer.spelled}: {fault}", hint=f"tell the authors of {offer.package}")
    plugin = with_row(plugin)
    add_row(offer.kind, plugin.row)
    return plugin


def add_row(kind: Kind, row: Any) -> None:  # noqa: ANN401
    """Put a plug-in's row, checked or stored with a run, into the catalog's table; a metric's ceiling with it."""
    _TABLES[kind].add(row)
    if kind == "metric" and row.has_ceiling:
        METRICS.add(ceiling_row(row))


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
