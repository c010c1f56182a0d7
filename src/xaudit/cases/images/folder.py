"""Images sorted into one sub-folder per class, below folders named after the splits if there are any.

The sub-folder's name is the class: ``images/cancer/a.png``, or ``images/train/cancer/a.png``. Deeper folders
are part of the path only. Files that are no images (a readme, an XML) are skipped and counted. Links to folders are followed.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath

from xaudit.cases.images.entry import SPLITS, Entry, check_unique, file_and_frame
from xaudit.cases.images.image_file import is_image
from xaudit.cases.text.spelling import nfc
from xaudit.cases.text.tree import FolderWalk, listed
from xaudit.counts import counted
from xaudit.errors import DataError, did_you_mean

_LONGEST_SUFFIX = 12
_MOST_SUFFIXES = 8


def list_folder(
    root: Path, *, ignored: Collection[Path] = (), others: list[Path] | None = None
) -> tuple[Entry, ...]:
    """Return every image below ``root``, in the order of their paths.

    Args:
        root: the folder of the class folders.
        ignored: folders that hold something else, such as annotations or lung masks.
        others: collects the files that are no images.

    Raises:
        DataError: no such folder, an empty one, one without sub-folders, a class without images, an image
            beside the class folders, or two images that would be the same case.
    """
    check_folder(root)
    try:
        entries = tuple(sorted(_entries(root, frozenset(ignored), others), key=lambda entry: entry.path))
    except OSError as error:
        raise DataError(
            f"{root.name}: cannot be listed: {error.strerror or 'the system refuses it'}",
            hint="check the permissions of the folder and of what is in it",
        ) from None
    check_unique(entries)
    return entries


def check_folder(root: Path, *, what: str = "images") -> None:
    """Raise DataError if a folder does not exist or is a file; the hint names the nearest folder."""
    if root.is_dir():
        return
    if root.exists():
        raise DataError(f"{root}: is a file, and the {what} need a folder", hint="give the folder it is in")
    beside = [path.name for path in root.parent.iterdir() if path.is_dir()] if root.parent.is_dir() else []
    hint = did_you_mean(root.name, beside, otherwise="paths in the audit file start from that file's folder")
    raise DataError(f"{root}: no such folder of {what}", hint=hint)


def image_files(
    folder: Path, ignored: Collection[Path] = (), *, others: list[Path] | None = None
) -> list[Path]:
    """Return the image files below a folder, without hidden and ignored folders.

    Args:
        others: collects the files that are no images.

    Raises:
        DataError: for links that lead nowhere or to a folder twice, see :class:`xaudit.cases.text.tree.FolderWalk`.
    """
    return _images(FolderWalk(folder, ignored), folder, others)


def _images(walk: FolderWalk, folder: Path, others: list[Path] | None) -> list[Path]:
    images: list[Path] = []
    for path in walk.files(folder):
        if is_image(path):
            images.append(path)
        elif others is not None:
            others.append(path)
    return images


def spelled_others(others: Collection[Path]) -> tuple[str, ...]:
    """Return a sentence that counts files that are no images, by suffix; nothing if there are none.

    Example:
        >>> spelled_others([Path("a.txt"), Path("b.TXT"), Path("notes")])
        ("3 files of the images' folder are no images and were passed over: 2 .txt, 1 without suffix",)
    """
    if not others:
        return ()
    counts = Counter(path.suffix.lower()[:_LONGEST_SUFFIX] or "without suffix" for path in others)
    kinds = ", ".join(f"{n} {kind}" for kind, n in counts.most_common(_MOST_SUFFIXES))
    more = ", and others" if len(counts) > _MOST_SUFFIXES else ""
    files = (
        "1 file of the images' folder is no image and was"
        if len(others) == 1
        else (f"{len(others)} files of the images' folder are no images and were")
    )
    return (f"{files} passed over: {kinds}{more}",)


def unlisted_images(
    root: Path, entries: Sequence[Entry], table: str, *, ignored: Collection[Path] = ()
) -> tuple[str, ...]:
    """Return a sentence that counts the images of a folder that a table does not list; nothing if it lists all.

    Only files with a suffix of the table's files count; none is opened.

    Args:
        root: the folder that the table's paths start from.
        entries: the images that the table lists.
        table: its name.
        ignored: folders of masks and marks.
    """
    listed_files = {file_and_frame(entry.path)[0] for entry in entries}
    suffixes = {PurePosixPath(path).suffix.lower() for path in listed_files}
    try:
        files = {nfc(path.relative_to(root).as_posix()) for path in FolderWalk(root, ignored).files(root)}
    except DataError as error:
        return (f"the images' folder was not read through for images that {table} does not list: {error}",)
    unlisted = sorted(
        path
        for path in files - {nfc(path) for path in listed_files}
        if PurePosixPath(path).suffix.lower() in suffixes
    )
    if not unlisted:
        return ()
    images = counted(len(unlisted), "image of the images' folder is", "images of the images' folder are")
    return (f"{images} in no row of {table}, and not read",)


def _entries(root: Path, ignored: Collection[Path], others: list[Path] | None) -> Iterator[Entry]:
    walk = FolderWalk(root, ignored)
    folders = _class_folders(root, root, walk, others)
    if not all(folder.name.lower() in SPLITS and _holds_folders(folder, walk) for folder in folders):
        yield from _of_classes(root, folders, None, walk, others)
        return
    for folder in folders:
        classes = _class_folders(root, folder, walk, others)
        yield from _of_classes(root, classes, SPLITS[folder.name.lower()], walk, others)


def _class_folders(root: Path, parent: Path, walk: FolderWalk, others: list[Path] | None) -> list[Path]:
    inside = listed(parent)
    shown = parent.relative_to(root.parent).as_posix()
    for path in inside:
        walk.check_link(path)
    if not inside:
        raise DataError(f"{shown}: the folder is empty", hint="give the folder that holds the class folders")
    folders = [path for path in inside if path.is_dir() and not walk.is_ignored(path)]
    files = [path for path in inside if path.is_file()]
    loose = [path for path in files if is_image(path)]
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
    if others is not None:
        others += files
    return folders


def _holds_folders(folder: Path, walk: FolderWalk) -> bool:
    return any(path.is_dir() and not walk.is_ignored(path) for path in listed(folder))


def _of_classes(
    root: Path, folders: list[Path], split: str | None, walk: FolderWalk, others: list[Path] | None
) -> Iterator[Entry]:
    for folder in folders:
        files = _images(walk, folder, others)
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
