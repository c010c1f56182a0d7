"""A finished run on stdout, in the format asked for."""

from xaudit.cli.output import ReportFormat, emit, emit_json
from xaudit.records import Outcome


def show_outcome(
    outcome: Outcome, form: ReportFormat, *, folder: str, command: str = "", full: bool = False
) -> None:
    """Prints the report of a finished run.

    Args:
        folder: where it lies.
        command: what to type to have it again, where known.
        full: every table on the terminal; JSON and Markdown have them always.
    """
    match form:
        case ReportFormat.JSON:
            from xaudit.report.files.json_report import outcome_as_json

            emit_json(outcome_as_json(outcome))
        case ReportFormat.MARKDOWN:
            from xaudit.report.files.markdown_report import markdown_report

            emit(markdown_report(outcome, folder=folder, command=command))
        case ReportFormat.RICH:
            from xaudit.report.terminal.console import results_console
            from xaudit.report.terminal.screen import render

            render(outcome, results_console(), folder=folder, command=command, full=full)
