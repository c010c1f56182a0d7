import errno
import io
import os
import threading
from contextlib import suppress

import pytest

from xaudit.streams import ForgivingFile, StandardStreams


class Full(io.RawIOBase):
    """Takes ``room`` bytes, then fails as a full disk does."""

    def __init__(self, room, number=errno.ENOSPC):
        self.taken = b""
        self.room = room
        self.number = number

    def write(self, data):
        data = bytes(data)[: self.room - len(self.taken)]
        if not data:
            raise OSError(self.number, os.strerror(self.number))
        self.taken += data
        return len(data)


def test_what_fits_is_written_and_the_rest_is_dropped_and_counted():
    inner = Full(room=3)
    stream = ForgivingFile(inner)
    assert stream.write(b"abcde") == 5
    assert stream.write(b"fg") == 2
    assert (inner.taken, stream.n_dropped, stream.failure.errno) == (b"abc", 2 + 2, errno.ENOSPC)


def test_a_text_above_it_is_flushed_and_closed_without_an_error():
    text = io.TextIOWrapper(io.BufferedWriter(ForgivingFile(Full(room=1))), encoding="utf-8")
    text.write("ab")
    text.flush()
    text.write("c")
    text.close()


def fill(pipe):
    """Writes until nothing more goes into a pipe that does not block; how much that was."""
    size = 0
    with suppress(BlockingIOError):
        while True:
            size += os.write(pipe, b"x" * 4096)
    return size


def test_a_pipe_that_does_not_block_is_waited_for():
    read, write = os.pipe()
    os.set_blocking(write, False)
    inner = io.FileIO(write, "w", closefd=False)
    stream = ForgivingFile(inner)
    size = fill(write)
    done = []

    reader = threading.Thread(target=lambda: done.append(os.read(read, size)))
    reader.start()
    assert stream.write(b"end") == 3
    reader.join()
    assert (stream.n_dropped, stream.failure) == (0, None)
    assert done[0] + os.read(read, size) == b"x" * size + b"end"
    os.close(read)
    os.close(write)


def note(number, text=b"result"):
    stream = ForgivingFile(Full(room=0, number=number))
    stream.write(text)
    return StandardStreams(stream, stream).note_on_lost_output()


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (
            errno.ENOSPC,
            "standard output cannot be written: no space left on device. The result is not complete",
        ),
        (errno.EBADF, "standard output is closed: the result is not shown"),
        (errno.EPIPE, ""),
    ],
)
def test_a_lost_result_is_named_and_a_reader_that_had_enough_is_not(number, sentence):
    assert note(number) == sentence


def test_a_command_without_a_result_has_nothing_to_lose():
    assert note(errno.EBADF, b"") == ""
