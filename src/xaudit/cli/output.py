"""Consoles and formats of results and messages."""

import json
import sys
from contextlib import AbstractContextManager, redirect_stdout
from enum import StrEnum
from typing import TextIO

from xaudit.report.grid import Grid, Section


class ListFormat(StrEnum):
    """Formats of a table."""

    RICH = "rich"
    JSON = "json"
    MARKDOWN = "markdown"
    CSV = "csv"


class ReportFormat(StrEnum):
    """Formats of a finished run."""

    RICH = "rich"
    JSON = "json"
    MARKDOWN = "markdown"


def say(text: str, *, quiet: bool = False) -> None:
    """A message for the person at the keyboard, on stderr."""
    if not quiet:
        _write(sys.stderr, text + "\n")


def emit(text: str) -> None:
    """A result, on stdout."""
    _write(sys.stdout, text if text.endswith("\n") else text + "\n")


def foreign_prints() -> AbstractContextManager[TextIO]:
    """Send what a model's own code prints in this context to stderr, since stdout holds results only."""
    return redirect_stdout(sys.stderr)


def emit_json(value: object) -> None:
    """A result as indented JSON on stdout; what is not a number is an error, never ``NaN``."""
    emit(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def emit_section(section: Section) -> None:
    """A part of a report on stdout, as tables for a person."""
    from xaudit.report.terminal.console import results_console
    from xaudit.report.terminal.layout import render_section

    render_section(section, results_console())


def emit_grid(table: Grid) -> None:
    """A table on stdout for a person."""
    from xaudit.report.terminal.console import results_console
    from xaudit.report.terminal.layout import render_block

    render_block(table, results_console())


def _write(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()
