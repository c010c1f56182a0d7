"""Which file of a folder is the map of which image, told by names alone.

- ``test/a.npy`` and ``test/a.png.npy`` are maps of ``test/a.png``, and so is ``a.npy`` where no other image is called so;
- a case id, with its folders, does as well;
- ``patient1_study1_view1_frontal_Edema_map.pkl`` is CheXlocalize's: the map of ``patient1/study1/view1_frontal.jpg`` for the
  class ``Edema``.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from xaudit.cases.image_index import ImageIndex
from xaudit.errors import DataError, ModelError, did_you_mean
from xaudit.explainers.external.reading import SUFFIXES, suffix_of

_CHEXLOCALIZE = re.compile(r"(?P<image>patient\d+_study\d+_view\d+_[A-Za-z]+)_(?P<task>.+)_map")
_FOLDERS = re.compile(r"(patient\d+)_(study\d+)_(view.+)")

EVERY_CLASS = ""
"""Stands for the class where a file does not say which one its map explains."""

MapsOfCase = Mapping[str, Path]
"""The maps of one image by the class that they explain, in the spelling of :func:`spelled`."""


def spelled(class_name: str) -> str:
    """A class as it is compared with the class in a file's name.

    Example:
        >>> spelled("Airspace Opacity") == spelled("airspace_opacity")
        True
    """
    return re.sub(r"[\s_-]+", " ", class_name).strip().lower()


def find_maps(folder: Path, images: ImageIndex, *, subject: str) -> Mapping[str, MapsOfCase]:
    """The maps in a folder, by case id; a case without any is left out.

    Args:
        subject: what to call the folder in errors, such as ``models[0].maps.gradcam``.

    Raises:
        ModelError: no such folder, or no file in it that belongs to an image.
        DataError: a file that can belong to several images, or two files of one image.
    """
    files = _files(folder, subject)
    found: dict[str, dict[str, Path]] = defaultdict(dict)
    known = set(images.paths.values())
    for path in files:
        name = path.relative_to(folder).as_posix()
        bare = name[: -len(suffix_of(name) or "")]
        image, task = _chexlocalize(bare)
        cases = [image] if image in known else images.named(image)
        if len(cases) > 1:
            raise DataError(
                f"{folder.name}/{name}: can be the map of {cases[0]} or {cases[1]}",
                hint="put the maps into the same sub-folders as the images",
            )
        for case_id in cases:
            own = found[case_id]
            if task in own:
                other = own[task].relative_to(folder).as_posix()
                raise DataError(
                    f"{folder.name}: {other} and {name} can both be the map of {case_id}",
                    hint="keep one of the two",
                )
            own[task] = path
    if not found:
        shown = files[0].relative_to(folder).as_posix()
        raise ModelError(
            f"{subject}: none of the {len(files)} files in {folder.name} is called like an image, '{shown}' for one",
            hint="a.npy is the map of a.png; sub-folders are those of the images",
        )
    return found


def _files(folder: Path, subject: str) -> list[Path]:
    if not folder.is_dir():
        beside = (
            [path.name for path in folder.parent.iterdir() if path.is_dir()] if folder.parent.is_dir() else []
        )
        hint = did_you_mean(
            folder.name, beside, otherwise="paths in the audit file start from that file's folder"
        )
        raise ModelError(f"{subject}: {folder}: no such folder of maps", hint=hint)
    found = [path for path in sorted(folder.rglob("*")) if suffix_of(path.name) and path.is_file()]
    if not found:
        raise ModelError(
            f"{subject}: {folder}: holds no file of a map", hint=f"maps are read from {', '.join(SUFFIXES)}"
        )
    return found


def _chexlocalize(bare: str) -> tuple[str, str]:
    """The image and the class that a file is called after."""
    folder, slash, name = bare.rpartition("/")
    told = _CHEXLOCALIZE.fullmatch(name)
    if told is None:
        return bare, EVERY_CLASS
    return folder + slash + _FOLDERS.sub(r"\1/\2/\3", told["image"]), spelled(told["task"])
