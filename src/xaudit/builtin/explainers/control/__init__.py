"""Controls: maps that know nothing of the model, as levels to beat."""

from functools import partial
from typing import Any

from xaudit.catalog.plugin_records import ImportPath


def drawn_by(function: str) -> "partial[Any]":
    """Name a function of :mod:`xaudit.explainers.controls`; it takes the row's options as keyword arguments."""
    room = "xaudit.explainers.controls"
    return partial(
        ImportPath("xaudit.explainers:by_keyword"),
        partial(ImportPath(f"{room}:control"), ImportPath(f"{room}:{function}")),
    )
