"""Masks of the lungs: one PNG per case with the image's name; what is not zero is inside."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from xaudit.cases.entry import without_suffix
from xaudit.cases.folder import check_folder, image_files
from xaudit.cases.header import UnreadableImageError
from xaudit.cases.image_file import read_bytes
from xaudit.cases.raster import raster_mask
from xaudit.errors import DataError
from xaudit.records import BoolArray


def find_masks(
    folder: Path, paths: Mapping[str, str], frames: Mapping[str, tuple[int, int]]
) -> Mapping[str, Path]:
    """The mask file of each case that has one.

    Args:
        folder: of the masks, with or without the images' sub-folders.
        paths: case id: path of the image below the images' folder.
        frames: case id: (height, width) of the image.

    Raises:
        DataError: no such folder, no mask for any case, one that could belong to several cases, one that
            cannot be read, or one of another size than its image.
    """
    check_folder(folder, what="masks")
    masks = {without_suffix(file.relative_to(folder).as_posix()): file for file in image_files(folder)}
    by_stem: dict[str, list[str]] = defaultdict(list)
    for case_id, path in paths.items():
        by_stem[without_suffix(path).rpartition("/")[2]].append(case_id)
    found: dict[str, Path] = {}
    for case_id, path in paths.items():
        name = without_suffix(path)
        stem = name.rpartition("/")[2]
        if name in masks:
            found[case_id] = masks[name]
        elif stem in masks:
            if len(by_stem[stem]) > 1:
                raise DataError(
                    f"{folder.name}/{masks[stem].name}: can be the mask of {' or '.join(by_stem[stem][:2])}",
                    hint="put the masks into the same sub-folders as the images",
                )
            found[case_id] = masks[stem]
    if not found:
        raise DataError(
            f"{folder.name}: none of its {len(masks)} masks has the name of an image",
            hint="a mask is called like its image: scan-1.png for scan-1.dcm",
        )
    for case_id, file in found.items():
        read_mask(file, frames[case_id])
    return found


def read_mask(file: Path, frame: tuple[int, int]) -> BoolArray:
    """The pixels inside, (H, W).

    Raises:
        DataError: where the file cannot be read, or has another size than ``frame``.
    """
    try:
        mask = raster_mask(read_bytes(file))
    except UnreadableImageError as error:
        raise DataError(f"{file.name}: the mask {error}", hint="save it again as PNG") from None
    if mask.shape != frame:
        raise DataError(
            f"{file.name}: a mask of {mask.shape[1]} × {mask.shape[0]} pixels for an image of "
            f"{frame[1]} × {frame[0]}",
            hint="make the mask on the image itself; sizes are not guessed",
        )
    return mask
