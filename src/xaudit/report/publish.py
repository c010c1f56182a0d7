"""Publication of a finished run: overlays, page, JUnit XML, GitHub's annotations and summary, and the exit code."""

import io
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import xaudit
from xaudit.counts import counted
from xaudit.errors import ExitCode, RunFolderError, UnansweredError
from xaudit.records import Outcome
from xaudit.report.files.github import LONGEST_SUMMARY, annotations, step_summary
from xaudit.report.files.junit import junit_of_unanswered, junit_xml
from xaudit.report.files.sarif import sarif_log, sarif_of_unanswered
from xaudit.report.wording import count
from xaudit.stages import FinishedRun, load_outcome
from xaudit.store.atomic_file import refusals_as_output_errors, write_atomically
from xaudit.store.run_folder import RunFolder
from xaudit.verdict import missed_gates

if TYPE_CHECKING:
    from xaudit.stages.views.pictures import Picture

JUNIT = "junit.xml"
_SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"

Tell = Callable[[str], None]
"""Takes one line for the person at the keyboard."""


@dataclass(frozen=True, slots=True)
class Publication:
    """Readers of the result beside stdout.

    Attributes:
        junit: file for the gates as JUnit XML, None for none.
        sarif: file for the verdicts as SARIF, None for none.
        github: send GitHub's annotations to stderr, and its summary to the file that GitHub names.
        exit_zero: exit with 0 although a gate failed.
        quiet: do not name the overlays and the page.
    """

    junit: Path | None = None
    github: bool = False
    exit_zero: bool = False
    quiet: bool = False
    sarif: Path | None = None


def publish_run(
    finished: FinishedRun, publication: Publication, *, show: Callable[[Outcome], None], tell: Tell
) -> ExitCode:
    """Write everything that a finished run is read from, and return the exit code that its gates ask for.

    Args:
        finished: a run that went as far as its outcome.
        publication: readers beside stdout.
        show: prints the outcome, after the overlays are drawn and before the page is written.
        tell: receives the messages.

    Raises:
        OutputError: if a file cannot be written.
    """
    outcome, folder = finished.outcome, finished.folder
    assert outcome is not None
    if finished.pictures is not None:
        n_drawn = _draw_overlays(finished.pictures(), folder)
        if n_drawn and not publication.quiet:
            tell(f"{counted(n_drawn, 'overlay')} in {folder / 'figures'}")
    show(outcome)
    if finished.material is not None:
        from xaudit.report.html.page_file import NAME, write_page

        write_page(finished.material(), folder / NAME)
        if not publication.quiet:
            tell(f"the whole report with its pictures: {folder / NAME}")
    write_junit(outcome, folder / JUNIT)
    return publish_verdict(outcome, publication, tell)


def _draw_overlays(pictures: Iterable["Picture"], folder: Path) -> int:
    """Write one PNG per picture under ``figures/``, and return how many."""
    from xaudit.report.pictures.figures import overlay

    run = RunFolder.open_run(folder)
    n_drawn = 0
    for n_drawn, one in enumerate(pictures, start=1):  # noqa: B007  (counts)
        image = overlay(one.pixels, one.saliency, one.marks, signed=one.signed, caption=one.caption)
        data = io.BytesIO()
        image.save(data, format="PNG", optimize=False)
        run.save_bytes(f"figures/{one.name}.png", data.getvalue())
    return n_drawn


def publish_verdict(outcome: Outcome, publication: Publication, tell: Tell) -> ExitCode:
    """Send the gates to the CI server, and return the exit code that they ask for.

    Annotations are told like messages: GitHub reads stderr too, and a result on stdout stays what it is.

    Raises:
        OutputError: if a file cannot be written.
    """
    if publication.junit is not None:
        write_junit(outcome, publication.junit)
    if publication.sarif is not None:
        write_sarif(outcome, publication.sarif)
    if publication.github:
        for line in annotations(outcome):
            tell(line)
        summary = os.environ.get(_SUMMARY_VARIABLE)
        if summary:
            _append_summary(outcome, Path(summary))
    missed = missed_gates(outcome.verdicts)
    if not missed:
        return ExitCode.OK
    n_gating = sum(v.gating for v in outcome.verdicts)
    models = ", ".join(dict.fromkeys(v.model_id for v in missed))
    failed = f"{len(missed)} of {count(n_gating, 'gate')} not passed ({models})"
    if publication.exit_zero:
        tell(f"exit code 0 because of --exit-zero, although {failed}")
        return ExitCode.OK
    tell(f"exit code 1: {failed}; with --exit-zero it would be 0")
    return ExitCode.GATE_FAILED


def write_junit(outcome: Outcome, path: Path) -> None:
    """Write the gates as JUnit XML; raises OutputError if that is not possible."""
    write_atomically(path, junit_xml(outcome).encode())


def write_sarif(outcome: Outcome, path: Path) -> None:
    """Write the verdicts as SARIF; raises OutputError if that is not possible."""
    write_atomically(path, sarif_log(outcome, version=xaudit.__version__).encode())


def publish_unanswered(error: UnansweredError, junit: Path | None, sarif: Path | None = None) -> None:
    """Write the JUnit XML of a run that ended without its answer, into its folder and to ``junit``, and the SARIF.

    Raises:
        OutputError: if a file cannot be written.
    """
    folder = error.run_folder
    outcome = None
    if folder is not None:
        with suppress(RunFolderError):  # a run in which nothing was scored has no tables to read
            outcome = load_outcome(folder)
    text = junit_of_unanswered(error, outcome, run_id="" if folder is None else folder.name)
    for path in (None if folder is None else folder / JUNIT, junit):
        if path is not None:
            write_atomically(path, text.encode())
    if sarif is not None:
        run_id = "" if folder is None else folder.name
        log = sarif_of_unanswered(error, outcome, run_id=run_id, version=xaudit.__version__)
        write_atomically(sarif, log.encode())


def _append_summary(outcome: Outcome, path: Path) -> None:
    with refusals_as_output_errors(path):
        taken = path.stat().st_size if path.exists() else 0
        text = step_summary(outcome, room=max(0, LONGEST_SUMMARY - taken))
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
