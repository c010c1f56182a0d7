"""The lock that lets only one process at a time work in a run folder.

The operating system holds the lock and drops it when the process ends, however it ends; a file that a dead process
left behind locks nothing. Readers take no lock: every file they read appears whole.
"""

import contextlib
import errno
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from xaudit.errors import RunFolderError
from xaudit.store.atomic_file import refusals_as_output_errors

LOCK_FILE = "run.lock"
"""Name within the run folder; it holds the process id, which a refusal names."""

_TAKEN = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK})
_NOT_HERE = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})
_FAR_BYTE = 1 << 30
"""Position of the locked byte, behind the text: on Windows, nobody can read a locked byte."""


@dataclass(frozen=True, slots=True)
class RunLock:
    """A lock on a run folder, held until :meth:`release` or the end of the process.

    Attributes:
        handle: handle of the locked file; None if the file system has no locks.
    """

    path: Path
    handle: int | None

    @classmethod
    def take(cls, run: Path) -> Self:
        """Lock a run folder for this process.

        Raises:
            RunFolderError: if another process works in it.
            OutputError: if the folder cannot be written to.
        """
        path = run / LOCK_FILE
        while True:
            with refusals_as_output_errors(path):
                handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                _lock(handle)
            except OSError as error:
                owner = _owner(handle)
                os.close(handle)
                if error.errno in _NOT_HERE:
                    return cls(path, None)
                if error.errno not in _TAKEN:
                    raise
                raise RunFolderError(
                    f"{run}: another xaudit process is working in this run folder{owner}",
                    hint="wait until it ends and repeat the command, or start another folder with --fresh",
                ) from None
            if _is_still_there(handle, path):
                break
            os.close(handle)  # its holder ended, and took the file away, between our two steps
        with contextlib.suppress(OSError):  # the number only serves a message
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
        return cls(path, handle)

    def release(self) -> None:
        """Unlock the folder and remove the lock file."""
        if self.handle is None:
            return
        with contextlib.suppress(OSError):
            self.path.unlink()
        os.close(self.handle)


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, _FAR_BYTE, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _owner(handle: int) -> str:
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        text = os.read(handle, 20).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return f" (process {text})" if text.isdigit() else ""


def _is_still_there(handle: int, path: Path) -> bool:
    try:
        on_disk, locked = path.stat(), os.fstat(handle)
    except FileNotFoundError:
        return False
    return (on_disk.st_dev, on_disk.st_ino) == (locked.st_dev, locked.st_ino)
