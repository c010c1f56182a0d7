"""The mask file, or slice of a NIfTI file, of each case."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from xaudit.cases.masks.nifti import MaskSlice, find_slices, holds_nifti, is_nifti, is_placed
from xaudit.cases.masks.nifti import mask_files as nifti_files
from xaudit.cases.masks.raster import find_masks
from xaudit.cases.names.image_index import ImageIndex
from xaudit.config import RegionSection
from xaudit.errors import DataError
from xaudit.records import Case


class FilesOfCases(NamedTuple):
    """The location of each case's mask, by case id, and the number of files that belong to no image of the data."""

    files: Mapping[str, Path] | Mapping[str, MaskSlice]
    n_extra: int


def mask_files(
    given: Path, section: RegionSection, cases: Sequence[Case], images: ImageIndex, location: str
) -> FilesOfCases:
    """Find the mask of each case in a folder of PNGs, or in NIfTI files.

    Args:
        location: name of the masks in errors, such as ``data.regions.lungs``.

    Raises:
        DataError: if there is no such file, no mask for any case, or one that cannot be read or does not fit.
    """
    if given.name.lower().endswith((".mha", ".nrrd")):
        raise DataError(
            f"{location}: {given.name}: volumes of this format are not read",
            hint="save it as NIfTI, or the mask of each slice as a PNG that is called like its image",
        )
    paths = {case.case_id: case.path for case in cases}
    frames = {case.case_id: (case.height, case.width) for case in cases}
    if is_nifti(given) or holds_nifti(given):
        planes = {
            name: plane for name, plane in images.planes.items() if name in paths and is_placed(paths[name])
        }
        slices = find_slices(given, paths, frames, section.nifti, planes)
        n_used = len({mask_slice.file for mask_slice in slices.values()})
        return FilesOfCases(slices, len(nifti_files(given)) - n_used)
    masks = find_masks(given, paths, frames, images)
    return FilesOfCases(masks, masks.n_extra)
