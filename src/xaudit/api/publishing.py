"""Write what people and CI servers read of a finished run into its folder: overlays, the page, JUnit XML."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xaudit.errors import RunFolderError, UnansweredError

if TYPE_CHECKING:
    from xaudit.stages import FinishedRun

JUNIT = "junit.xml"


@dataclass(frozen=True, slots=True)
class Published:
    """Files that were written.

    Attributes:
        n_overlays: pictures of maps over their images.
        page: None where the audit wants no page.
    """

    n_overlays: int
    page: Path | None


def publish(finished: "FinishedRun") -> Published:
    """Write the overlays, the page and the JUnit XML of a run that has an outcome.

    Raises:
        OutputError: where the folder refuses.
    """
    from xaudit.report.files.junit import junit_xml
    from xaudit.report.html.page_file import NAME, write_page
    from xaudit.report.pictures.gallery import draw
    from xaudit.store.atomic_file import write_atomically

    assert finished.outcome is not None
    n_overlays = draw(finished.pictures(), finished.folder) if finished.pictures else 0
    page = None
    if finished.material is not None:
        page = finished.folder / NAME
        write_page(finished.material(), page)
    write_atomically(finished.folder / JUNIT, junit_xml(finished.outcome).encode())
    return Published(n_overlays, page)


def publish_unanswered(error: UnansweredError, *also: Path) -> None:
    """Write the JUnit XML of a run that ended without its answer into its folder, and to other files.

    Raises:
        OutputError: where a file cannot be written.
    """
    from xaudit.report.files.junit import junit_of_unanswered
    from xaudit.stages import load_outcome
    from xaudit.store.atomic_file import write_atomically

    folder = error.run_folder
    outcome = None
    if folder is not None:
        # Where nothing was scored there are no tables to read.
        with suppress(RunFolderError):
            outcome = load_outcome(folder)
    text = junit_of_unanswered(error, outcome, run_id="" if folder is None else folder.name)
    for path in (() if folder is None else (folder / JUNIT,)) + also:
        write_atomically(path, text.encode())
