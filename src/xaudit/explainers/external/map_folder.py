"""Matching of the files in a folder of maps to images, by their names alone.

- ``test/a.npy`` and ``test/a.png.npy`` are maps of ``test/a.png``, and so is ``a.npy`` where no other image is called so;
- a case id, with its folders, does as well;
- ``patient1_study1_view1_frontal_Edema_map.pkl`` is CheXlocalize's: the map of ``patient1/study1/view1_frontal.jpg`` for the
  class ``Edema``.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from xaudit.cases.annotation_file import files_below
from xaudit.cases.names.image_index import ImageIndex
from xaudit.cases.names.name_match import Folders, NamedCases
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


class FoundMaps(dict[str, MapsOfCase]):
    """The maps of a folder by case id.

    Attributes:
        n_extra: files that are called like no image of the data.
        passed_over: folders before every file's name that no image's path has.
    """

    n_extra: int = 0
    passed_over: Folders = ()


def find_maps(folder: Path, images: ImageIndex, *, subject: str) -> FoundMaps:
    """The maps in a folder, by case id; a case without any is left out.

    Args:
        subject: what to call the folder in errors, such as ``models[0].maps.gradcam``.

    Raises:
        ModelError: no such folder, or no file in it that belongs to an image.
        DataError: a file that can belong to several images, or two files of one image.
    """
    files = _files(folder, subject)
    found: dict[str, dict[str, Path]] = defaultdict(dict)
    called = {path: path.relative_to(folder).as_posix() for path in files}
    meant = {path: _chexlocalize(name[: -len(suffix_of(name) or "")]) for path, name in called.items()}
    names = NamedCases(images, [image for image, _ in meant.values()])
    n_extra = 0
    for path, name in called.items():
        image, task = meant[path]
        cases = names.cases(image)
        if len(cases) > 1:
            raise DataError(
                f"{folder.name}/{name}: can be the map of {cases[0]} or {cases[1]}",
                hint="put the maps into the same sub-folders as the images",
            )
        n_extra += not cases
        for case_id in cases:
            other = None if image == case_id else names.other_name(image, case_id)
            if other is not None and task not in found[case_id]:
                raise DataError(
                    f"{folder.name}: '{other:.200}' and '{image:.200}' are both the image {case_id}",
                    hint="put the maps into the same sub-folders as the images; one of the two is another image's",
                )
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
    maps = FoundMaps(found)
    maps.n_extra, maps.passed_over = n_extra, names.used
    return maps


def _files(folder: Path, subject: str) -> list[Path]:
    if not folder.is_dir():
        beside = (
            [path.name for path in folder.parent.iterdir() if path.is_dir()] if folder.parent.is_dir() else []
        )
        hint = did_you_mean(
            folder.name, beside, otherwise="paths in the audit file start from that file's folder"
        )
        raise ModelError(f"{subject}: {folder}: no such folder of maps", hint=hint)
    found = files_below(folder, SUFFIXES)
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


def check_map_folder(folder: Path, *, subject: str) -> None:
    """Raises ModelError where there is no such folder, or no file of a map in it."""
    _files(folder, subject)
