"""Readers for annotation files as text, JSON, XML or tables, which are checked before they are trusted.

A file of more than :data:`xaudit.cases.table.LARGEST_BYTES` is refused before it is read. XML that declares a document type is refused
too: entities are declared there, with which a file could pull in others or grow without end.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import AnyStr
from xml.etree import ElementTree

from xaudit.cases import table
from xaudit.cases.table import read_text, table_lines
from xaudit.cases.text.cells import cell_text, fitted, without_empty_end
from xaudit.cases.text.spelling import nfc
from xaudit.cases.text.tree import files_in
from xaudit.counts import counted
from xaudit.errors import DataError

_MOST_MEMORY = 2**30
_MOST_PER_BYTE = 8
_LISTS = ("images", "annotations", "categories", "votes", "shapes")
"""Keys of JSON formats that hold a file's whole content."""


class DoctypeError(ValueError):
    """An XML file with a document type, which could include other files or grow without end."""


class _Refusing(ElementTree.TreeBuilder):
    """Tree builder that stops at a document type: entities are declared there, and none is needed."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002
        raise DoctypeError


class _RepeatedKeyError(ValueError):
    """An object of a JSON file has a key twice."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: its place for errors, and its cells by lower-case column name."""

    place: str
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def check_bytes(path: Path, shown: str) -> None:
    """Raise DataError if a file is too large for annotations, or cannot be inspected."""
    try:
        table.check_bytes(path, shown)
    except OSError as error:
        raise _unreadable(shown, error) from None


def read_json(path: Path, shown: str, what: str) -> object:
    """Read a JSON file.

    Args:
        path: path of the file.
        shown: its name in errors.
        what: the format, for errors.

    Raises:
        DataError: too large, unreadable, not UTF-8, not JSON, or nested without end.
    """
    check_bytes(path, shown)
    text = read_text(path, what="annotations")
    _check_memory(shown, text, {"{": 232, "[": 72, ",": 32, '"': 25})
    try:
        content: object = json.loads(text)
        if _may_repeat(text, content):
            json.loads(text, object_pairs_hook=_without_repeats)
        return content
    except _RepeatedKeyError as error:
        raise DataError(
            f"{shown}: gives '{error.key:.60}' twice in one object, and the first would be lost",
            hint="join the two, or divide the file",
        ) from None
    except json.JSONDecodeError as error:
        raise DataError(
            f"{shown}: line {error.lineno}: not JSON: {error.msg}", hint="export the annotations again"
        ) from None
    except RecursionError:
        raise DataError(f"{shown}: not {what}: nested too deeply", hint="export it again") from None
    except ValueError:
        raise DataError(f"{shown}: not {what}: a number without end", hint="export it again") from None


