"""A finished run on one screen, from 80 columns upwards, with or without colour."""

from rich.console import Console
from rich.text import Text

from xaudit.records import Outcome
from xaudit.report.layout import print_line, render_section
from xaudit.report.sections import report_sections, report_title


def render(outcome: Outcome, console: Console, *, folder: str = "", command: str = "") -> None:
    """Prints the whole report of a finished run.

    Args:
        folder: where the run lies, as the reader would type it.
        command: what to type to have it again.
    """
    print_line(console, Text(report_title(outcome), style="bold"))
    plain = not console.encoding.lower().startswith("utf")
    for section in report_sections(outcome, folder=folder, command=command, plain=plain):
        render_section(section, console)
