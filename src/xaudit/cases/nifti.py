"""Masks in NIfTI files: one per image, or the slices of a volume, turned as the image lies.

Which file and slice belong to an image is told by names alone:

- ``scan-1.nii.gz`` is the mask of ``scan-1.png``, and holds one slice;
- slice 12 of ``ct01.nii.gz`` is the mask of ``ct01-012.png``, ``ct01_12.png`` and ``ct01/12.png``: the number that ends the
  image's name, of the volume that the rest of the name, or else the folder, is called like.

Slices lie along the file's third axis. What is not zero is inside, whatever the number says.
"""

import logging
import re
import warnings
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from xaudit.cases.entry import without_suffix
from xaudit.cases.folder import check_folder
from xaudit.config import NiftiSection
from xaudit.errors import DataError, did_you_mean
from xaudit.records import BoolArray

SUFFIXES = (".nii.gz", ".nii")

_NUMBERED = re.compile(r"(?P<name>.*?)[-_. ]*(?P<number>\d+)")
_BROKEN = (
    *(
        OSError,
        EOFError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        OverflowError,
        MemoryError,
        RuntimeError,
    ),
    *(zlib.error, np.linalg.LinAlgError),
)
_MOST_BYTES = 768 * 2**20
"""Of a volume's numbers and what is inside together: 1000 slices of 512 × 512 as 16-bit numbers."""

_TO_IMAGE = {"R": "L", "L": "L", "A": "P", "P": "P", "S": "I", "I": "I"}
"""Towards which side of the patient an axis runs once it is turned: left, back or feet."""

_AGAIN = "save it again as NIfTI, one volume of numbers"


@dataclass(frozen=True, slots=True)
class MaskSlice:
    """One mask within a file; without an index the file must hold a single slice."""

    file: Path
    index: int | None = None


@dataclass(frozen=True, eq=False)
class _Volume:
    """What is inside, (X, Y, Z) as stored, and towards which side of the patient each axis runs.

    Attributes:
        axes: such as ``("L", "P", "S")``; None where the file does not say.
    """

    inside: BoolArray
    axes: tuple[str, ...] | None


def is_nifti(path: Path) -> bool:
    """Whether a file is called like a NIfTI file."""
    return path.name.lower().endswith(SUFFIXES)


def holds_nifti(folder: Path) -> bool:
    """Whether a folder, or one below it, holds a file that is called like a NIfTI file."""
    return folder.is_dir() and any(is_nifti(path) for path in folder.rglob("*"))


def find_slices(
    place: Path, paths: Mapping[str, str], frames: Mapping[str, tuple[int, int]], section: NiftiSection
) -> Mapping[str, MaskSlice]:
    """The mask of each case that has one.

    Args:
        place: one file, or a folder of files with or without the images' sub-folders.
        paths: case id: path of the image below the images' folder.
        frames: case id: (height, width) of the image.

    Raises:
        DataError: no such file, no mask for any case, one that could belong to several cases, one that cannot be read
            or does not fit its image, or nibabel is not installed.
    """
    files = _files(place)
    found: dict[str, MaskSlice] = {}
    for case_id, path in paths.items():
        mask = _of_image(without_suffix(path), files, section)
        if mask is not None:
            found[case_id] = mask
    if not found:
        raise DataError(
            f"{place.name}: none of its {len(files)} NIfTI files has the name of an image, or of its volume",
            hint="scan-1.nii.gz is the mask of scan-1.png; slice 12 of ct01.nii.gz that of ct01-012.png or ct01/012.png",
        )
    owners: dict[MaskSlice, list[str]] = defaultdict(list)
    for case_id, mask in found.items():
        owners[mask].append(case_id)
    for mask, cases in owners.items():
        if len(cases) > 1:
            raise DataError(
                f"{mask.file.name}: {_spelled(mask)} can be the mask of {' or '.join(cases[:2])}",
                hint="put the masks into the same sub-folders as the images",
            )
    for case_id, mask in found.items():
        read_slice(mask, frames[case_id], section)
    return found


