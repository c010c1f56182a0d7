"""Verification of a sign-off: every byte of the file is as it was written."""

import hashlib
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from xaudit.errors import SignOffError
from xaudit.store.checksums import file_checksum
from xaudit.store.sign_off import seal
from xaudit.store.sign_off.plain_zip import (
    AGAIN,
    Member,
    check_stored,
    closing,
    damaged,
    local_header,
    pieces_of,
    read_member,
    read_members,
    shown_name,
)
from xaudit.store.sign_off.seal import SealedList, SignedFile, decode_list, sha256_of


@dataclass(frozen=True, slots=True)
class VerifiedSignOff:
    """A sign-off of which every byte is as it was written.

    Attributes:
        sealed: its list.
        sha256: of the whole file.
        n_bytes: of the whole file.
    """

    sealed: SealedList
    sha256: str
    n_bytes: int


def verify(path: Path) -> VerifiedSignOff:
    """Check a sign-off; nothing is unpacked and nothing written.

    Raises:
        SignOffError: if it is not as it was written, or no sign-off that this program can read.
    """
    shown = str(path)
    try:
        with path.open("rb") as file:
            sealed = read_verified(file, shown)
        return VerifiedSignOff(sealed, file_checksum(path), path.stat().st_size)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SignOffError(
            f"{shown}: cannot be read: {reason}", hint="name the zip file of a sign-off"
        ) from error


def read_verified(file: BinaryIO, shown: str) -> SealedList:
    """Return the list of a sign-off, after every byte was checked; raise as :func:`verify`."""
    members = read_members(file, shown)
    _check_names(members, shown)
    by_name = {member.name: member for member in members}
    if seal.NAME not in by_name:
        raise SignOffError(
            f"{shown}: no sign-off of xaudit: it holds no {seal.NAME}",
            hint="`xaudit report RUN --sign-off` writes a sign-off",
        )
    text = read_member(file, by_name[seal.NAME], shown, most=seal.MOST_BYTES)
    sealed = decode_list(text, shown)
    listed = (SignedFile(seal.NAME, len(text), sha256_of(text)), *sealed.files)
    _check_listed(listed, members, shown)
    check_stored(members, file.seek(0, 2) - len(closing(members, 0)), shown)
    checked = [_checked(file, by_name[one.path], one, shown) for one in listed]
    _check_frame(file, members, checked, shown)
    return sealed


def _check_names(members: Sequence[Member], shown: str) -> None:
    """Raise SignOffError for a name that stands twice or would leave the folder in which the file is unpacked."""
    for name, n in Counter(member.name for member in members).items():
        if n > 1:
            raise SignOffError(f"{shown}: {n} members are called '{shown_name(name)}'", hint=AGAIN)
        if not _is_inside(name):
            raise SignOffError(
                f"{shown}: '{shown_name(name)}' would be written outside the folder in which the file is unpacked",
                hint="do not unpack it; " + AGAIN,
            )


def _is_inside(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    rooted = PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or name.startswith("\\")
    return not rooted and not {"", ".", ".."} & {*parts} and name.isprintable()


def _check_listed(listed: Sequence[SignedFile], members: Sequence[Member], shown: str) -> None:
    """Raise SignOffError for a member that was added, is missing or has another name."""
    names = {member.name for member in members}
    added = sorted(shown_name(name) for name in names - {one.path for one in listed})
    missing = [shown_name(one.path) for one in listed if one.path not in names]
    if added and missing:
        raise SignOffError(
            f"{shown}: {_named(missing)} missing and {_named(added)} not in its list: renamed or exchanged",
            hint=AGAIN,
        )
    if missing:
        raise SignOffError(f"{shown}: {_named(missing)} missing", hint=AGAIN)
    if added:
        raise SignOffError(f"{shown}: {_named(added)} not in its list: added later", hint=AGAIN)


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - 1} more are" if len(names) > 1 else " is"
    return f"'{names[0]}'{more}"


def _checked(file: BinaryIO, member: Member, signed: SignedFile, shown: str) -> Member:
    """Return the member with the CRC-32 of what is there; raise SignOffError if its SHA-256 is not the listed one."""
    digest, crc = hashlib.sha256(), 0
    for piece in pieces_of(file, member):
        digest.update(piece)
        crc = zlib.crc32(piece, crc)
    if (member.n_bytes, digest.hexdigest()) != (signed.n_bytes, signed.sha256):
        raise SignOffError(
            f"{shown}: '{shown_name(member.name)}' was changed: its SHA-256 is {digest.hexdigest()}, "
            f"and the list says {signed.sha256}",
            hint=AGAIN,
        )
    return replace(member, crc=crc)


def _check_frame(file: BinaryIO, members: Sequence[Member], checked: Sequence[Member], shown: str) -> None:
    """Raise SignOffError unless the headers, the list of members and the end are those that xaudit writes."""
    if [member.name for member in members] != [member.name for member in checked]:
        raise damaged(shown, "its files are in another order")
    for member in checked:
        header = local_header(member)
        file.seek(member.offset)
        if file.read(len(header)) != header:
            raise damaged(shown, f"the header of '{member.name}' was changed")
    last = checked[-1]
    end = closing(checked, last.offset + len(local_header(last)) + last.n_bytes)
    file.seek(-len(end), 2)
    if file.read() != end:
        raise damaged(shown, "its list of members was changed")
