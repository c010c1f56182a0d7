"""The unpacked size and the imports of a torch file, read off its bytes; nothing in it is loaded."""

import pickletools
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    OSError,
    RuntimeError,  # zipfile's word for an encrypted file
    ValueError,
    LookupError,
    EOFError,
    OverflowError,
    struct.error,
)
"""Exceptions that a damaged archive or pickle can raise."""


def unpacked_bytes(path: Path) -> int:
    """Return the bytes of an archive's entries once they are unpacked; 0 if it is no archive, or a damaged one."""
    try:
        with path.open("rb") as file:
            return archived_bytes(file)
    except OSError:
        return 0


def archived_bytes(file: IO[bytes]) -> int:
    """Return :func:`unpacked_bytes` of an open file."""
    try:
        if not zipfile.is_zipfile(file):
            return 0
        with zipfile.ZipFile(file) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except _BROKEN:
        return 0


def names_in(file: IO[bytes]) -> Iterator[str]:
    """Yield the imports of a checkpoint's pickles, read off their opcodes; nothing is imported."""
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                for entry in archive.namelist():
                    if entry.endswith("data.pkl"):
                        with archive.open(entry) as inner:
                            yield from _names_in_pickle(inner)
            return
    except _BROKEN:
        return
    file.seek(0)
    if file.read(2) == b"PK":  # an archive that was cut off, whose bytes mean nothing as a pickle
        return
    file.seek(0)
    for _ in range(8):  # torch's older files are a handful of pickles, one after the other
        yield from _names_in_pickle(file)


def _names_in_pickle(file: IO[bytes]) -> Iterator[str]:
    texts: list[str] = []
    try:
        for opcode, argument in _opcodes(file):
            name = ""
            if opcode.name in ("GLOBAL", "INST"):
                name = str(argument).replace(" ", ".")
            elif opcode.name == "STACK_GLOBAL":
                name = ".".join(texts[-2:])
            elif isinstance(argument, str):
                texts.append(argument)
            if _DOTTED.fullmatch(name):
                yield name
    except (*_BROKEN, MemoryError):
        return


def _opcodes(file: IO[bytes]) -> Iterator[tuple[pickletools.OpcodeInfo, object]]:
    opcodes = pickletools.genops(file)
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in texts
            step = next(opcodes, None)
        if step is None:
            return
        yield step[:2]
