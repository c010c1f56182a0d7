"""Masks in NIfTI files: one per image, or the slices of a volume, oriented as the image.

Names alone decide which file and slice belong to an image:

- ``scan-1.nii.gz`` is the mask of ``scan-1.png``, and holds one slice;
- slice 12 of ``ct01.nii.gz`` is the mask of ``ct01-012.png``, ``ct01_12.png`` and ``ct01/12.png``: the number that ends the
  image's name, of the volume that the rest of the name, or else the folder, is called like.

- ``ct01.nii.gz`` is the mask of every image of ``ct01.dcm``, ``ct01.tif`` or ``ct01.nii.gz``: slice 12, counted from 1, is that of
  ``ct01.dcm#12``. Where image and mask both say where they lie in the patient, the slice in the same place is
  taken instead, whatever the order of the slices.

Slices lie along the file's third axis unless the audit file names another. Voxels that are not zero are inside.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from xaudit.cases.annotation_file import files_below
from xaudit.cases.images.entry import file_and_frame, without_suffix
from xaudit.cases.images.folder import check_folder
from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.image_file import read_bytes
from xaudit.cases.images.nifti_file import AGAIN, Cut, Volume, open_nifti
from xaudit.cases.images.plane import Plane
from xaudit.cases.text.spelling import nfc
from xaudit.config import NiftiSection
from xaudit.counts import counted
from xaudit.errors import DataError, did_you_mean
from xaudit.records import BoolArray, FloatArray

SUFFIXES = (".nii.gz", ".nii")

_MOST_SLACK = 0.05
_ROUNDING = 1e-6  # of a number whose factor is stored with 24 bits
_NUMBERED = re.compile(r"(?P<name>.*?)[-_. ]*(?P<number>\d+)")


@dataclass(frozen=True, slots=True)
class MaskSlice:
    """A mask within a file; without an index the file must hold a single slice.

    Attributes:
        cut: its orientation, if that is known from the image; None to use the audit file's.
    """

    file: Path
    index: int | None = None
    cut: Cut | None = None


def is_nifti(path: Path) -> bool:
    """Return True if a file has the suffix of NIfTI."""
    return path.name.lower().endswith(SUFFIXES)


def holds_nifti(folder: Path) -> bool:
    """Return True if a folder, or one below it, holds a file with the suffix of NIfTI."""
    return folder.is_dir() and bool(files_below(folder, SUFFIXES))


def find_slices(
    masks_path: Path,
    paths: Mapping[str, str],
    frames: Mapping[str, tuple[int, int]],
    section: NiftiSection,
    planes: Mapping[str, Plane] | None = None,
) -> Mapping[str, MaskSlice]:
    """Find the mask of each case that has one.

    Args:
        masks_path: one file, or a folder of files with or without the images' sub-folders.
        paths: case id: path of the image below the images' folder.
        frames: case id: (height, width) of the image.
        section: numbering and orientation of slices.
        planes: case id: position of an image whose mask is found by position, see :func:`is_placed`.

    Raises:
        DataError: no such file, no mask for any case, one that could belong to several cases, one that cannot be read
            or does not fit its image, or nibabel is not installed.
    """
    files = _files(masks_path)
    slices: dict[str, MaskSlice] = {}
    for case_id, path in paths.items():
        mask = _of_image(nfc(without_suffix(path)), files, section)
        if mask is not None:
            known = planes if planes is not None and section.orientation == "patient" else {}
            plane = known.get(case_id)
            slices[case_id] = mask if plane is None else in_place(mask, plane)
    if not slices:
        raise DataError(
            f"{masks_path.name}: none of its {len(files)} NIfTI files has the name of an image, or of its volume",
            hint="scan-1.nii.gz is the mask of scan-1.png; slice 12 of ct01.nii.gz that of ct01-012.png or ct01/012.png",
        )
    owners: dict[MaskSlice, list[str]] = defaultdict(list)
    for case_id, mask in slices.items():
        owners[mask].append(case_id)
    for mask, cases in owners.items():
        if len(cases) > 1:
            raise DataError(
                f"{mask.file.name}: {_spelled(mask)} can be the mask of {' or '.join(cases[:2])}",
                hint="put the masks into the same sub-folders as the images",
            )
    for case_id, mask in slices.items():
        read_slice(mask, frames[case_id], section)
    return slices


def read_slice(mask: MaskSlice, frame: tuple[int, int], section: NiftiSection) -> BoolArray:
    """Return the pixels inside the mask, (H, W), oriented as the image; see :meth:`xaudit.cases.images.nifti_file.Volume.cut`.

    Raises:
        DataError: if the file cannot be read, has no such slice, does not give its orientation, or has another size
            than ``frame``.
    """
    return np.asarray(read_numbers(mask, frame, section) != 0)


def read_numbers(mask: MaskSlice, frame: tuple[int, int], section: NiftiSection) -> FloatArray:
    """Return the numbers of a mask, (H, W), oriented as the image; errors as in :func:`read_slice`."""
    volume, cut = (_opened(mask.file), mask.cut) if mask.cut is not None else _cut(mask.file, section)
    n_slices = volume.shape[cut.axis]
    if mask.index is None and n_slices > 1:
        raise DataError(
            f"{mask.file.name}: holds {counted(n_slices, 'slice')}, but has the name of one image",
            hint="name the volume like its images without their numbers: ct01.nii.gz for ct01-012.png",
        )
    index = 0 if mask.index is None else mask.index
    if not 0 <= index < n_slices:
        first = section.first_slice
        raise DataError(
            f"{mask.file.name}: has no {_spelled(mask, first)}; its {counted(n_slices, 'slice is', 'slices are')} counted from {first}",
            hint="number the images like the slices, or set regions.nifti.first_slice",
        )
    try:
        numbers = volume.slice(cut, index)
    except UnreadableImageError as error:
        raise _unreadable(mask.file, error) from None
    if not np.isfinite(numbers).all():
        raise DataError(
            f"{mask.file.name}: the mask holds values that are not numbers",
            hint="write 0 for what is outside",
        )
    if numbers.shape != frame:
        raise DataError(
            f"{mask.file.name}: a mask of {numbers.shape[1]} × {numbers.shape[0]} pixels for an image of "
            f"{frame[1]} × {frame[0]}",
            hint="make the mask on the image itself; sizes are not guessed",
        )
    return _whole_where_meant(numbers, volume.step)


def _whole_where_meant(numbers: FloatArray, step: float) -> FloatArray:
    """Round numbers that a file stores as multiples of a step, if all are whole within that step's precision.

    Three times a slope of a third is 1.00000003, and a background restored by an intercept is 5e-17.
    """
    if not step:
        return numbers
    whole = np.rint(numbers)
    slack = min(step / 2, _MOST_SLACK) + _ROUNDING * np.abs(numbers)
    if bool((np.abs(numbers - whole) <= slack).all()):
        return whole
    return np.where(np.abs(numbers) < step / 1000, 0, numbers)


def in_place(mask: MaskSlice, plane: Plane) -> MaskSlice:
    """Return the slice of a mask's file at the image's position; the one with its number if the file gives no position.

    Raises:
        DataError: if no slice lies there.
    """
    volume = _opened(mask.file)
    if volume.axes is None:
        return mask
    placed = volume.placed(plane)
    if placed is None:
        raise DataError(
            f"{mask.file.name}: none of its slices lies where the image lies",
            hint="make the mask on the image itself, in its own grid; nifti.orientation: stored goes by numbers alone",
        )
    return MaskSlice(mask.file, placed[1], placed[0])


def mask_files(masks_path: Path, what: str = "masks") -> Mapping[str, Path]:
    """Return the NIfTI files of a folder by their paths below it without suffix; a single file by its name.

    Raises:
        DataError: if there is no such file or folder.
    """
    if is_nifti(masks_path):
        if not masks_path.is_file():
            beside = [near.name for near in masks_path.parent.iterdir()] if masks_path.parent.is_dir() else []
            hint = did_you_mean(
                masks_path.name, beside, otherwise="paths in the audit file start from its folder"
            )
            raise DataError(f"{masks_path}: no such file of {what}", hint=hint)
        return {nfc(bare(masks_path.name)): masks_path}
    check_folder(masks_path, what=what)
    return {
        nfc(bare(path.relative_to(masks_path).as_posix())): path for path in files_below(masks_path, SUFFIXES)
    }


def _files(path: Path) -> Mapping[str, Path]:
    """Return the files by their path below the folder without suffix; a single file by its name."""
    files = mask_files(path)
    if is_nifti(path):
        return files
    rasters = files_below(path, (".png",))
    if rasters:
        raise DataError(
            f"{path.name}: holds NIfTI files and PNGs ({rasters[0].name}), and the masks of a structure have one format",
            hint="keep the masks of a structure in one format",
        )
    return files


def bare(name: str) -> str:
    """Return a file's name without the suffix of NIfTI."""
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def _of_image(name: str, files: Mapping[str, Path], section: NiftiSection) -> MaskSlice | None:
    """Return the mask of one image, by its path without suffix; a file in the same sub-folder comes first."""
    for called, index in mask_names(name, section):
        if called in files:
            return MaskSlice(files[called], index)
    return None


