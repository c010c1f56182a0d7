"""What a CI server is told beside the exit code: JUnit XML, and GitHub's annotations and step summary."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xaudit.cli.output import say

if TYPE_CHECKING:
    from xaudit.records import Outcome

Junit = Annotated[
    Path | None,
    typer.Option("--junit", metavar="FILE", help="Write the gates as JUnit XML."),
]
Github = Annotated[
    bool,
    typer.Option(
        "--github/--no-github",
        envvar=["XAUDIT_GITHUB", "GITHUB_ACTIONS"],
        help="Annotate missed gates and write the step summary; by itself on in GitHub Actions.",
    ),
]

_SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True, slots=True)
class CiOutput:
    """Which CI servers are told.

    Attributes:
        junit: the file that the gates are written to as JUnit XML, None for none.
        github: whether GitHub's annotations go to stderr and its summary to the file that GitHub names.
    """

    junit: Path | None = None
    github: bool = False


def tell_ci(outcome: "Outcome", ci: CiOutput) -> None:
    """Writes what was asked for.

    Annotations go to stderr, which GitHub reads too, so that a result on stdout stays what it is.

    Raises:
        OutputError: where a file cannot be written.
    """
    if ci.junit is not None:
        from xaudit.report.files.junit import junit_xml
        from xaudit.store.atomic_file import write_atomically

        write_atomically(ci.junit, junit_xml(outcome).encode())
    if ci.github:
        from xaudit.report.files.github import annotations

        for line in annotations(outcome):
            say(line)
        summary = os.environ.get(_SUMMARY_VARIABLE)
        if summary:
            _append_summary(outcome, Path(summary))


def _append_summary(outcome: "Outcome", path: Path) -> None:
    from xaudit.report.files.github import LONGEST_SUMMARY, step_summary
    from xaudit.store.atomic_file import refusals_as_output_errors

    with refusals_as_output_errors(path):
        taken = path.stat().st_size if path.exists() else 0
        text = step_summary(outcome, room=max(0, LONGEST_SUMMARY - taken))
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
