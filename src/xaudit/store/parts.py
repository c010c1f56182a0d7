"""Tables that grow piece by piece: ``<table>/part-<key>.parquet``, one per finished shard of work.

A part's key is the digest of everything that determines its content. A part is there whole or not at all; one that
was damaged afterwards counts as absent and is removed, so that its shard is computed again.
"""

import contextlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from xaudit.config import fingerprint
from xaudit.errors import RunFolderError
from xaudit.store.parquet_file import DamagedTableError, check_table, encode_table, read_table
from xaudit.store.rows.calibration import PLANTED_ANSWERS
from xaudit.store.rows.cases import PART_PROBLEMS
from xaudit.store.rows.facts import MAP_FACTS
from xaudit.store.rows.image_changes import IMAGE_CHANGES
from xaudit.store.rows.maps import MAPS, TUNING_MAPS
from xaudit.store.rows.misclassified import (
    MISCLASSIFIED_FACTS,
    MISCLASSIFIED_MAPS,
    MISCLASSIFIED_PROBLEMS,
    MISCLASSIFIED_RELIANCE,
    MISCLASSIFIED_RELIANCE_MAP,
)
from xaudit.store.rows.reliance import RELIANCE
from xaudit.store.rows.reliance_map import RELIANCE_MAP
from xaudit.store.rows.scores import CURVES, SCORES
from xaudit.store.rows.table import Table
from xaudit.store.rows.tunings import TUNING
from xaudit.store.run_folder import RunFolder
from xaudit.store.schema_version import SCHEMA_VERSION

__all__ = [
    "CURVES",
    "IMAGE_CHANGES",
    "MAPS",
    "MAP_FACTS",
    "MISCLASSIFIED_FACTS",
    "MISCLASSIFIED_MAPS",
    "MISCLASSIFIED_PROBLEMS",
    "MISCLASSIFIED_RELIANCE",
    "MISCLASSIFIED_RELIANCE_MAP",
    "PART_PROBLEMS",
    "PLANTED_ANSWERS",
    "RELIANCE",
    "RELIANCE_MAP",
    "SCORES",
    "TUNING",
    "TUNING_MAPS",
    "Part",
    "PartsRead",
    "has_part",
    "iter_parts",
    "part_keys",
    "prune_parts",
    "read_parts",
    "shard_key",
    "write_part",
]

Record = TypeVar("Record")

_KEY = re.compile(r"^[0-9a-f]{16}$")


@dataclass(frozen=True, slots=True)
class Part(Generic[Record]):
    """The rows of one shard.

    Attributes:
        rows: None if the part is absent; an empty part exists and has no rows.
        notice: a sentence for the reader if the part was damaged, else empty.
    """

    key: str
    rows: tuple[Record, ...] | None
    notice: str = ""


@dataclass(frozen=True, slots=True)
class PartsRead(Generic[Record]):
    """The rows of many shards.

    Attributes:
        rows: in the order of the keys requested, and within a part as they were written.
        missing: keys of the parts that are absent or were damaged.
        notices: one sentence per damaged part.
    """

    rows: tuple[Record, ...]
    missing: tuple[str, ...]
    notices: tuple[str, ...]


def shard_key(parts: Mapping[str, object]) -> str:
    """Return the key of a shard, 16 hex digits, from everything that determines its result.

    Args:
        parts: JSON values only: case ids and their digests, model and explainer fingerprints, seed, versions.

    Raises:
        TypeError: for a value that JSON cannot hold, as its text could differ from run to run.

    Example:
        >>> shard_key({"cases": ["a"], "seed": 0}) == shard_key({"seed": 0, "cases": ("a",)})
        True
    """
    # Through JSON, which writes tuples and lists alike, so that both give one key.
    plain = json.loads(json.dumps(dict(parts), allow_nan=True))
    return fingerprint({"schema": SCHEMA_VERSION.partition(".")[0], "parts": plain})


def has_part(run: RunFolder, table: Table[Any], key: str) -> bool:
    """Return True if a shard is finished: its part exists and its footer is whole. Remove a damaged part.

    Raises:
        RunFolderError: if a newer version wrote the part, or it cannot be read.
    """
    path = _path(run, table, key)
    try:
        with _unreadable_as_errors(_shown(run, path)):
            check_table(path, table, _shown(run, path))
    except FileNotFoundError:
        return False
    except DamagedTableError:
        _remove(path)
        return False
    return True


def write_part(run: RunFolder, table: Table[Record], key: str, rows: Sequence[Record]) -> None:
    """Store a finished shard in one step, also one without rows; raise OutputError if that fails."""
    path = _path(run, table, key)
    run.save_bytes(f"{table.name}/{path.name}", encode_table(table, rows, run))


def iter_parts(run: RunFolder, table: Table[Record], keys: Sequence[str]) -> Iterator[Part[Record]]:
    """Yield the parts of these shards one by one, so that memory holds one at a time.

    Raises:
        RunFolderError: if a newer version wrote a part, or it cannot be read.
    """
    for key in keys:
        path = _path(run, table, key)
        try:
            with _unreadable_as_errors(_shown(run, path)):
                rows = tuple(read_table(path, table, _shown(run, path)))
        except FileNotFoundError:
            yield Part(key, None)
        except DamagedTableError as error:
            _remove(path)
            yield Part(key, None, f"{table.name}/{path.name} was damaged and counts as not done: {error}")
        else:
            yield Part(key, rows)


def read_parts(run: RunFolder, table: Table[Record], keys: Sequence[str]) -> PartsRead[Record]:
    """Read the rows of these shards; raise as :func:`iter_parts`."""
    rows: list[Record] = []
    missing, notices = [], []
    for part in iter_parts(run, table, keys):
        if part.rows is None:
            missing.append(part.key)
        else:
            rows += part.rows
        if part.notice:
            notices.append(part.notice)
    return PartsRead(tuple(rows), tuple(missing), tuple(notices))


def part_keys(run: RunFolder, table: Table[Any]) -> tuple[str, ...]:
    """Return the keys of all existing parts, sorted."""
    names = (path.name for path in (run.path / table.name).glob("part-*.parquet"))
    keys = (name.removeprefix("part-").removesuffix(".parquet") for name in names)
    return tuple(sorted(key for key in keys if _KEY.match(key)))


def prune_parts(run: RunFolder, table: Table[Any], keep: Collection[str]) -> int:
    """Remove the parts that a finished run does not use, and return their number.

    Shards of another size, or of a limit since lifted, leave parts whose rows are in other parts as well; a reader of
    ``part-*.parquet`` as one table would count them twice.
    """
    others = [key for key in part_keys(run, table) if key not in set(keep)]
    for key in others:
        _remove(_path(run, table, key))
    return len(others)


def _path(run: RunFolder, table: Table[Any], key: str) -> Path:
    if not table.in_parts:
        raise ValueError(f"the table {table.name} is not written in parts")
    if not _KEY.match(key):
        raise ValueError(f"{key!r} is no shard key")
    return run.path / table.name / f"part-{key}.parquet"


def _shown(run: RunFolder, path: Path) -> str:
    return f"{run.run_id}/{path.parent.name}/{path.name}"


@contextlib.contextmanager
def _unreadable_as_errors(shown: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RunFolderError(
            f"{shown}: cannot be read: {error.strerror}", hint="check its permissions"
        ) from error


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # in a read-only folder it stays, and is skipped again
        path.unlink()