def mask_names(name: str, section: NiftiSection) -> Iterator[tuple[str, int | None]]:
    """Yield the possible names of an image's mask, the likeliest first, each with the index of its slice.

    Args:
        name: the image's path without suffix.
        section: numbering of slices.

    Example:
        >>> list(mask_names("a/ct01-012", NiftiSection()))[2:]
        [('a/ct01', 12), ('ct01', 12)]
        >>> list(mask_names("a/ct01#12", NiftiSection()))
        [('a/ct01#12', None), ('ct01#12', None), ('a/ct01', 11), ('ct01', 11)]
    """
    folder, _, stem = name.rpartition("/")
    yield from ((called, None) for called in dict.fromkeys((name, stem)))
    volume_name, frame = file_and_frame(name)
    numbered = _NUMBERED.fullmatch(stem)
    if frame is not None:
        index, names = frame - 1, (volume_name, volume_name.rpartition("/")[2])
    elif numbered is not None:
        index, volume = int(numbered["number"]) - section.first_slice, numbered["name"]
        names = (f"{folder}/{volume}", volume) if volume else (folder, folder.rpartition("/")[2])
    else:
        return
    yield from ((called, index) for called in dict.fromkeys(names) if called)


def is_placed(path: str) -> bool:
    """Return True if an image's mask is found by its position in the patient: NIfTI, or one image of several in a file."""
    file, frame = file_and_frame(path)
    return frame is not None or file.lower().endswith(SUFFIXES)


