"""Guards for standard streams that are closed, full or cut off, so that the program goes on unchanged.

Without them, three things go wrong: the next file that is opened takes the number of a closed stream, and messages are
written into it; a failed write ends the work; and text left in a buffer fails again when Python exits, with
exit code 120.
"""

import errno
import io
import os
import select
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_N_STREAMS = 3


class ForgivingFile(io.RawIOBase):
    """A stream that drops what it cannot write, and keeps the first error.

    Attributes:
        failure: the first error; None if everything was written.
        n_dropped: bytes that were dropped.
    """

    def __init__(self, inner: io.RawIOBase, failure: OSError | None = None) -> None:
        super().__init__()
        self._inner = inner
        self.failure = failure
        self.n_dropped = 0

    def write(self, data: "ReadableBuffer") -> int:
        """Write all of ``data``, or drop it; return its size either way."""
        left = memoryview(data).cast("B")
        size = len(left)
        while left and self.failure is None:
            try:
                left = left[self._write_some(left) :]
            except OSError as error:
                self.failure = error
        self.n_dropped += len(left)
        return size

    def _write_some(self, data: memoryview) -> int:
        n_written = self._inner.write(data)
        if n_written is None:  # a pipe that does not block and is full for now
            select.select([], [self._inner], [])
            return 0
        return n_written

    def writable(self) -> bool:
        """Return True: what cannot be written is dropped."""
        return True

    def isatty(self) -> bool:
        """Return True on a terminal."""
        return self.failure is None and self._inner.isatty()

    def fileno(self) -> int:
        """Return the number of the underlying stream."""
        return self._inner.fileno()


@dataclass(frozen=True, slots=True)
class StandardStreams:
    """The guarded standard output and standard error of this process."""

    output: ForgivingFile
    messages: ForgivingFile

    def note_on_lost_output(self) -> str:
        """Return a sentence about results that could not be written, empty if there are none.

        A reader that closes its pipe early (``| head``) has what it wanted: that is not mentioned.
        """
        failure = self.output.failure
        if failure is None or not self.output.n_dropped or failure.errno == errno.EPIPE:
            return ""
        if failure.errno == errno.EBADF:
            return "standard output is closed: the result is not shown"
        reason = os.strerror(failure.errno or 0)
        return (
            f"standard output cannot be written: {reason[:1].lower()}{reason[1:]}. The result is not complete"
        )


def guard_standard_streams() -> StandardStreams:
    """Open closed standard streams on the null device, and let no failed write on them end the process.

    Call it before any other file is opened.
    """
    closed = [number for number in range(_N_STREAMS) if _reopen_if_closed(number)]
    if 0 in closed or sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout, output = _guarded(sys.stdout, 1, was_closed=1 in closed)
    sys.stderr, messages = _guarded(sys.stderr, 2, was_closed=2 in closed)
    return StandardStreams(output, messages)


def _reopen_if_closed(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        handle = os.open(os.devnull, os.O_RDWR)
        if handle != number:
            os.dup2(handle, number)
            os.close(handle)
        os.set_inheritable(number, True)  # worker processes need it as well
        return True
    return False


def _guarded(stream: TextIO | None, number: int, *, was_closed: bool) -> tuple[TextIO, ForgivingFile]:
    """Return a text stream like ``stream`` whose writes cannot fail, and the file under it."""
    buffer = getattr(stream, "buffer", None)
    inner = getattr(buffer, "raw", buffer)
    if inner is None or was_closed:
        inner = io.FileIO(number, "w", closefd=False)
    closed = OSError(errno.EBADF, os.strerror(errno.EBADF)) if was_closed or stream is None else None
    forgiving = ForgivingFile(inner, closed)
    text = io.TextIOWrapper(
        io.BufferedWriter(forgiving),
        encoding=getattr(stream, "encoding", None) or "utf-8",
        errors=getattr(stream, "errors", None) or "backslashreplace",
        line_buffering=number != 1 or forgiving.isatty(),
        write_through=getattr(stream, "write_through", False),
    )
    return text, forgiving
