"""The phantom study as a data set: written once, then read by the ordinary readers."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from xaudit.cases.phantom.study import write_phantom
from xaudit.config import AnnotationSection, DataSection, fingerprint
from xaudit.errors import OutputError
from xaudit.records import Progress


def phantom_section(
    section: DataSection, workspace: Path, *, on_progress: Callable[[Progress], None]
) -> DataSection:
    """Return the csv data set of a phantom section; its files are made if they do not exist.

    Args:
        section: a section of the format ``phantom``.
        workspace: holds a folder for the study, named by its settings and the simulator's code.
        on_progress: called for every simulated patient.

    Raises:
        OutputError: if the files cannot be written.
    """
    settings = section.phantom.model_dump(mode="json")
    folder = workspace / f"phantom-{fingerprint([settings, _simulator()])}"
    if not folder.is_dir():
        try:
            write_phantom(section.phantom, folder, on_progress=on_progress)
        except OutputError:
            if not folder.is_dir():
                raise
            # Another process made the same study meanwhile, and its folder is complete.
    policy = section.annotations or AnnotationSection(path=folder)
    return section.model_copy(
        update={
            "format": "csv",
            "images": folder / "images",
            "labels": folder / "labels.csv",
            "annotations": AnnotationSection(
                path=folder / "annotations.json", format="coco", readers=policy.readers, votes=policy.votes
            ),
            "regions": section.regions.model_copy(
                update={"lungs": section.regions.lungs or folder / "lungs"}
            ),
        }
    )


def _simulator() -> str:
    """Hash the code that draws the study, so that a newer version never reads the files of an older one."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
