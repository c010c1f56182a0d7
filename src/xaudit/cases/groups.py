"""Groups of images that a split keeps together: read from a table, and joined where they share an image."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xaudit.cases.images.entry import file_and_frame
from xaudit.cases.table import read_text, table_lines
from xaudit.cases.text.cells import cell_text, fitted, without_empty_end
from xaudit.cases.text.spelling import nfc
from xaudit.counts import counted
from xaudit.errors import DataError, did_you_mean
from xaudit.records import Case

_COLUMNS = ("image", "group")
_GROUP = "\x1fgroup "


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A row of the table: an image and its group."""

    image: str
    group: str
    line: int


def read_groups(path: Path) -> tuple[GroupRow, ...]:
    """Read the rows of a table of groups.

    Raises:
        DataError: if the file lists nothing, lacks a column or a cell, or names an image twice.
    """
    try:
        rows = _rows(path)
    except csv.Error as error:
        raise DataError(f"{path.name}: not CSV: {error}", hint="check its quotes") from None
    if not rows:
        raise DataError(
            f"{path.name}: lists no images", hint="add a row per image, or drop data.split.groups"
        )
    return rows


def _rows(path: Path) -> tuple[GroupRow, ...]:
    lines = table_lines(read_text(path, what="groups"), path.name)
    names = [cell_text(name).lower() for name in without_empty_end(next(lines, []))]
    for column in _COLUMNS:
        if names.count(column) != 1:
            raise DataError(
                f"{path.name}: needs one column '{column}', and has {names.count(column) or 'none'}",
                hint="the columns are image and group, as in the groups.csv that `xaudit data audit` writes",
            )
    rows: dict[str, GroupRow] = {}
    for cells in lines:
        if any(cell.strip() for cell in cells):
            row = _row(f"{path.name}: line {lines.line_num}", names, cells, lines.line_num)
            first = rows.setdefault(row.image, row)
            if first is not row:
                raise DataError(
                    f"{path.name}: line {row.line}: the image '{row.image:.200}' stands in line {first.line} already",
                    hint="an image belongs to one group: keep one of the two rows",
                )
    return tuple(rows.values())


def _row(location: str, names: Sequence[str], cells: Sequence[str], line: int) -> GroupRow:
    texts = fitted(cells, len(names))
    if texts is None:
        raise DataError(
            f"{location}: {counted(len(cells), 'cell')} under {counted(len(names), 'column')}",
            hint="put quotes around a text that holds the separator",
        )
    row = dict(zip(names, map(cell_text, texts), strict=True))
    for column in _COLUMNS:
        if not row[column]:
            raise DataError(
                f"{location}: the cell '{column}' is empty",
                hint="name the image and its group, or drop the row",
            )
    return GroupRow(nfc(row["image"].replace("\\", "/")), row["group"], line)


def groups_of_cases(rows: Sequence[GroupRow], cases: Sequence[Case], path: Path) -> Mapping[str, str]:
    """Return the group of each listed image by case id; images that are not listed belong to no group.

    Raises:
        DataError: if the table names an image that the data does not have.
    """
    by_path = {nfc(case.path): case.case_id for case in cases}
    groups = {}
    for row in rows:
        if row.image not in by_path:
            hint = did_you_mean(
                row.image[:200], by_path, otherwise="give the path as the data names the image"
            )
            raise DataError(
                f"{path.name}: line {row.line}: no image of the data that can be read is '{row.image:.200}'",
                hint=hint,
            )
        groups[by_path[row.image]] = row.group
    return groups


def components(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Return the first member, by name, of each image's connected component; images without a pair are absent.

    Example:
        >>> dict(components([("b", "c"), ("c", "a"), ("x", "y")]))
        {'a': 'a', 'b': 'a', 'c': 'a', 'x': 'x', 'y': 'x'}
    """
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return {name: root(name) for name in sorted(parent)}


def units_of_split(
    cases: Iterable[Case], groups: Mapping[str, str], digests: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the unit that each case's split is decided by: patients and groups that share an image are one unit.

    Args:
        groups: group by case id.
        digests: digest of each case's file, so that copies and all images of a file stay together where no patient is known.
    """
    own = {case.case_id: case.patient_id or digests[case.case_id] for case in cases}
    first = components((own[case_id], f"{_GROUP}{group}") for case_id, group in groups.items())
    last: dict[str, str] = {}
    for name, member in first.items():
        # A group that joins nobody must not change the unit's name, which decides its split: patients sort behind groups.
        last[member] = max(name, last.get(member, name))
    return {case_id: last[first[name]] if name in first else name for case_id, name in own.items()}


def check_groups(cases: Iterable[Case], groups: Mapping[str, str], path: Path) -> None:
    """Raise DataError if the data itself puts images of one group into different splits."""
    seen: dict[str, Case] = {}
    for case in cases:
        group = groups.get(case.case_id)
        if group is None:
            continue
        first = seen.setdefault(group, case)
        if first.split != case.split:
            raise DataError(
                f"{path.name}: the group '{group:.100}' holds '{first.path:.200}' of {_owner(first)} in {first.split} and "
                f"'{case.path:.200}' of {_owner(case)} in {case.split}",
                hint="move them to one split, or drop the splits of the data so that xaudit divides it by groups",
            )


def files_of(cases: Iterable[Case]) -> Mapping[str, str]:
    """Return the file that each case's image lies in, without the number of the image in it."""
    return {case.case_id: file_and_frame(case.path)[0] for case in cases}


def _owner(case: Case) -> str:
    return "no named patient" if case.patient_id is None else f"patient '{case.patient_id:.100}'"
