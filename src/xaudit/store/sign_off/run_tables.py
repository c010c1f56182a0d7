"""The tables of a run as a sign-off holds them: as stored, or with keyed hashes for the ids of cases and patients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from xaudit.store.checksums import file_checksum, lines_checksum
from xaudit.store.parquet_file import adopt_table, read_columns
from xaudit.store.parts import MAPS, RELIANCE_MAP, TUNING_MAPS
from xaudit.store.rows.cases import ANNOTATIONS, PREVIEWS
from xaudit.store.rows.table import Table
from xaudit.store.run_folder import RunFolder
from xaudit.store.schema_page import TABLES
from xaudit.store.sign_off.seal import SignedFile
from xaudit.store.tables import read_errors

ALWAYS_LEFT_OUT = (MAPS, TUNING_MAPS)
"""The maps of every case: most of a run's bytes, and nothing that a person reads."""

LEFT_OUT_WITHOUT_IMAGES = (ANNOTATIONS, PREVIEWS, RELIANCE_MAP)
"""Outlines, pictures and reliance maps of single cases."""

ID_COLUMNS = frozenset({"case_id", "patient_id", "path", "typical", "examples", "cases"})
"""Columns of which every value is the id of a case or patient, or names its file."""


class Names(Protocol):
    """Stands for ids; :class:`xaudit.report.hashed_ids.HashedIds` does."""

    def id(self, name: str) -> str:
        """Return the text that replaces an id."""

    def text(self, text: str) -> str:
        """Return a text in which every id is replaced."""


@dataclass(frozen=True, slots=True)
class SignedTables:
    """The tables of a run.

    Attributes:
        files: content by path within the run folder.
        left_out: tables that the run has and the sign-off does not hold.
    """

    files: dict[str, bytes]
    left_out: tuple[SignedFile, ...]


def signed_tables(run: RunFolder, *, images: bool, names: Names | None) -> SignedTables:
    """Read every table of a run, whole.

    Args:
        images: False to leave out what shows the image, the outlines or a map of a single case.
        names: stands for the ids; None to keep the files as they are.

    Raises:
        RunFolderError: if a table is damaged, or newer than this program.
    """
    unwanted = {table.name for table in ALWAYS_LEFT_OUT}
    unwanted |= set() if images else {table.name for table in LEFT_OUT_WITHOUT_IMAGES}
    files: dict[str, bytes] = {}
    left_out: list[SignedFile] = []
    for table in TABLES:
        paths = _paths(run, table)
        if table.name in unwanted:
            left_out += [_left_out(run, table, paths)] if paths else []
            continue
        for path in paths:
            name = path.relative_to(run.path).as_posix()
            files[name] = _content(path, table, run, names)
    return SignedTables(files, tuple(left_out))


def _paths(run: RunFolder, table: Table[Any]) -> Sequence[Path]:
    pattern = f"{table.name}/part-*.parquet" if table.in_parts else f"{table.name}.parquet"
    return sorted(run.path.glob(pattern))


def _left_out(run: RunFolder, table: Table[Any], paths: Sequence[Path]) -> SignedFile:
    with read_errors(f"{run.run_id}/{table.name}"):
        lines = [f"{file_checksum(path)}\t{path.relative_to(run.path).as_posix()}" for path in paths]
        n_bytes = sum(path.stat().st_size for path in paths)
    return SignedFile(table.name, n_bytes, lines_checksum(lines), len(paths))


def _content(path: Path, table: Table[Any], run: RunFolder, names: Names | None) -> bytes:
    shown = f"{run.run_id}/{path.relative_to(run.path).as_posix()}"
    with read_errors(shown):
        if names is None:
            read_columns(path, table, shown)
            return path.read_bytes()
        return adopt_table(
            path, table, run, shown, change=lambda field, column: _renamed(field, column, names)
        )


def _renamed(field: pa.Field, column: pa.ChunkedArray, names: Names) -> pa.ChunkedArray:
    """Replace the ids in a column of texts; any other column stays as it is."""
    replace: Callable[[str], str] = names.id if field.name in ID_COLUMNS else names.text
    if pa.types.is_string(field.type):
        new = {text: None if text is None else replace(text) for text in column.unique().to_pylist()}
        return pa.chunked_array([pa.array([new[text] for text in column.to_pylist()], pa.string())])
    if pa.types.is_list(field.type) and pa.types.is_string(field.type.value_type):
        rows = [None if row is None else [replace(text) for text in row] for row in column.to_pylist()]
        return pa.chunked_array([pa.array(rows, field.type)])
    return column
