"""The consoles that reports are printed on."""

import os
import sys
from typing import TextIO

from rich.console import Console

PLAIN_WIDTH = 80
"""Columns where nobody looks at a screen: in a file, a pipe, a CI log."""

WIDEST = 120
"""Columns beyond which a line is hard to follow."""


class ReportConsole(Console):
    """A console that falls silent when its reader goes away, instead of ending the process."""

    def on_broken_pipe(self) -> None:
        """Points the stream at nothing, so that the exit code is still the verdict's."""
        self.quiet = True
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), self.file.fileno())


def results_console(stream: TextIO | None = None) -> ReportConsole:
    """A console on stdout: coloured and as wide as the screen on a terminal, plain and 80 columns wide elsewhere."""
    return _console(stream or sys.stdout)


def messages_console(stream: TextIO | None = None) -> ReportConsole:
    """The same on stderr."""
    return _console(stream or sys.stderr)


def _console(stream: TextIO) -> ReportConsole:
    if stream.isatty():
        console = ReportConsole(file=stream, highlight=False, markup=False, emoji=False)
        console.width = min(console.width, WIDEST)
        return console
    return ReportConsole(
        file=stream,
        width=PLAIN_WIDTH,
        color_system=None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
