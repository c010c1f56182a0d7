"""A zip file of which every byte follows from its members: stored as they are, one after the other, at a fixed time.

Nothing is compressed, so no member is larger than the file that holds it, and the bytes do not depend on a library's
version. Reading checks that a file is exactly that: each header, in its place, and nothing between.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from xaudit.errors import SignOffError

_VERSION, _MADE_BY = 20, 0x0314
_DATE = (1 << 5) | 1  # 1980-01-01, the first day that a zip file can name
_MODE = 0o100644 << 16

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")

MOST_MEMBERS = 0xFFFE
MOST_BYTES = 0xFFFFFFFE
"""Limits of a zip file without the extension zip64."""

_PIECE = 1 << 20

AGAIN = "get the file again from the person who signed it off"
"""The hint for a file that is not as it was written."""


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of the list at the end of a zip file.

    Attributes:
        offset: place of its local header.
        method: 0 if it is stored as it is.
        n_packed: bytes that it takes in the file.
        n_bytes: bytes that it says it has once unpacked.
        crc: CRC-32 of its content.
    """

    name: str
    offset: int
    method: int
    n_packed: int
    n_bytes: int
    crc: int


def encode_zip(files: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a zip file, its members in the order given.

    Raises:
        SignOffError: if they are more than a zip file holds.
    """
    overhead = _LOCAL.size + _CENTRAL.size
    n_bytes = _END.size + sum(overhead + 2 * len(name) + len(data) for name, data in files.items())
    if n_bytes > MOST_BYTES or len(files) > MOST_MEMBERS:
        raise SignOffError(
            f"a sign-off of {len(files)} files and {n_bytes / 1e9:.1f} GB is more than a zip file holds",
            hint="--no-images leaves out the pictures, outlines and reliance maps of single cases",
        )
    parts: list[bytes] = []
    members: list[Member] = []
    at = 0
    for name, data in files.items():
        member = Member(name, at, 0, len(data), len(data), zlib.crc32(data))
        members.append(member)
        parts += [local_header(member), data]
        at += len(parts[-2]) + len(data)
    return b"".join([*parts, closing(members, at)])


def local_header(member: Member) -> bytes:
    """Return the bytes in front of a member's content."""
    name = member.name.encode()
    sizes = (member.crc, member.n_bytes, member.n_bytes, len(name), 0)
    return _LOCAL.pack(b"PK\3\4", _VERSION, 0, 0, 0, _DATE, *sizes) + name


def closing(members: Sequence[Member], at: int) -> bytes:
    """Return the list of members and the end of a zip file; ``at`` is the place of the list."""
    listed = b"".join(map(_central_header, members))
    return listed + _END.pack(b"PK\5\6", 0, 0, len(members), len(members), len(listed), at, 0)


def _central_header(member: Member) -> bytes:
    name = member.name.encode()
    sizes = (member.crc, member.n_bytes, member.n_bytes, len(name))
    head = _CENTRAL.pack(
        b"PK\1\2", _MADE_BY, _VERSION, 0, 0, 0, _DATE, *sizes, 0, 0, 0, 0, _MODE, member.offset
    )
    return head + name


def read_members(file: BinaryIO, shown: str) -> tuple[Member, ...]:
    """Return the list at the end of a zip file; nothing of a member is read.

    Raises:
        SignOffError: if it is no zip file, or a damaged one.
    """
    n_file = file.seek(0, 2)
    file.seek(0)
    begins_as_zip = file.read(4) == b"PK\3\4"
    file.seek(max(0, n_file - _END.size))
    end = file.read()
    if not begins_as_zip and b"PK\5\6" not in end:
        raise SignOffError(f"{shown}: no zip file", hint="`xaudit report RUN --sign-off` writes one")
    if len(end) != _END.size or not end.startswith(b"PK\5\6"):
        raise damaged(shown, "its end is missing or was changed")
    _, disk, first_disk, n_here, n_members, n_list, at, n_comment = _END.unpack(end)
    if (disk, first_disk, n_here, n_comment) != (0, 0, n_members, 0):
        raise damaged(shown, "its end was changed")
    if n_members > MOST_MEMBERS or at + n_list + _END.size != n_file:
        raise damaged(shown, "its end does not say where its list of members is")
    file.seek(at)
    listed = file.read(n_list)
    members: list[Member] = []
    place = 0
    while place < n_list:
        if len(listed) < place + _CENTRAL.size or listed[place : place + 4] != b"PK\1\2":
            raise damaged(shown, "its list of members was changed")
        fields = _CENTRAL.unpack_from(listed, place)
        method, crc, n_packed, n_bytes = fields[4], *fields[7:10]
        n_name, n_extra, n_note, offset = *fields[10:13], fields[16]
        place += _CENTRAL.size
        name = listed[place : place + n_name].decode("utf-8", "backslashreplace")
        members.append(Member(name, offset, method, n_packed, n_bytes, crc))
        place += n_name + n_extra + n_note
    if len(members) != n_members or place != n_list:
        raise damaged(shown, "its list of members was changed")
    return tuple(members)


def check_stored(members: Sequence[Member], at: int, shown: str) -> None:
    """Raise SignOffError unless the members lie one after the other, unpacked, and end at ``at``."""
    place = 0
    for member in members:
        _refuse_packed(member, shown)
        if member.offset != place:
            raise damaged(shown, f"'{shown_name(member.name)}' does not lie where the member before it ends")
        place += _LOCAL.size + len(member.name.encode()) + member.n_bytes
    if place != at:
        raise damaged(shown, f"its members have {place} bytes, and their list begins at {at}")


def _refuse_packed(member: Member, shown: str) -> None:
    if member.method != 0 or member.n_packed != member.n_bytes:
        raise SignOffError(
            f"{shown}: '{shown_name(member.name)}' is compressed and says that it has {member.n_bytes} bytes; "
            "a sign-off stores its files as they are, so nothing was unpacked",
            hint=AGAIN,
        )


def read_member(file: BinaryIO, member: Member, shown: str, *, most: int) -> bytes:
    """Return the content of a small member.

    Raises:
        SignOffError: if it is larger than ``most``, compressed, or not where the list says.
    """
    _refuse_packed(member, shown)
    if member.n_bytes > most:
        raise damaged(shown, f"'{shown_name(member.name)}' says that it has {member.n_bytes} bytes")
    file.seek(member.offset)
    if file.read(4) != b"PK\3\4":
        raise damaged(shown, f"'{shown_name(member.name)}' does not lie where the list of members says")
    file.seek(member.offset + 26)
    lengths = file.read(4)
    file.seek(sum(struct.unpack("<2H", lengths.ljust(4, b"\0"))), 1)
    data = file.read(member.n_bytes)
    if len(data) != member.n_bytes:
        raise damaged(shown, f"'{shown_name(member.name)}' is cut off")
    return data


def pieces_of(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """Yield the content of a member that :func:`check_stored` has seen, piece by piece."""
    file.seek(member.offset + _LOCAL.size + len(member.name.encode()))
    left = member.n_bytes
    while left and (piece := file.read(min(left, _PIECE))):
        left -= len(piece)
        yield piece


def shown_name(name: str) -> str:
    """Return a member's name for a message, without characters that a terminal would act on."""
    return name.encode("unicode_escape").decode("ascii")


def damaged(shown: str, reason: str) -> SignOffError:
    """Return the error of a zip file whose structure is not as it was written."""
    return SignOffError(f"{shown}: damaged: {reason}", hint=AGAIN)