def read_slice(mask: MaskSlice, frame: tuple[int, int], section: NiftiSection) -> BoolArray:
    """The pixels inside, (H, W), as the image lies.

    With the orientation ``patient`` the image's columns run to the patient's left and its rows to the back, or to the
    feet where the slice is not axial: the nearest of the file's axes are taken, so an oblique slice is not resampled.
    With ``stored`` the file's first axis runs along the columns and its second along the rows.

    Raises:
        DataError: where the file cannot be read, has no such slice, does not say how it lies, or has another size
            than ``frame``.
    """
    volume = _volume(mask.file)
    n_slices = volume.inside.shape[2]
    if mask.index is None and n_slices > 1:
        raise DataError(
            f"{mask.file.name}: holds {n_slices} slices, and is called like one image",
            hint="call the volume like its images without their numbers: ct01.nii.gz for ct01-012.png",
        )
    index = 0 if mask.index is None else mask.index
    if not 0 <= index < n_slices:
        first = section.first_slice
        raise DataError(
            f"{mask.file.name}: has no {_spelled(mask, first)}; its {n_slices} slices are counted from {first}",
            hint="number the images as the slices, or set regions.nifti.first_slice",
        )
    plane = volume.inside[:, :, index]
    if section.orientation == "stored":
        shown = plane.T
    elif volume.axes is None:
        raise DataError(
            f"{mask.file.name}: does not say how it lies in the patient",
            hint="set regions.nifti.orientation: stored if its first axis runs along the image's columns",
        )
    else:
        shown = _as_image(plane, volume.axes)
    if shown.shape != frame:
        raise DataError(
            f"{mask.file.name}: a mask of {shown.shape[1]} × {shown.shape[0]} pixels for an image of "
            f"{frame[1]} × {frame[0]}",
            hint="make the mask on the image itself; sizes are not guessed",
        )
    return np.ascontiguousarray(shown)


def _files(place: Path) -> Mapping[str, Path]:
    """The files by their path below the folder without suffix; a single file by its name."""
    if is_nifti(place):
        if not place.is_file():
            beside = [near.name for near in place.parent.iterdir()] if place.parent.is_dir() else []
            hint = did_you_mean(place.name, beside, otherwise="paths in the audit file start from its folder")
            raise DataError(f"{place}: no such file of masks", hint=hint)
        return {_bare(place.name): place}
    check_folder(place, what="masks")
    found = {
        _bare(path.relative_to(place).as_posix()): path
        for path in sorted(place.rglob("*"))
        if is_nifti(path) and path.is_file()
    }
    rasters = [path for path in sorted(place.rglob("*.png")) if path.is_file()]
    if rasters:
        raise DataError(
            f"{place.name}: holds NIfTI files and PNGs ({rasters[0].name}), so which are the masks is not clear",
            hint="keep the masks of a structure in one format",
        )
    return found


def _bare(name: str) -> str:
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def _of_image(name: str, files: Mapping[str, Path], section: NiftiSection) -> MaskSlice | None:
    """The mask of one image, by its path without suffix; a file in the same sub-folder comes first."""
    folder, _, stem = name.rpartition("/")
    for called in (name, stem):
        if called in files:
            return MaskSlice(files[called])
    numbered = _NUMBERED.fullmatch(stem)
    if numbered is None:
        return None
    index = int(numbered["number"]) - section.first_slice
    volume = numbered["name"]
    names = (f"{folder}/{volume}", volume) if volume else (folder, folder.rpartition("/")[2])
    for called in names:
        if called and called in files:
            return MaskSlice(files[called], index)
    return None


def _spelled(mask: MaskSlice, first: int = 0) -> str:
    return "its mask" if mask.index is None else f"slice {mask.index + first}"


def _volume(file: Path) -> _Volume:
    try:
        stamp = file.stat()
    except OSError as error:
        raise DataError(
            f"{file.name}: the mask cannot be opened: {error.strerror or 'the system refuses it'}",
            hint="restore the file, or load the data again",
        ) from None
    return _read(file, stamp.st_size, stamp.st_mtime_ns)


