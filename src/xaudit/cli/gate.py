"""``xaudit gate``: holds a finished run against limits."""

from typing import TYPE_CHECKING, Annotated

import typer

from xaudit.cli.options import DEFAULT_OUT, ExitZero, Out, ReportAs, RunPath
from xaudit.cli.output import ReportFormat, emit, emit_json, emit_section
from xaudit.errors import UsageError

if TYPE_CHECKING:
    from xaudit.config import Gate

FailUnder = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-under",
        metavar="METRIC[@EXPLAINER]=VALUE...",
        help="Limits instead of the audit file's: iou@lime=0.3 'reliance-border<=0.1'. A bare = takes the "
        "metric's own direction.",
    ),
]


def gate(
    run: RunPath = None,
    fail_under: FailUnder = None,
    out: Out = DEFAULT_OUT,
    exit_zero: ExitZero = False,
    form: ReportAs = ReportFormat.RICH,
) -> int:
    """Holds a finished run against its gates, or other ones.

    Exits with 1 where one fails.
    """
    from xaudit.cli.audit_choice import existing_run
    from xaudit.cli.verdict_exit import verdict_exit
    from xaudit.report.json_report import verdicts_as_json
    from xaudit.report.markdown import markdown_section
    from xaudit.report.verdict_section import gates_section
    from xaudit.stages import regate

    gates = [_parsed(text) for text in fail_under or ()]
    outcome = regate(existing_run(run, out), gates)
    section = gates_section(outcome)
    match form:
        case ReportFormat.JSON:
            emit_json(verdicts_as_json(outcome))
        case ReportFormat.MARKDOWN:
            emit(markdown_section(section))
        case ReportFormat.RICH:
            emit_section(section)
    return verdict_exit(outcome, exit_zero=exit_zero)


def _parsed(text: str) -> "Gate":
    from xaudit.config import Gate

    try:
        return Gate.parse(text)
    except ValueError as error:
        message, _, hint = str(error).partition("|")
        raise UsageError(
            f"--fail-under: {message}", hint=hint or "for example --fail-under iou@lime=0.3 pointing-game=0.5"
        ) from None
