"""The archive around a program: what is none, or is damaged, is told with what to do."""

import io
import zipfile
from pathlib import Path

import pytest

from xaudit.errors import ModelError
from xaudit.models.network.sealed import SealedFile
from xaudit.models.sources.archive import opened_archive

AGAIN = "save it again"


def archive(*, method=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as made:
        made.writestr("net/version", "3\n" * 50)
    return bytearray(stream.getvalue())


def read(content):
    file = SealedFile(Path("net.pt"), bytes(content))
    with opened_archive(file, subject="model 'net'", what="TorchScript archive", again=AGAIN) as found:
        return found.read("net/version")


def refusal(content):
    with pytest.raises(ModelError) as caught:
        read(content)
    return str(caught.value), caught.value.hint


def test_a_whole_archive_is_read():
    assert read(archive()) == b"3\n" * 50


def test_what_is_no_archive_may_be_cut_off():
    told = (
        "model 'net': net.pt is no TorchScript archive, or was cut off",
        f"copy it again from its source; {AGAIN}",
    )
    assert refusal(b"3\n") == told
    assert refusal(archive()[:-30]) == told


def test_bytes_that_changed_are_noticed():
    damaged = archive()
    damaged[damaged.index(b"3\n") + 4] ^= 1
    assert refusal(damaged) == (
        "model 'net': net.pt is damaged: Bad CRC-32 for file 'net/version'",
        "copy it again from its source",
    )
    packed = archive(method=zipfile.ZIP_DEFLATED)
    packed[packed.index(b"net/version") + len(b"net/version")] ^= 0xFF
    assert refusal(packed)[0].startswith("model 'net': net.pt is damaged: ")


def test_an_archive_that_is_locked_is_refused():
    locked = archive()
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(signature) + offset] |= 1
    assert "is damaged: File 'net/version' is encrypted" in refusal(locked)[0]


def test_an_error_of_the_network_itself_passes():
    file = SealedFile(Path("net.pt"), bytes(archive()))
    with (
        pytest.raises(ModelError, match=r"(?m)^its program writes files$"),
        opened_archive(file, subject="model 'net'", what="TorchScript archive", again=AGAIN),
    ):
        raise ModelError("its program writes files")
