"""Atomic writes: a file is complete or absent, whenever the process or the machine stops.

Bytes go to a temporary name in the same folder, are synced, and take the file's name in one step. Temporary
names begin with a dot, end in ``.tmp`` and carry the writer's process id; readers pass them over.
"""

import contextlib
import errno
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from xaudit.errors import OutputError

_LEFTOVER = re.compile(r"^\..+\.(?P<pid>\d{1,9})-[0-9a-f]{8}\.tmp$")
_STALE_SECONDS = 24 * 3600.0

_ELSEWHERE = "choose another folder with --out"
_ROOM = "make room and give the same command again; finished work is kept"
_REFUSALS = {
    errno.EACCES: ("no permission to write here", _ELSEWHERE),
    errno.EPERM: ("no permission to write here", _ELSEWHERE),
    errno.EROFS: ("the file system is read-only", _ELSEWHERE),
    errno.ENOSPC: ("the disk is full", _ROOM),
    errno.EDQUOT: ("the disk quota is used up", _ROOM),
    errno.EFBIG: (
        "the file would be larger than this system lets a process write (ulimit -f)",
        "raise the limit and give the same command again; finished work is kept",
    ),
    errno.ENOTDIR: ("a file stands where a folder is needed", _ELSEWHERE),
    errno.EEXIST: ("a file stands where a folder is needed", _ELSEWHERE),
    errno.EISDIR: ("a folder stands where a file is needed", _ELSEWHERE),
    errno.EPIPE: ("nobody reads what is written there", "name a file instead"),
}


@contextlib.contextmanager
def refusals_as_output_errors(path: Path) -> Iterator[None]:
    """Convert errors that a user can fix (permission, space, a name in the way) into an OutputError about ``path``."""
    try:
        yield
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        reason, hint = _REFUSALS[error.errno]
        raise OutputError(f"{path}: {reason}", hint=hint) from error


def make_folder(path: Path) -> None:
    """Create a folder and its parents, or leave an existing one unchanged; raise OutputError if that fails."""
    with refusals_as_output_errors(path):
        path.mkdir(parents=True, exist_ok=True)


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` in one step; an existing file is replaced, or kept on failure.

    A device, a pipe or an open stream such as /dev/stdout is written to and stays what it is.

    Raises:
        OutputError: no permission, no room, or a folder in the way. Nothing half-written is left behind.
    """
    make_folder(path.parent)
    with refusals_as_output_errors(path):
        if _is_stream(path):
            _write_all(path, data, os.O_WRONLY | os.O_APPEND)
            return
        try:
            _write_and_rename(path, data)
        except FileNotFoundError:
            # A process that cannot see our process id, as in a container, removed the temporary file as a leftover.
            _write_and_rename(path, data)


def remove_leftovers(folder: Path) -> int:
    """Remove temporary files of writers that are gone, and return their number; files that cannot be removed stay."""
    removed = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            match = _LEFTOVER.match(name)
            if match is None:
                continue
            path = Path(parent, name)
            with contextlib.suppress(OSError):
                if _age_seconds(path) > _STALE_SECONDS or not _is_alive(int(match["pid"])):
                    path.unlink()
                    removed += 1
    return removed


def _write_and_rename(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        _write_synced(temporary, data)
        os.replace(temporary, path)  # noqa: PTH105  (named as in the manual page on which the guarantee rests)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()  # there is none once it took the file's name
    _sync_folder(path.parent)


def _is_stream(path: Path) -> bool:
    """Return True if the path is a device, a pipe or an open stream, which a rename must not replace."""
    try:
        kind = path.stat().st_mode
    except OSError:
        return False
    if stat.S_ISCHR(kind) or stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind) or stat.S_ISBLK(kind):
        return True
    return path.is_symlink() and str(path.readlink()).startswith("/proc/")


def _write_synced(path: Path, data: bytes) -> None:
    _write_all(path, data, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), synced=True)


def _write_all(path: Path, data: bytes, flags: int, *, synced: bool = False) -> None:
    handle = os.open(path, flags, 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(handle, left) :]
        if synced:
            os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    """Sync the folder, so that the new name survives a power cut; do nothing on systems that cannot."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def _age_seconds(path: Path) -> float:
    return time.time() - path.stat().st_mtime


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # os.kill would end the process there; age alone decides
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
