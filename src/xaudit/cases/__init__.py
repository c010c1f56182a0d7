"""Where images, labels, patients and readers' marks come from."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from xaudit.config import DataSection
from xaudit.errors import DataError
from xaudit.records import Progress

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset


def load_dataset(
    section: DataSection,
    *,
    dataset_id: str,
    workspace: Path,
    on_progress: Callable[[Progress], None],
    faults: list[DataError] | None = None,
) -> "Dataset":
    """Everything that a section of the audit file names, read through once and checked; no pixels are kept.

    Args:
        section: with absolute paths.
        dataset_id: stands before every case id, unless it is ``data``.
        workspace: where the phantom study is written, once per setting.
        on_progress: told of every image.
        faults: gathers the errors of single rows and marks, which are left out then; None raises the first.

    Raises:
        DataError: where the data as a whole cannot be used. An image that cannot be used while others can is a
            problem of the data set instead.
        OutputError: where the phantom study cannot be written.
    """
    from xaudit.cases.assembly import assemble
    from xaudit.cases.phantom.data_set import phantom_section

    if section.format == "phantom":
        section = phantom_section(section, workspace, on_progress=on_progress)
    return assemble(section, dataset_id=dataset_id, on_progress=on_progress, faults=faults)
