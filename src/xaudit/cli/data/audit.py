"""``xaudit data audit``: what is wrong with the data, before a model is blamed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xaudit.cli.options import AuditPath, ExitZero, ListAs, Overrides, Quiet
from xaudit.cli.output import ListFormat, emit, emit_json, emit_section, say
from xaudit.counts import counted
from xaudit.errors import ExitCode, NothingScoredError

if TYPE_CHECKING:
    from xaudit.records import DataAudit

DEFAULT_DATA_OUT = Path("data-audits")

DataOut = Annotated[
    Path,
    typer.Option(
        "--out", "-o", metavar="DIR", help="Folder below which the folder of the results is written."
    ),
]
WithoutModels = Annotated[
    bool, typer.Option("--without-models", help="Ask no model: check the images and their labels only.")
]


def audit_the_data(
    audit: AuditPath = None,
    out: DataOut = DEFAULT_DATA_OUT,
    without_models: WithoutModels = False,
    overrides: Overrides = None,
    exit_zero: ExitZero = False,
    form: ListAs = ListFormat.RICH,
    quiet: Quiet = False,
) -> int:
    """Says what is wrong with an audit's data, before a model is blamed for it.

    Reads every image, asks each model about the test images, and writes tables and a page. Exits with 1 where a gate on the
    data failed, and with 5 where nothing could be checked.
    """
    from xaudit.cli.audit_choice import audit_source, chosen_audit
    from xaudit.cli.options import Choices
    from xaudit.cli.progress import progress_report
    from xaudit.report.publish_data import write_data_audit
    from xaudit.stages import RunRequest
    from xaudit.stages.data_audit import audit_data

    source, shown = audit_source(audit)
    chosen, notes = chosen_audit(source, Choices(overrides=tuple(overrides or ())))
    for note in notes:
        say(note)
    say(f"auditing the data of {shown}", quiet=quiet)
    with progress_report(quiet=quiet, verbose=False) as report:
        result = audit_data(RunRequest(chosen, out), with_models=not without_models, on_progress=report)
    folder = write_data_audit(result, out)
    _show(result, form, folder=str(folder))
    say(f"page and tables: {folder}", quiet=quiet)
    if all(check.is_empty for check in result.checks):
        reasons = [*result.skipped, *(text for check in result.checks for text in check.skipped)]
        raise NothingScoredError(
            f"nothing could be checked: {reasons[0] if reasons else 'the data set is empty'}",
            hint="see the section 'Not checked' above",
        )
    return _exit_code(result, exit_zero=exit_zero)


def _show(result: "DataAudit", form: ListFormat, *, folder: str) -> None:
    from xaudit.report.files.data_audit_json import data_audit_as_json, data_audit_table
    from xaudit.report.files.markdown import csv_table, markdown_section
    from xaudit.report.sections.data_audit.headline import data_audit_title
    from xaudit.report.sections.data_audit.whole import data_audit_sections

    match form:
        case ListFormat.JSON:
            emit_json(data_audit_as_json(result))
        case ListFormat.CSV:
            emit(csv_table(data_audit_table(result)))
        case ListFormat.MARKDOWN:
            sections = data_audit_sections(result)
            emit("\n\n".join([f"# {data_audit_title(result)}", *map(markdown_section, sections)]))
        case ListFormat.RICH:
            emit(data_audit_title(result))
            for section in data_audit_sections(result, folder=folder):
                emit_section(section)


def _exit_code(result: "DataAudit", *, exit_zero: bool) -> ExitCode:
    gating = [gate for gate in result.gates if gate.gating]
    missed = [gate for gate in gating if gate.status != "pass"]
    if not missed:
        return ExitCode.OK
    failed = f"{len(missed)} of {counted(len(gating), 'gate')} on the data not passed"
    if exit_zero:
        say(f"exit code 0 because of --exit-zero, although {failed}")
        return ExitCode.OK
    say(f"exit code 1: {failed}; with --exit-zero it would be 0")
    return ExitCode.GATE_FAILED
