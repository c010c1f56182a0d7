"""Packages with plug-ins as they lie in an environment, written by hand, and a catalog that forgets them again."""

import sys
import tomllib
from contextlib import contextmanager
from pathlib import Path

from xaudit.catalog import plugins

PACKAGE = Path(__file__).parent / "plugin_package"


def write_package(site, name, version, entries, **modules):
    """A distribution's metadata and modules: ``entries`` are entry points by group, ``modules`` the code by name."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in points.items())
        for group, points in entries.items()
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))
    for module, code in modules.items():
        (site / f"{module}.py").write_text(code)
    return site


def write_example(site, *, version=None):
    """The example package of the pages, without building it."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    code = (PACKAGE / "xaudit_example.py").read_text()
    return write_package(
        site,
        project["name"],
        version or project["version"],
        project["entry-points"],
        xaudit_example=code,
    )


@contextmanager
def installed(*sites):
    """Within, the packages of these folders are installed."""
    before, modules = list(sys.path), set(sys.modules)
    sys.path[:0] = [str(site) for site in sites]
    forget()
    try:
        yield
    finally:
        sys.path[:] = before
        for name in set(sys.modules) - modules:
            if Path(getattr(sys.modules[name], "__file__", None) or "").parent in sites:
                del sys.modules[name]
        forget()


def forget():
    """Takes what other packages brought out of the catalog."""
    plugins.offers.cache_clear()
    plugins._BROUGHT.clear()
    for kind in plugins.GROUPS:
        table = plugins.table_of(kind)
        for name in [row.id for row in table if not table.owns(row.id)]:
            del table._rows[name], table._places[name]
