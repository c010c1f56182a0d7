"""A folder of masks: one PNG per image with the image's name; what is not zero is inside.

A sub-folder before the image's own path names the reader: ``masks/dr-a/scan-1.png``. A mask without any pixel inside says
that its reader found nothing.
"""

from collections import Counter
from pathlib import Path

import numpy as np

from xaudit.cases.annotation_file import check_bytes
from xaudit.cases.images.entry import without_suffix
from xaudit.cases.images.folder import check_folder, image_files
from xaudit.cases.marks.file_set import FileSet
from xaudit.cases.marks.mark_list import MarkList
from xaudit.cases.marks.writing import FILLED, MarksToWrite, file_for
from xaudit.cases.masks.raster import read_mask
from xaudit.cases.phantom.files import write_mask
from xaudit.errors import DataError
from xaudit.geometry import mask_region, rasterise, union
from xaudit.records import MaskRegion


def collect_masks(path: Path | FileSet, marks: MarkList) -> None:
    """Read the masks of a folder, or a single one, into a list of marks.

    Raises:
        DataError: with the file and what is wrong: unreadable, of another size than its image, of no image, or the same
            reader's second mask of an image.
    """
    given = path if isinstance(path, FileSet) else _files(path)
    folder, files = given.folder, given.files
    if not files:
        raise DataError(f"{path.name}: holds no mask", hint="a mask is a PNG that is called like its image")
    seen: dict[tuple[str, str], str] = {}
    marks.expect_files(without_suffix(file.relative_to(folder).as_posix()) for file in files)
    for file in files:
        with marks.item():
            name = file.relative_to(folder).as_posix()
            marks.reading(name)
            check_bytes(file, name)
            case_id, reader = marks.case_and_reader(name, without_suffix(name))
            if case_id is None:
                continue
            if (case_id, reader) in seen:
                raise DataError(
                    f"{name}: {reader} has a mask of {case_id} in {seen[case_id, reader]} too",
                    hint="put each reader's masks into a sub-folder that is called like the reader",
                )
            seen[case_id, reader] = name
            mask = read_mask(file, marks.images.frames[case_id])
            if np.any(mask):
                marks.add(case_id, reader, mask_region(mask))
            else:
                marks.nothing(name, case_id, reader)


def _files(path: Path) -> FileSet:
    if not path.is_dir():
        return FileSet(path.parent, (path,), single=True)
    check_folder(path, what="masks")
    return FileSet(path, tuple(image_files(path)))


def write_masks(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """Write a PNG for each image and reader, white inside the marks; count them."""
    folders = marks.folders(losses)
    n_files = 0
    for image, reader, drawn in marks.sheets():
        masks = (rasterise(mark.region, image.frame) for mark in drawn if mark.region is not None)
        n_shapes = sum(not isinstance(mark.region, MaskRegion) for mark in drawn)
        if n_shapes:
            losses[FILLED] += n_shapes
        if any(mark.label is not None for mark in drawn):
            losses["{n} labels are lost|1 label is lost"] += sum(mark.label is not None for mark in drawn)
        if len(drawn) > 1:
            losses["{n} marks are one mask with others of the same reader and image"] += len(drawn)
        write_mask(file_for(out, folders[reader] + image.path, ".png"), union(masks, image.frame))
        n_files += 1
    return n_files
