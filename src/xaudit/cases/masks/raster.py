"""Masks as one PNG per case with the image's name; pixels that are not zero are inside."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from xaudit.cases.images.entry import without_suffix
from xaudit.cases.images.folder import check_folder, image_files
from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.image_file import read_bytes
from xaudit.cases.images.raster import raster_numbers
from xaudit.cases.names.image_index import ImageIndex
from xaudit.cases.names.name_match import NameMatcher
from xaudit.errors import DataError
from xaudit.records import BoolArray, IntArray


class FoundMasks(dict[str, Path]):
    """The mask file of each case.

    Attributes:
        n_extra: files whose name is that of no image of the data.
    """

    n_extra: int = 0


def find_masks(
    folder: Path,
    paths: Mapping[str, str],
    frames: Mapping[str, tuple[int, int]],
    images: ImageIndex | None = None,
) -> FoundMasks:
    """Find the mask file of each case that has one, by name; see :mod:`xaudit.cases.names.name_match`.

    Args:
        folder: the folder of the masks, with or without the images' sub-folders.
        paths: case id: path of the image below the images' folder.
        frames: case id: (height, width) of the image.
        images: further facts about the images; None if only their paths are known.

    Raises:
        DataError: no such folder, no mask for any case, one that could belong to several cases, two of one case, one that
            cannot be read, or one of another size than its image.
    """
    check_folder(folder, what="masks")
    names = {file: without_suffix(file.relative_to(folder).as_posix()) for file in image_files(folder)}
    index = images or ImageIndex({path: case for case, path in paths.items()}, frames)
    matcher = NameMatcher(index, names.values())
    masks, n_extra = FoundMasks(), 0
    for file, name in names.items():
        cases = matcher.cases(name)
        shown = f"{folder.name}/{file.relative_to(folder).as_posix()}"
        if len(cases) > 1:
            raise DataError(
                f"{shown}: can be the mask of {' or '.join(cases[:2])}",
                hint="put the masks into the same sub-folders as the images",
            )
        if not cases:
            n_extra += 1
            continue
        if cases[0] in masks:
            other = masks[cases[0]].relative_to(folder).as_posix()
            raise DataError(
                f"{shown}: is the mask of {cases[0]}, and so is {other}",
                hint="keep one of the two, or put the masks into the same sub-folders as the images",
            )
        if cases[0] in frames:
            masks[cases[0]] = file
    if not masks:
        raise DataError(
            f"{folder.name}: none of its {len(names)} masks has the name of an image",
            hint="give each mask the name of its image: scan-1.png for scan-1.dcm",
        )
    for case_id, file in masks.items():
        read_mask(file, frames[case_id])
    masks.n_extra = n_extra
    return masks


def read_mask(file: Path, frame: tuple[int, int]) -> BoolArray:
    """Return the pixels inside the mask, (H, W); raise DataError if the file is unreadable or has another size."""
    return np.asarray(read_numbered_mask(file, frame) != 0)


def read_numbered_mask(file: Path, frame: tuple[int, int]) -> IntArray:
    """Return the number of each pixel, (H, W), 0 outside; errors as in :func:`read_mask`."""
    try:
        mask = raster_numbers(read_bytes(file))
    except UnreadableImageError as error:
        raise DataError(f"{file.name}: the mask {error}", hint="save it again as PNG") from None
    if mask.shape != frame:
        raise DataError(
            f"{file.name}: a mask of {mask.shape[1]} × {mask.shape[0]} pixels for an image of "
            f"{frame[1]} × {frame[0]}",
            hint="make the mask on the image itself; sizes are not guessed",
        )
    return mask
