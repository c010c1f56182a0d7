"""Sources of images, labels, patients and readers' marks."""

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
    """Read and check the whole data set that a section of the audit file names; no pixels are kept.

    Args:
        section: with absolute paths.
        dataset_id: prefix of every case id, unless it is ``data``.
        workspace: folder in which the phantom study is written, once per setting.
        on_progress: called for every image.
        faults: collects the errors of single rows and marks, which are then left out; None raises the first.

    Raises:
        DataError: if the data as a whole cannot be used. If only some images cannot be used, they become
            problems of the data set instead.
        OutputError: if the phantom study cannot be written.
    """
    from xaudit.cases.assembly import assemble
    from xaudit.cases.phantom.data_set import phantom_section

    if section.format == "phantom":
        section = phantom_section(section, workspace, on_progress=on_progress)
    return assemble(section, dataset_id=dataset_id, on_progress=on_progress, faults=faults)
