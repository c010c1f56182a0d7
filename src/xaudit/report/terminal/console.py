"""The consoles that reports are printed on."""

import sys
from typing import TextIO

from rich.console import Console

PLAIN_WIDTH = 80
"""Columns where nobody looks at a screen: in a file, a pipe, a CI log."""

WIDEST = 120
"""Columns beyond which a line is hard to follow."""


def results_console(stream: TextIO | None = None) -> Console:
    """A console on stdout: coloured and as wide as the screen on a terminal, plain and 80 columns wide elsewhere."""
    return _console(stream or sys.stdout)


def messages_console(stream: TextIO | None = None) -> Console:
    """The same on stderr."""
    return _console(stream or sys.stderr)


def _console(stream: TextIO) -> Console:
    if stream.isatty():
        console = Console(file=stream, highlight=False, markup=False, emoji=False)
        console.width = min(console.width, WIDEST)
        return console
    return Console(
        file=stream,
        width=PLAIN_WIDTH,
        color_system=None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
