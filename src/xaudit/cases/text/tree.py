"""Walks through a folder and its sub-folders, symbolic links included; every folder is entered once.

Hidden files and folders, and those that macOS puts into archives, are left out.
"""

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal

from xaudit.errors import DataError

_LEFT_OUT = (".", "__MACOSX")


class FolderWalk:
    """A walk through folders that remembers which ones it has entered."""

    def __init__(
        self,
        root: Path,
        ignored: Collection[Path] = (),
        *,
        circles: Literal["refuse", "pass over"] = "refuse",
    ) -> None:
        """Begin a walk.

        Args:
            root: the folder that paths in errors are relative to.
            ignored: folders that are not entered, under whatever name they are reached.
            circles: handling of a link back to a folder that it lies in; its files are read already.
        """
        self._root = root
        self._circles = circles
        self._ignored = frozenset(_identity(path) for path in ignored if path.is_dir())
        self._entered: dict[object, Path] = {}

    def files(self, folder: Path) -> Iterator[Path]:
        """Yield the files below a folder, in the order of their names within each folder.

        Raises:
            DataError: a link that leads nowhere, back to a folder that it lies in, or to a folder that was entered before.
            OSError: a folder that cannot be listed.
        """
        self._enter(folder)
        with os.scandir(folder) as entries:
            inside = sorted(
                (entry for entry in entries if not entry.name.startswith(_LEFT_OUT)),
                key=lambda entry: entry.name,
            )
        for entry in inside:
            path = folder / entry.name
            if entry.is_symlink() and self.check_link(path):
                continue
            if entry.is_dir():
                if not self.is_ignored(path):
                    yield from self.files(path)
            elif entry.is_file():
                yield path

    def is_ignored(self, folder: Path) -> bool:
        """Return True for a folder that is not entered."""
        return bool(self._ignored) and _identity(folder) in self._ignored

    def check_link(self, path: Path) -> bool:
        """Return True for a link back to a folder that it lies in, if circles are skipped.

        Raises:
            DataError: if a link leads nowhere, or back while circles are refused.
        """
        if not path.is_symlink():
            return False
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):  # nowhere, or round in a circle
            raise DataError(
                f"{self._shown(path)}: a link that leads nowhere",
                hint="restore what it leads to, or remove the link",
            ) from None
        if not (target.is_dir() and path.parent.resolve().is_relative_to(target)):
            return False
        if self._circles == "refuse":
            raise DataError(
                f"{self._shown(path)}: a link back to a folder that it lies in", hint="remove the link"
            )
        return True

    def _enter(self, folder: Path) -> None:
        first = self._entered.setdefault(_identity(folder), folder)
        if first != folder:
            raise DataError(
                f"{self._shown(folder)}: is the same folder as {self._shown(first)}, reached by a link",
                hint="remove one of the two, so that its files count once",
            )

    def _shown(self, path: Path) -> str:
        try:
            return path.relative_to(self._root.parent).as_posix()
        except ValueError:
            return path.name


def files_in(folder: Path) -> list[Path]:
    """Return the files below a folder, sorted by path, without links back to a parent; raise as :meth:`FolderWalk.files`."""
    return sorted(FolderWalk(folder, circles="pass over").files(folder))


def listed(folder: Path) -> list[Path]:
    """Return the files and folders in a folder, in the order of their names, without hidden ones."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith(_LEFT_OUT))


def _identity(folder: Path) -> object:
    status = folder.stat()
    return (status.st_dev, status.st_ino) if status.st_ino else folder.resolve()