def _may_repeat(text: str, content: object) -> bool:
    """Return True if a list of annotations, or an image of CheXlocalize, may occur twice; a full check takes longer."""
    if not isinstance(content, dict):
        return False
    lists = [key for key in _LISTS if key in content]
    return any(text.count(f'"{key}"') > 1 for key in lists) if lists else '"counts"' in text


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        seen: set[str] = set()
        raise _RepeatedKeyError(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return content


def read_xml(path: Path, shown: str, what: str, *, data: bytes | None = None) -> ElementTree.Element:
    """Return the root of an XML file.

    Args:
        path: path of the file.
        shown: its name in errors.
        what: the format, for errors.
        data: its content, if it was read already.

    Raises:
        DataError: too large, unreadable, not XML, in an unknown encoding, or with a document type.
    """
    if data is None:
        check_bytes(path, shown)
    try:
        parser = ElementTree.XMLParser(target=_Refusing())  # noqa: S314  (document types are refused)
        data = path.read_bytes() if data is None else data
        _check_memory(shown, data, {b"<": 100, b"=": 100})
        parser.feed(data)
        tree: ElementTree.Element = parser.close()
    except DoctypeError:
        raise DataError(
            f"{shown}: declares a document type or entities, which can pull in other files",
            hint=f"take the DOCTYPE out; {what} needs none",
        ) from None
    except ElementTree.ParseError as error:
        line, column = error.position
        raise DataError(
            f"{shown}: line {line}, column {column}: not XML", hint="export the file again"
        ) from None
    except (LookupError, ValueError):
        raise DataError(f"{shown}: in an unknown encoding", hint="save the file as UTF-8") from None
    except OSError as error:
        raise _unreadable(shown, error) from None
    return tree


def read_rows(path: Path) -> tuple[tuple[str, ...], Iterator[Row]]:
    """Return the lower-case column names of a table, and an iterator over its rows that are not blank.

    Separated by commas, semicolons or tabs. Columns without a name are skipped; two of the
    same name must hold the same.

    Raises:
        DataError: too large, unreadable, not UTF-8, not CSV, or a row of another length than the header.
    """
    check_bytes(path, path.name)
    text = read_text(path, what="annotations")
    lines = table_lines(text, path.name)
    try:
        names = tuple(nfc(name.strip()).lower() for name in without_empty_end(next(lines, [])))
    except csv.Error as error:
        raise DataError(f"{path.name}: line 1: not CSV: {error}", hint="check its quotes") from None
    return names, _rows(path.name, names, lines)


def read_known_rows(path: Path, columns: Sequence[str], table_name: str, hint: str) -> Iterator[Row]:
    """Return the rows of a table that must have these columns; raises DataError where it lacks one, and as :func:`read_rows`."""
    names, rows = read_rows(path)
    missing = [name for name in columns if name not in names]
    if missing:
        raise DataError(f"{path.name}: not {table_name}: no column is called '{missing[0]}'", hint=hint)
    return rows


def check_all_or_none(rows: Sequence[Row], column: str, what: str) -> None:
    """Raise DataError if a column is filled for some rows and empty for others.

    Args:
        what: meaning of the column, for the error.
    """
    empty = next((row for row in rows if not row[column]), None)
    filled = next((row for row in rows if row[column]), None)
    if empty is not None and filled is not None:
        raise DataError(
            f"{empty.place}: {what} is empty, while {filled.place.rpartition(': ')[2]} has one",
            hint="fill it in for every row, or leave the column out",
        )


def _check_memory(shown: str, text: AnyStr, cost: Mapping[AnyStr, int]) -> None:
    """Raise DataError if a text would become more than a gigabyte of values, and far more than its own length.

    Args:
        cost: bytes that each of these characters takes once the text is read.
    """
    needed = len(text) + sum(n_bytes * text.count(mark) for mark, n_bytes in cost.items())
    if needed > max(_MOST_MEMORY, _MOST_PER_BYTE * len(text)):
        raise DataError(
            f"{shown}: would take {needed / 2**30:.1f} GB of memory, most of it for empty or tiny values",
            hint="divide the file; this one is damaged, or holds more than annotations",
        )


def files_below(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """Return the files with one of these suffixes below a folder, without hidden ones; links to folders are followed.

    Args:
        folder: the folder to search.
        suffixes: in lower case, with their dots; none takes every file.

    Raises:
        DataError: if the folder cannot be listed, or a link leads nowhere or to a folder twice.
    """
    try:
        files = files_in(folder)
    except OSError as error:
        raise _unreadable(folder.name, error) from None
    return [path for path in files if not suffixes or path.name.lower().endswith(tuple(suffixes))]


def _rows(shown: str, names: Sequence[str], lines: "Iterator[list[str]]") -> Iterator[Row]:
    line, n_named = 1, sum(map(bool, names))
    try:
        for cells in lines:
            line = getattr(lines, "line_num", line + 1)
            if not any(cell.strip() for cell in cells):
                continue
            fitting = fitted(cells, len(names))
            if fitting is None:
                raise DataError(
                    f"{shown}: line {line}: {counted(len(cells), 'cell')} under {counted(len(names), 'column')}",
                    hint="put quotes around a text that holds the separator",
                )
            row: dict[str, str] = {}
            for name, cell in zip(names, fitting, strict=True):
                if name:
                    row.setdefault(name, cell_text(cell))
            if len(row) < n_named:
                _check_repeated(f"{shown}: line {line}", names, fitting)
            yield Row(f"{shown}: line {line}", row)
    except csv.Error as error:
        raise DataError(f"{shown}: line {line + 1}: not CSV: {error}", hint="check its quotes") from None


def _check_repeated(location: str, names: Sequence[str], cells: Sequence[str]) -> None:
    """Raise DataError if two columns with the same name hold different texts in a row."""
    known: dict[str, str] = {}
    for name, cell in zip(names, cells, strict=True):
        text = cell_text(cell)
        first = known.setdefault(name, text)
        if name and first != text:
            raise DataError(
                f"{location}: two columns are called '{name:.60}', of which one says '{first:.60}' and the other '{text:.60}'",
                hint="keep one of them, or rename it",
            )


def _unreadable(shown: str, error: OSError) -> DataError:
    reason = error.strerror or "the system refuses it"
    return DataError(f"{shown}: cannot be read: {reason}", hint="check its permissions")
