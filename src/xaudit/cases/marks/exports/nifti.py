"""Readers' marks written as NIfTI masks: a volume per file of images, in the images' own grid, a number per label."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from xaudit.cases.images.entry import file_and_frame, without_suffix
from xaudit.cases.images.nifti_file import nibabel_package
from xaudit.cases.images.plane import Plane
from xaudit.errors import DataError
from xaudit.geometry import rasterise
from xaudit.records import Annotation, FloatArray

_UNEVEN_MM = 0.01


class PlacedImage(Protocol):
    """An image that may say where it lies."""

    @property
    def case_id(self) -> str:
        """Of the case."""
        ...

    @property
    def path(self) -> str:
        """Below the images' folder."""
        ...

    @property
    def frame(self) -> tuple[int, int]:
        """Height and width."""
        ...

    @property
    def plane(self) -> Plane | None:
        """Where it lies in the patient."""
        ...


def write_volumes(
    images: Sequence[PlacedImage],
    sheets: Iterable[tuple[str, str, Sequence[Annotation]]],
    folders: Mapping[str, str],
    out: Path,
    losses: Counter[str],
) -> int:
    """Writes a volume for each reader and file of images; returns how many.

    Args:
        images: all of them, so that volumes are whole.
        sheets: case id, reader and what they drew.
        folders: each reader's, with a slash.
        out: the folder to write into.
        losses: takes what the format cannot hold.

    Raises:
        DataError: where an image does not say where it lies, or those of a file lie unevenly; or nibabel is not installed.
        OSError: where it cannot be written.
    """
    nibabel = nibabel_package()
    files: dict[str, dict[int, PlacedImage]] = defaultdict(dict)
    for image in images:
        file, number = file_and_frame(image.path)
        files[file][number or 1] = image
    place = {image.case_id: (file, number) for file, held in files.items() for number, image in held.items()}
    drawn: dict[tuple[str, str], dict[int, Sequence[Annotation]]] = defaultdict(dict)
    for case_id, reader, marks in sheets:
        file, number = place[case_id]
        drawn[file, reader][number] = marks
    numbers = _numbers([mark for held in drawn.values() for marks in held.values() for mark in marks], losses)
    grids = {file: _grid(files[file]) for file in dict.fromkeys(file for file, _ in drawn)}
    for (file, reader), held in drawn.items():
        volume = _volume(files[file], held, numbers, losses)
        target = out / f"{folders[reader]}{without_suffix(file)}.nii.gz"
        target.parent.mkdir(parents=True, exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(volume, grids[file]), target)
    return len(drawn)


def _numbers(marks: Sequence[Annotation], losses: Counter[str]) -> Mapping[str | None, int]:
    """The number of each label; labels that are numbers keep them."""
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
    images: Mapping[int, PlacedImage],
    drawn: Mapping[int, Sequence[Annotation]],
    numbers: Mapping[str | None, int],
    losses: Counter[str],
) -> FloatArray:
    """(W, H, number of slices) of labels' numbers."""
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


def _grid(images: Mapping[int, PlacedImage]) -> FloatArray:
    """From voxels to the patient, (4, 4) in NIfTI's coordinates."""
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


def _placed(image: PlacedImage) -> Plane:
    if image.plane is None:
        raise DataError(
            f"{image.path}: does not say where it lies in the patient, and a NIfTI mask must",
            hint="write COCO or masks",
        )
    return image.plane
