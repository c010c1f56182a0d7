"""``xaudit verify``: whether a sign-off is as it was written."""

import re
from pathlib import Path
from typing import Annotated

import typer

from xaudit.cli.options import ReportAs
from xaudit.cli.output import ReportFormat, emit, emit_json, emit_section
from xaudit.errors import SignOffError, UsageError

File = Annotated[
    Path, typer.Argument(metavar="FILE", show_default=False, help="Zip file of `xaudit report --sign-off`.")
]
Recorded = Annotated[
    str | None,
    typer.Option("--sha256", metavar="HEX", help="SHA-256 of the file as it was recorded at the sign-off."),
]


def verify(file: File, recorded: Recorded = None, form: ReportAs = ReportFormat.RICH) -> int:
    """Checks a sign-off: every byte, every hash, and nothing added, missing or renamed.

    Nothing is unpacked. Exits with 2 where the file is not as it was written.
    """
    from xaudit.report.files.markdown import markdown_section
    from xaudit.report.sign_off import verified_as_json, verified_section
    from xaudit.store.sign_off.verification import verify as verified_file

    wanted = None if recorded is None else recorded.strip().lower()
    if wanted is not None and re.fullmatch(r"[0-9a-f]{64}", wanted) is None:
        raise UsageError(
            f"--sha256: '{recorded}' is no SHA-256",
            hint="it has 64 hex digits, as `xaudit report --sign-off` says",
        )
    verified = verified_file(file)
    if wanted not in (None, verified.sha256):
        raise SignOffError(
            f"{file}: its SHA-256 is {verified.sha256}, not the one given: it is another sign-off, or written anew",
            hint="get the file again from the person who signed it off",
        )
    match form:
        case ReportFormat.JSON:
            emit_json(verified_as_json(verified))
        case ReportFormat.MARKDOWN:
            emit(markdown_section(verified_section(verified)))
        case ReportFormat.RICH:
            emit_section(verified_section(verified))
    return 0
