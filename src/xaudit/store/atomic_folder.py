"""Atomic writing of a whole folder: it is there complete, or as it was before."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from xaudit.errors import OutputError
from xaudit.store.atomic_file import make_folder, refusals_as_output_errors, write_atomically


def write_folder(path: Path, files: Mapping[str, bytes], *, replaces_if: str) -> None:
    """Write a folder of files in one step; an earlier folder of the same kind is replaced, or kept on failure.

    Args:
        files: content by name; a name may contain folders.
        replaces_if: name of the file by which an earlier folder of the same kind is known.

    Raises:
        OutputError: no permission, no room, or something else is there under that name.
    """
    if path.exists() and not (path / replaces_if).is_file():
        raise OutputError(
            f"{path}: is there already and holds no {replaces_if}", hint="choose another folder with --out"
        )
    make_folder(path.parent)
    mark = f"{os.getpid()}-{secrets.token_hex(4)}.tmp"
    fresh, stale = path.with_name(f".{path.name}.{mark}"), path.with_name(f".{path.name}.old.{mark}")
    try:
        for name, data in files.items():
            write_atomically(fresh / name, data)
        with refusals_as_output_errors(path):
            if path.exists():
                path.rename(stale)
            try:
                fresh.rename(path)
            except OSError:
                with contextlib.suppress(OSError):
                    stale.rename(path)
                raise
    finally:
        for leftover in (fresh, stale):
            shutil.rmtree(leftover, ignore_errors=True)
