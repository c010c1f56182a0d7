"""The list ``sign-off.json`` at the head of a sign-off: each file with its size and SHA-256, and the list's own hash."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xaudit.errors import SignOffError
from xaudit.store.schema_version import is_version
from xaudit.store.sign_off.plain_zip import AGAIN, damaged

NAME = "sign-off.json"
SCHEMA_VERSION = "1.0"
"""Version of the list and of the zip around it."""

MOST_BYTES = 1 << 26
"""Size that the list may have."""

_TOOL, _KIND = "xaudit", "sign-off"
_MAJOR = int(SCHEMA_VERSION.partition(".")[0])
_OWN_HASH = "sha256_of_this_list"
_RUN_KEYS = ("run_id", "name", "config_hash", "created")


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A file of the sign-off, or tables of the run that it leaves out.

    Attributes:
        path: name in the zip, or the name of the table.
        sha256: of its bytes; of tables left out, of the lines that name the SHA-256 and path of each file.
        n_files: 1; of tables left out, the number of their files.
    """

    path: str
    n_bytes: int
    sha256: str
    n_files: int = 1


@dataclass(frozen=True, slots=True)
class SealedList:
    """The list of a sign-off.

    Attributes:
        xaudit: version of the program that wrote it.
        run: the run's id, name, hash of its settings and time of creation.
        hashed_ids: keyed hashes stand for the ids of cases and patients.
        images: pictures, outlines and maps of single cases are in it.
        files: all files but the list itself, in their order in the zip.
        left_out: tables of the run that are not in it.
    """

    xaudit: str
    run: Mapping[str, str]
    hashed_ids: bool
    images: bool
    files: tuple[SignedFile, ...]
    left_out: tuple[SignedFile, ...] = ()

    def as_plain(self) -> dict[str, object]:
        """Return the list as JSON values."""
        return {
            "xaudit": self.xaudit,
            "run": {key: self.run[key] for key in _RUN_KEYS},
            "ids": "hashed" if self.hashed_ids else "shown",
            "images": self.images,
            "files": [{"path": one.path, "bytes": one.n_bytes, "sha256": one.sha256} for one in self.files],
            "left_out": [
                {"table": one.path, "files": one.n_files, "bytes": one.n_bytes, "sha256": one.sha256}
                for one in self.left_out
            ],
        }


def sha256_of(data: bytes) -> str:
    """Hash bytes."""
    return hashlib.sha256(data).hexdigest()


def encode_list(sealed: SealedList) -> bytes:
    """Return the bytes of ``sign-off.json``."""
    plain = {"tool": _TOOL, "kind": _KIND, "schema_version": SCHEMA_VERSION, **sealed.as_plain()}
    return _sealed(plain)


def decode_list(data: bytes, shown: str) -> SealedList:
    """Read a list, and check its own hash.

    Raises:
        SignOffError: if the list is of another tool or a newer version, or not as it was written.
    """
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError):
        raise damaged(shown, f"{NAME} is no JSON") from None
    if not isinstance(plain, dict) or (plain.get("tool"), plain.get("kind")) != (_TOOL, _KIND):
        raise SignOffError(
            f"{shown}: {NAME} was not written by xaudit",
            hint="`xaudit report RUN --sign-off` writes a sign-off",
        )
    version = plain.get("schema_version")
    if not is_version(version):
        raise damaged(shown, f"{NAME} names no schema version")
    if int(version.partition(".")[0]) > _MAJOR:
        raise SignOffError(
            f"{shown}: written by a newer xaudit (sign-off schema {version}; this one reads up to {_MAJOR}.x)",
            hint="upgrade xaudit",
        )
    try:
        plain.pop(_OWN_HASH)
        if _sealed(plain) == data:
            return _from_plain(plain)
    except (KeyError, TypeError, ValueError, RecursionError):
        pass
    raise SignOffError(f"{shown}: {NAME} was changed: it no longer has the hash that it names", hint=AGAIN)


def _sealed(plain: Mapping[str, Any]) -> bytes:
    return _text({**plain, _OWN_HASH: sha256_of(_text(plain))})


def _text(plain: Mapping[str, Any]) -> bytes:
    return (json.dumps(plain, indent=2, allow_nan=False) + "\n").encode()


def _from_plain(plain: Mapping[str, Any]) -> SealedList:
    run = {key: str(plain["run"][key]) for key in _RUN_KEYS}
    files = tuple(SignedFile(one["path"], one["bytes"], one["sha256"]) for one in plain["files"])
    left_out = tuple(
        SignedFile(one["table"], one["bytes"], one["sha256"], one["files"]) for one in plain["left_out"]
    )
    for one in (*files, *left_out):
        if not all(isinstance(text, str) for text in (one.path, one.sha256)):
            raise TypeError("a path and a hash are texts")
    hashed_ids = {"hashed": True, "shown": False}[plain["ids"]]
    return SealedList(str(plain["xaudit"]), run, hashed_ids, bool(plain["images"]), files, left_out)
