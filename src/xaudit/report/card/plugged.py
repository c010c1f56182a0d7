"""Plug-ins that a run used, read from its manifest."""

from collections.abc import Mapping
from typing import Any


def plugins_of(manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """Package and version: what it brought, such as ``explainer patch-drop``.

    Example:
        >>> one = {"kind": "metric", "name": "top-share", "package": "xaudit-example", "version": "1.0"}
        >>> plugins_of({"plugins": [one, {**one, "kind": "format", "name": "discs"}]})
        {'xaudit-example 1.0': ['metric top-share', 'format discs']}
    """
    found: dict[str, list[str]] = {}
    for one in manifest.get("plugins", ()):
        found.setdefault(f"{one['package']} {one['version']}", []).append(f"{one['kind']} {one['name']}")
    return found
