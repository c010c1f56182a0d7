"""NIfTI files of readers' marks: a slice or a volume of whole numbers, each number a label, zero outside.

Files belong to images by name, as masks of the anatomy do (:mod:`xaudit.cases.masks.nifti`). Where image and file both say where they lie
in the patient, the slice in the same place is taken, unless ``nifti.orientation`` is ``stored``. A
sub-folder before the image's own path names the reader: ``marks/dr-a/ct01.nii.gz``. A number is a mark's label, as text; ``rename``
gives it a name. A slice of zeros says that its reader found nothing there.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from xaudit.cases.annotation_file import check_bytes
from xaudit.cases.images.entry import file_and_frame, without_suffix
from xaudit.cases.images.nifti_file import nibabel_package
from xaudit.cases.images.plane import Plane
from xaudit.cases.marks.file_set import FileSet
from xaudit.cases.marks.mark_list import NO_READERS, ONLY_READER, MarkList
from xaudit.cases.marks.writing import MarkedImage, MarksToWrite, file_for
from xaudit.cases.masks.nifti import MaskSlice, bare, in_place, mask_files, mask_names, read_numbers
from xaudit.cases.text.spelling import nfc
from xaudit.config import NiftiSection
from xaudit.errors import DataError
from xaudit.geometry import mask_region, rasterise
from xaudit.records import Annotation, FloatArray

_MOST_LABELS = 256
_UNEVEN_MM = 0.01

_Owners = dict[str, dict[str, int | None]]


def collect_nifti(path: Path | FileSet, marks: MarkList, *, nifti: NiftiSection) -> None:
    """Read the NIfTI files of a folder, or a single one, into a list of marks.

    Raises:
        DataError: with the file and what is wrong: unreadable, of another size than its image, of no image, of fractions, or
            the same reader's second mask of an image.
    """
    owners = _owners(marks, nifti)
    seen: dict[tuple[str, str], str] = {}
    files = _files(path)
    marks.expect_files(files)
    if not files:
        raise DataError(f"{path.name}: holds no NIfTI file", hint="a mask is called like its image")
    for name, file in files.items():
        with marks.item():
            marks.reading(name + file.name[len(bare(file.name)) :])
            check_bytes(file, name)
            reader, cases = _belongs(name, owners, marks)
            for case_id, index in cases.items():
                if (case_id, reader) in seen:
                    raise DataError(
                        f"{file.name}: {reader} has a mask of {case_id} in {seen[case_id, reader]} too",
                        hint="put each reader's masks into a sub-folder that is called like the reader",
                    )
                seen[case_id, reader] = file.name
                with marks.item():
                    _collect(MaskSlice(file, index), case_id, reader, (marks, nifti))


def _files(path: Path | FileSet) -> Mapping[str, Path]:
    """Return the files by their paths below the folder without suffix."""
    if isinstance(path, FileSet):
        named: dict[str, Path] = {}
        for file in path.files:
            name = bare(path.relative(file))
            if name in named:
                raise DataError(
                    f"{path.relative(file)}: {named[name].name} lies beside it, so which is the mask is not clear",
                    hint="keep one of the two",
                )
            named[name] = file
        return named
    return mask_files(path, "annotations")


def _owners(marks: MarkList, section: NiftiSection) -> _Owners:
    """Return, by the name that a file can have, the cases that it can hold masks of and their slices."""
    owners: _Owners = defaultdict(dict)
    for path, case_id in marks.images.paths.items():
        if case_id in marks.images.frames:
            for called, index in mask_names(nfc(without_suffix(path)), section):
                owners[called].setdefault(case_id, index)
    return owners


def _belongs(name: str, owners: _Owners, marks: MarkList) -> tuple[str, dict[str, int | None]]:
    """Return the reader of a file, and its slices by case."""
    parts = name.split("/")
    for start in range(len(parts)):
        cases = owners.get("/".join(parts[start:]))
        if cases is None:
            continue
        slices: dict[int | None, str] = {}
        for case_id, index in cases.items():
            if index in slices:
                raise DataError(
                    f"{parts[-1]}: can be the mask of {slices[index]} or {case_id}",
                    hint="put the masks into the same sub-folders as the images",
                )
            slices[index] = case_id
        first, facts = next(iter(cases)), marks.images.folder_facts
        if any(facts.contradicts(part, first) for part in parts[:start]):
            break
        reader = "/".join(
            part
            for part in parts[:start]
            if part.lower() not in NO_READERS and not facts.names_image(part, first)
        )
        return reader or ONLY_READER, cases
    known = marks.case(name, name)
    return ONLY_READER, {} if known is None else {known: None}


def _collect(mask: MaskSlice, case_id: str, reader: str, into: tuple[MarkList, NiftiSection]) -> None:
    marks, section = into
    plane = marks.images.planes.get(case_id)
    if plane is not None and section.orientation == "patient":
        mask = in_place(mask, plane)
    numbers = read_numbers(mask, marks.images.frames[case_id], section)
    labels = _labels(mask.file.name, numbers)
    for label in labels:
        marks.add(case_id, reader, mask_region(np.asarray(numbers == label)), str(label))
    if not labels:
        marks.nothing(mask.file.name, case_id, reader)


def _labels(shown: str, numbers: FloatArray) -> list[int]:
    """Return the numbers of a slice that are not zero."""
    found = np.unique(numbers)
    if found.min() < 0 or not np.array_equal(found, np.rint(found)):
        raise DataError(
            f"{shown}: holds numbers from {found.min():g} to {found.max():g} and not whole ones from 0 on",
            hint="give the mask and not the image; of probabilities, those above a threshold",
        )
    if len(found) > _MOST_LABELS:
        raise DataError(
            f"{shown}: holds {len(found)} different numbers on one slice", hint="give the mask, not the image"
        )
    return [int(number) for number in found if number != 0]


def write_nifti(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """Write a volume for each reader and file of images, in the images' grid, a number per label; return how many.

    Raises:
        DataError: where an image does not say where it lies, or those of a file lie unevenly; or nibabel is not installed.
        OSError: where it cannot be written.
    """
    folders = marks.folders(losses)
    nibabel = nibabel_package()
    files: dict[str, dict[int, MarkedImage]] = defaultdict(dict)
    for image in marks.images:
        file, number = file_and_frame(image.path)
        files[file][number or 1] = image
    place = {image.case_id: (file, number) for file, held in files.items() for number, image in held.items()}
    drawn: dict[tuple[str, str], dict[int, Sequence[Annotation]]] = defaultdict(dict)
    for image, reader, sheet in marks.sheets():
        file, number = place[image.case_id]
        drawn[file, reader][number] = sheet
    numbers = _numbers([mark for held in drawn.values() for sheet in held.values() for mark in sheet], losses)
    grids = {file: _grid(files[file]) for file in dict.fromkeys(file for file, _ in drawn)}
    for (file, reader), held in drawn.items():
        volume = _volume(files[file], held, numbers, losses)
        target = file_for(out, folders[reader] + file, ".nii.gz")
        nibabel.save(nibabel.Nifti1Image(volume, grids[file]), target)
    return len(drawn)


def _numbers(marks: Sequence[Annotation], losses: Counter[str]) -> Mapping[str | None, int]:
    """Number the labels; labels that are numbers keep them."""
    labels = sorted({mark.label for mark in marks if mark.label is not None})
    if labels and all(label.isascii() and label.isdigit() and 0 < int(label) < 2**16 for label in labels):
        numbers: dict[str | None, int] = {label: int(label) for label in labels}
    else:
        numbers = {label: number for number, label in enumerate(labels, start=1)}
        for label, number in numbers.items():
            losses[f"the label '{label}' is the number {number}; rename gives it back"] += 1
    if any(mark.label is None for mark in marks):
        numbers[None] = max(numbers.values(), default=0) + 1
    return numbers


def _volume(
    images: Mapping[int, MarkedImage],
    drawn: Mapping[int, Sequence[Annotation]],
    numbers: Mapping[str | None, int],
    losses: Counter[str],
) -> FloatArray:
    """Draw the labels' numbers, (W, H, number of slices)."""
    height, width = next(iter(images.values())).frame
    kind = np.uint8 if max(numbers.values(), default=0) < 2**8 else np.uint16
    volume = np.zeros((width, height, max(images)), dtype=kind)
    for number, marks in drawn.items():
        for mark in marks:
            if mark.region is None:
                continue
            inside = rasterise(mark.region, (height, width)).T
            there = volume[:, :, number - 1]
            if ((there != 0) & (there != numbers[mark.label]) & inside).any():
                losses[
                    "{n} marks took pixels from another label under them|1 mark took pixels from another label under it"
                ] += 1
            there[inside] = numbers[mark.label]
    unseen = len(images) - len(drawn)
    if unseen:
        losses[
            "{n} slices that a reader did not look at are zeros, which say that nothing was found"
            "|1 slice that a reader did not look at is zeros, which say that nothing was found"
        ] += unseen
    return volume


