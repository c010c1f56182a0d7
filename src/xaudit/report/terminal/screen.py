"""A finished run on one screen, from 80 columns upwards, with or without colour."""

from rich.console import Console
from rich.text import Text

from xaudit.records import Outcome
from xaudit.report.sections.first_screen import screen_sections
from xaudit.report.sections.whole import report_sections, report_title
from xaudit.report.terminal.layout import print_line, render_section


def render(
    outcome: Outcome, console: Console, *, folder: str = "", command: str = "", full: bool = False
) -> None:
    """Prints a finished run: what a reader needs first, or everything.

    Args:
        folder: where the run lies, as the reader would type it.
        command: what to type to have it again.
        full: every table, as in the Markdown report.
    """
    print_line(console, Text(report_title(outcome), style="bold"))
    plain = not console.encoding.lower().startswith("utf")
    sections = report_sections if full else screen_sections
    for section in sections(outcome, folder=folder, command=command, plain=plain):
        render_section(section, console)
