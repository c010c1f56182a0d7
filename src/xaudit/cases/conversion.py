"""Conversion of readers' marks between formats, checked pixel by pixel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from xaudit.cases.images.entry import is_raster, without_suffix
from xaudit.cases.images.folder import check_folder, image_files
from xaudit.cases.images.opened_image import opened_images
from xaudit.cases.images.plane import Plane
from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.cases.marks.mark_list import ONLY_READER
from xaudit.cases.marks.readers import reader_masks
from xaudit.cases.marks.reading import AnnotationReading
from xaudit.cases.marks.writing import MarkedImage, write_annotations
from xaudit.cases.names.image_index import ImageIndex
from xaudit.cases.text.spelling import nfc
from xaudit.config import AnnotationSection
from xaudit.errors import DataError
from xaudit.records import Annotation, BoolArray, Problem


@dataclass(frozen=True, slots=True)
class Marked:
    """Images and the readers' marks on them, independent of any audit.

    Attributes:
        problems: images and annotations that could not be used.
        notes: sentences about files that were skipped.
    """

    images: tuple[MarkedImage, ...]
    annotations: tuple[Annotation, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversion:
    """The result of a conversion of marks.

    Attributes:
        n_files: number of files written.
        losses: what the format cannot hold, a sentence each.
        n_sheets: pairs of an image and a reader who looked at it.
        n_same: pairs whose pixels are exactly the same when the files are read back.
    """

    n_files: int
    losses: tuple[str, ...]
    n_sheets: int
    n_same: int


def marked_folder(folder: Path, section: AnnotationSection) -> Marked:
    """Load the images of a folder, sorted into classes or not, and the annotations that a section names.

    Raises:
        DataError: if no image can be read, or an annotation cannot be used.
    """
    check_folder(folder)
    paths: dict[str, str] = {}
    uids: dict[str, str] = {}
    digests: dict[str, str] = {}
    planes: dict[str, Plane] = {}
    images: list[MarkedImage] = []
    problems: list[Problem] = []
    complete = True
    for file in image_files(folder, ignored=[section.path]):
        for opened in opened_images(folder, file.relative_to(folder).as_posix(), "full", section.nifti):
            case_id = nfc(without_suffix(opened.path))
            paths[opened.path] = case_id
            digests[case_id] = opened.file_sha256
            if opened.header is None:
                problems.append(Problem(case_id, "load", opened.reason))
                complete = complete and (opened.uid is not None or is_raster(opened.path))
            else:
                size = opened.header.height, opened.header.width
                images.append(MarkedImage(case_id, opened.path, *size, opened.header.plane))
                if opened.header.plane is not None:
                    planes[case_id] = opened.header.plane
            if opened.uid is not None:
                uids.setdefault(opened.uid, case_id)
    if not images:
        raise DataError(
            f"{folder.name}: holds no image that can be read", hint="give the images' folder with --images"
        )
    frames = {image.case_id: image.frame for image in images}
    index = ImageIndex(paths, frames, uids, complete, planes, root=folder, digests=digests)
    reading: list[AnnotationReading] = []
    annotations, unused, notes = read_annotations(section, index, merge={}, reading=reading)
    passed_over = [
        sentence for opened in reading for sentence in (opened.extra_images, *opened.sentences) if sentence
    ]
    return Marked(tuple(images), annotations, (*problems, *unused), (*notes, *passed_over))


def convert(marked: Marked, format_id: str, out: Path) -> Conversion:
    """Write annotations in another format, read them back, and compare pixel by pixel.

    Args:
        marked: the images and their marks.
        format_id: one of :data:`xaudit.catalog.formats.WRITABLE`.
        out: the new file or folder, which must not exist.

    Raises:
        DataError: if there are no marks, or two readers would share a folder.
        OSError: if it cannot be written.
    """
    if not marked.annotations:
        raise DataError("the annotations belong to none of the images", hint="check --images")
    written = write_annotations(format_id, marked.images, marked.annotations, out)
    index = ImageIndex(
        {image.path: image.case_id for image in marked.images},
        {image.case_id: image.frame for image in marked.images},
        planes={image.case_id: image.plane for image in marked.images if image.plane is not None},
    )
    back = read_annotations(AnnotationSection(path=out, format=format_id), index, merge={}).annotations
    readers = {mark.reader_id for mark in marked.annotations}
    if len(readers) == 1 and {mark.reader_id for mark in back} <= {ONLY_READER}:  # no reader names
        back = tuple(replace(mark, reader_id=next(iter(readers))) for mark in back)
    before, after = _sheets(marked.images, marked.annotations), _sheets(marked.images, back)
    n_same = sum(key in after and np.array_equal(mask, after[key]) for key, mask in before.items())
    return Conversion(written.n_files, written.losses, len(before), n_same)


def _sheets(
    images: Sequence[MarkedImage], annotations: Sequence[Annotation]
) -> Mapping[tuple[str, str], BoolArray]:
    """Return each reader's mask on each image, (H, W) by case and reader."""
    drawn: dict[str, list[Annotation]] = {}
    for mark in annotations:
        drawn.setdefault(mark.case_id, []).append(mark)
    return {
        (image.case_id, reader): mask
        for image in images
        for reader, mask in reader_masks(drawn.get(image.case_id, ()), image.frame).items()
    }