@lru_cache(maxsize=2)
def _read(file: Path, size: int, changed: int) -> _Volume:  # noqa: ARG001  (they tell a file that was changed)
    """One volume, kept for the next slice of it: a packed file can only be read from its start."""
    nibabel = _nibabel()
    broken = (*_BROKEN, nibabel.filebasedimages.ImageFileError, nibabel.spatialimages.HeaderDataError)
    try:
        with _quiet():
            image = nibabel.load(file)
        if not isinstance(image, nibabel.Nifti1Image):
            raise DataError(f"{file.name}: the mask is no NIfTI file, whatever its name says", hint=_AGAIN)
        shape = _three_dimensional(file, image.shape)
        _check_bytes(file, shape, image)
        with _quiet():
            values = np.asarray(image.dataobj)
            axes = _axes(nibabel, image)
    except broken:
        raise DataError(
            f"{file.name}: the mask is truncated or damaged and cannot be read", hint=_AGAIN
        ) from None
    if values.dtype.kind not in "buif":
        raise DataError(f"{file.name}: the mask holds no plain numbers", hint=_AGAIN)
    if not np.isfinite(values).all():
        raise DataError(
            f"{file.name}: the mask holds values that are not numbers", hint="write 0 for what is outside"
        )
    inside: BoolArray = np.asarray(values != 0).reshape(shape)
    inside.flags.writeable = False
    return _Volume(inside, axes)


@contextmanager
def _quiet() -> Iterator[None]:
    """Holds back nibabel's log lines and NumPy's warnings about odd headers; what cannot be read is refused by name."""
    log = logging.getLogger("nibabel.global")
    before, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        log.disabled = before


def _check_bytes(file: Path, shape: tuple[int, int, int], image: Any) -> None:  # noqa: ANN401
    """Raises DataError where a header declares more than a volume of masks can be expected to hold."""
    slope, intercept = image.dataobj.slope, image.dataobj.inter
    per_number = image.get_data_dtype().itemsize if (slope, intercept) == (1, 0) else 8
    n_bytes = shape[0] * shape[1] * shape[2] * (per_number + 1)
    if n_bytes > _MOST_BYTES:
        raise DataError(
            f"{file.name}: declares {' × '.join(map(str, shape))} numbers, which take {n_bytes / 2**20:.0f} MB, and "
            f"masks of more than {_MOST_BYTES // 2**20} MB are not read",
            hint="save the mask as 8-bit numbers, or divide the volume",
        )


def _three_dimensional(file: Path, shape: Sequence[int]) -> tuple[int, int, int]:
    """The shape with a third axis; further axes of length 1 do not count."""
    kept = [int(side) for side in shape]
    while len(kept) > 3 and kept[-1] == 1:
        kept.pop()
    if len(kept) == 2:
        kept.append(1)
    if len(kept) != 3 or 0 in kept:
        raise DataError(
            f"{file.name}: the mask has {len(kept)} dimensions ({' × '.join(map(str, kept))}), and two or three are read",
            hint="save one volume, or one slice, per file",
        )
    return kept[0], kept[1], kept[2]


def _axes(nibabel: ModuleType, image: Any) -> tuple[str, ...] | None:  # noqa: ANN401  (nibabel is imported late)
    """Towards which side each stored axis runs, None where neither of the file's two transforms is set."""
    if int(image.header["qform_code"]) == 0 and int(image.header["sform_code"]) == 0:
        return None
    codes = nibabel.orientations.aff2axcodes(image.affine)
    return None if None in codes else tuple(str(code) for code in codes)


def _as_image(plane: BoolArray, axes: Sequence[str]) -> BoolArray:
    """A slice, (X, Y) as stored, with columns to the left (or back) and rows to the back (or feet)."""
    towards = [_TO_IMAGE[axes[0]], _TO_IMAGE[axes[1]]]
    turned = plane[:: 1 if towards[0] == axes[0] else -1, :: 1 if towards[1] == axes[1] else -1]
    columns_first = "LPI".index(towards[0]) < "LPI".index(towards[1])
    return turned.T if columns_first else turned


def _nibabel() -> ModuleType:
    try:
        import nibabel
    except ImportError:
        raise DataError(
            "NIfTI masks need the package nibabel, which is not installed", hint="pip install 'xaudit[nifti]'"
        ) from None
    return nibabel
