"""The whole report as GitHub-flavoured Markdown."""

from xaudit.records import Outcome
from xaudit.report.files.markdown import escaped, markdown_section
from xaudit.report.sections.whole import report_sections, report_title


def markdown_report(outcome: Outcome, *, folder: str = "", command: str = "") -> str:
    """The whole report of a finished run; says the same as the terminal."""
    parts = [f"# {escaped(report_title(outcome))}"]
    parts += [
        markdown_section(section) for section in report_sections(outcome, folder=folder, command=command)
    ]
    return "\n\n".join(parts) + "\n"