def _spelled(mask: MaskSlice, first: int = 0) -> str:
    return "its mask" if mask.index is None else f"slice {mask.index + first}"


def _opened(file: Path) -> Volume:
    try:
        stamp = file.stat()
    except OSError as error:
        raise DataError(
            f"{file.name}: the mask cannot be opened: {error.strerror or 'the system refuses it'}",
            hint="restore the file, or load the data again",
        ) from None
    return _volume(file, stamp.st_size, stamp.st_mtime_ns)


def _cut(file: Path, section: NiftiSection) -> tuple[Volume, Cut]:
    volume = _opened(file)
    try:
        return volume, volume.cut(section.axis, section.orientation)
    except UnreadableImageError:
        raise DataError(
            f"{file.name}: does not say how it lies in the patient",
            hint="set regions.nifti.orientation: stored if its first axis runs along the image's columns",
        ) from None


@lru_cache(maxsize=2)
def _volume(file: Path, size: int, changed: int) -> Volume:  # noqa: ARG001  (they tell a file that was changed)
    """Open a volume and keep it for its next slice: a packed file can only be read from its start."""
    try:
        return open_nifti(read_bytes(file))
    except UnreadableImageError as error:
        raise _unreadable(file, error) from None


def _unreadable(file: Path, error: UnreadableImageError) -> DataError:
    return DataError(f"{file.name}: the mask {error}", hint=error.hint or AGAIN)
