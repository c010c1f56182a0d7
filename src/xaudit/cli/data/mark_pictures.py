"""A few images with the readers' marks on them, so that a person can see whether they lie on the lesions."""

from pathlib import Path
from typing import TYPE_CHECKING

from xaudit.errors import OutputError

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset

PICTURES = 24
"""At most so many, spread over the marked images."""


def write_mark_pictures(folder: Path, dataset: "Dataset") -> None:
    """Draws marked images with an outline per reader, each as a PNG, and all on a contact sheet.

    Raises:
        OutputError: where the folder cannot be written.
        DataError: where an image cannot be read any more.
    """
    from xaudit.cases.images.entry import without_suffix
    from xaudit.report.pictures.figures import contact_sheet, outlined_image
    from xaudit.stages.work.anatomy import spread

    marked = [case for case in dataset.cases if any(mark.region is not None for mark in dataset.marks(case))]
    drawn = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for case in spread(marked or dataset.cases, PICTURES):
            labels = sorted({mark.label for mark in dataset.marks(case) if mark.label is not None})
            caption = " · ".join([case.case_id, f"is {case.label}", *labels])
            picture = outlined_image(dataset.pixels(case), dataset.reader_masks(case), caption=caption)
            file = folder / f"{without_suffix(case.path)}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            picture.save(file)
            drawn.append(picture)
        contact_sheet(drawn).save(folder / "contact-sheet.png")
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written: {error.strerror or error}",
            hint="free some space, or name another folder",
        ) from None
