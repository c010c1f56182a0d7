"""Explainers and controls, by family."""

from functools import partial
from typing import Any

from xaudit.catalog.plugin_records import ImportPath


def made_by(path: str) -> "partial[Any]":
    """Name a class of :mod:`xaudit.explainers`, as ``file:Class``, whose fields are the classifier and the row's options."""
    return partial(ImportPath("xaudit.explainers:by_keyword"), ImportPath(f"xaudit.explainers.{path}"))