def _grid(images: Mapping[int, MarkedImage]) -> FloatArray:
    """Return the matrix from voxels to the patient, (4, 4), in NIfTI's coordinates."""
    planes = {number: _placed(image) for number, image in sorted(images.items())}
    (first, plane), (last, furthest) = next(iter(planes.items())), list(planes.items())[-1]
    origin = np.asarray(plane.origin)
    step = np.cross(plane.along_row, plane.along_column)
    if last > first:
        step = (np.asarray(furthest.origin) - origin) / (last - first)
    name = file_and_frame(images[first].path)[0]
    for number, other in planes.items():
        away = np.abs(np.asarray(other.origin) - origin - (number - first) * step).max()
        turned = not np.allclose(other.orientation, plane.orientation, atol=1e-4)
        if away > _UNEVEN_MM or turned or images[number].frame != images[first].frame:
            raise DataError(
                f"{name}: its images are no stack of even slices, so no NIfTI volume holds marks on them",
                hint="write COCO or masks",
            )
    if not np.abs(np.dot(step, np.cross(plane.along_row, plane.along_column))) > _UNEVEN_MM:
        raise DataError(f"{name}: its images all lie in one place", hint="write COCO or masks")
    grid = np.eye(4)
    grid[:3, 0] = np.asarray(plane.along_row) * plane.spacing_mm[1]
    grid[:3, 1] = np.asarray(plane.along_column) * plane.spacing_mm[0]
    grid[:3, 2] = step
    grid[:3, 3] = origin - (first - 1) * step
    return np.asarray(np.diag([-1.0, -1.0, 1.0, 1.0]) @ grid)


def _placed(image: MarkedImage) -> Plane:
    if image.plane is None:
        raise DataError(
            f"{image.path}: does not say where it lies in the patient, and a NIfTI mask must",
            hint="write COCO or masks",
        )
    return image.plane
