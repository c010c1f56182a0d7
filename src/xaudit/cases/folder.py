"""Images sorted into one sub-folder per class, below folders named after the splits where there are any.

The sub-folder's name is the class: ``images/cancer/a.png``, or ``images/train/cancer/a.png``. Deeper folders
belong to the path alone. Files that are no images (a readme, an XML) are passed over.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

from xaudit.cases.entry import IMAGE_SUFFIXES, SPLITS, Entry, check_unique
from xaudit.cases.image_file import is_image
from xaudit.cases.spelling import nfc
from xaudit.counts import counted
from xaudit.errors import DataError, did_you_mean


def list_folder(root: Path, *, ignored: Collection[Path] = ()) -> tuple[Entry, ...]:
    """Every image below ``root``, in the order of their paths.

    Args:
        root: the folder of the class folders.
        ignored: folders that hold something else, such as annotations or lung masks.

    Raises:
        DataError: no such folder, an empty one, one without sub-folders, a class without images, an image
            beside the class folders, or two images that would be the same case.
    """
    check_folder(root)
    try:
        entries = tuple(sorted(_entries(root, frozenset(ignored)), key=lambda entry: entry.path))
    except OSError as error:
        raise DataError(
            f"{root.name}: cannot be listed: {error.strerror or 'the system refuses it'}",
            hint="check the permissions of the folder and of what is in it",
        ) from None
    check_unique(entries)
    return entries


def check_folder(root: Path, *, what: str = "images") -> None:
    """Raises DataError where a folder does not exist or is none, with the nearest name beside it."""
    if root.is_dir():
        return
    if root.exists():
        raise DataError(f"{root}: is a file, and the {what} need a folder", hint="give the folder it is in")
    beside = [path.name for path in root.parent.iterdir() if path.is_dir()] if root.parent.is_dir() else []
    hint = did_you_mean(root.name, beside, otherwise="paths in the audit file start from that file's folder")
    raise DataError(f"{root}: no such folder of {what}", hint=hint)


def image_files(folder: Path, ignored: Collection[Path] = ()) -> list[Path]:
    """The files below a folder that are meant as images, hidden and ignored folders left out."""
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__MACOSX")):
            continue
        _check_link(path)
        if path.is_dir():
            if path not in ignored and not path.is_symlink():
                found.extend(image_files(path, ignored))
        elif path.is_file() and is_image(path):
            found.append(path)
    return found


def _check_link(path: Path) -> None:
    """Raises DataError where a link leads to a folder that it lies in, or an image's link leads nowhere."""
    if not path.is_symlink():
        return
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):  # nowhere, or round in a circle
        if path.suffix.lower() in IMAGE_SUFFIXES:
            raise DataError(
                f"{path.parent.name}/{path.name}: a link that leads nowhere",
                hint="restore its file, or remove the link",
            ) from None
        return
    if target.is_dir() and path.parent.resolve().is_relative_to(target):
        raise DataError(
            f"{path.parent.name}/{path.name}: a link back to a folder that it lies in", hint="remove the link"
        )


def _entries(root: Path, ignored: Collection[Path]) -> Iterator[Entry]:
    folders = _class_folders(root, root, ignored)
    if not all(folder.name.lower() in SPLITS and _holds_folders(folder, ignored) for folder in folders):
        yield from _of_classes(root, folders, None, ignored)
        return
    for folder in folders:
        classes = _class_folders(root, folder, ignored)
        yield from _of_classes(root, classes, SPLITS[folder.name.lower()], ignored)


def _class_folders(root: Path, parent: Path, ignored: Collection[Path]) -> list[Path]:
    inside = sorted(path for path in parent.iterdir() if not path.name.startswith((".", "__MACOSX")))
    shown = parent.relative_to(root.parent).as_posix()
    for path in inside:
        _check_link(path)
    if not inside:
        raise DataError(f"{shown}: the folder is empty", hint="give the folder that holds the class folders")
    folders = [path for path in inside if path.is_dir() and path not in ignored]
    loose = [path for path in inside if path.is_file() and is_image(path)]
    if not folders:
        what = f"{counted(len(loose), 'image')} but no sub-folders" if loose else "no sub-folders"
        raise DataError(
            f"{shown}: the folder has {what}, and the sub-folder is an image's class",
            hint="sort the images into one sub-folder per class, or list them in a table with format: csv",
        )
    if loose:
        raise DataError(
            f"{shown}: the image '{loose[0].name}' lies beside the class folders, so it has no class",
            hint=f"move it into one of {', '.join(folder.name for folder in folders[:5])}",
        )
    return folders


def _holds_folders(folder: Path, ignored: Collection[Path]) -> bool:
    return any(path.is_dir() and path not in ignored for path in folder.iterdir())


def _of_classes(
    root: Path, folders: list[Path], split: str | None, ignored: Collection[Path]
) -> Iterator[Entry]:
    for folder in folders:
        files = image_files(folder, ignored)
        if not files:
            raise DataError(
                f"{folder.relative_to(root.parent).as_posix()}: the class folder holds no image",
                hint="add its images, or take the folder away",
            )
        for file in files:
            yield Entry(_spelled(file.relative_to(root)), nfc(folder.name), split=split)


def _spelled(path: Path) -> str:
    text = path.as_posix()
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise DataError(f"{text!a}: the file's name is not UTF-8", hint="rename the file") from None
    return text
