"""Recognise the format of a file by its content, and never by its name alone."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xaudit.cases.annotation_file import check_bytes, read_json
from xaudit.cases.images.dicom_file import names_storage
from xaudit.cases.images.image_file import sniff
from xaudit.cases.marks.file_set import damaged
from xaudit.cases.table import read_text
from xaudit.cases.text.text_check import check_text
from xaudit.catalog import FORMAT_RECORDS
from xaudit.catalog.plugin_records import FormatPlugin
from xaudit.config import AnnotationSection
from xaudit.errors import DataError

SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "json": (".json",),
    "xml": (".xml",),
    "table": (".csv", ".tsv"),
    "text": (".txt",),
    "dicom": (".dcm", ".dicom"),
}
"""The usual suffixes by content: a file so called that is in no known format is taken as damaged."""

_HEAD_BYTES = 1 << 16
_NO_MARKS = {"jpeg": "a JPEG image", "tiff": "a TIFF image", "npy": "a NumPy array"}
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)")
_DICOM_CLASS = b"1.2.840.10008.5.1.4.1.1."
_SURFACES = b"1.2.840.10008.5.1.4.1.1.66.5"
_DICOM_OTHERS = {
    b"1.2.840.10008.5.1.4.1.1.66.6": "DICOM tractography, which is not read",
    b"1.2.840.10008.5.1.4.1.1.481.2": "a radiotherapy dose",
    b"1.2.840.10008.5.1.4.1.1.481.5": "a radiotherapy plan",
    b"1.2.840.10008.5.1.4.1.1.30": "a DICOM parametric map",
}
_DICOM_FAMILIES = {
    b"1.2.840.10008.5.1.4.1.1.88.": "a DICOM structured report, which is not read",
    b"1.2.840.10008.5.1.4.1.1.11.": "a DICOM presentation state, which is not read",
    b"1.2.840.10008.5.1.4.1.1.91.": "DICOM bulk annotations, which are not read",
}
_MARK_COLUMNS = "encodedpixels,x_min|y_min,x_max|y_max,x0|y0,x1|y1,bbox [x,xmin|ymin,xtl|ytl,left|top,x|y,x_center|y_center,bbox,rle"
"""Columns, or sets of them, that only tables of boxes or masks have."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The format of a file, or what it is instead.

    Attributes:
        format_id: as in the catalog; None where it is in no known format.
        meaning: what it is then, after "it is".
        fault: why a file that looks like annotations cannot be read as such.
        content: of JSON, once it was parsed, without LabelMe's copy of the picture; of a short XML its bytes, of YOLO its text.
        n_kept: about how many characters the content takes.
    """

    format_id: str | None
    meaning: str = ""
    fault: DataError | None = None
    content: object = None
    n_kept: int = 0


def kind_of_file(path: Path, shown: str, section: AnnotationSection) -> Kind:
    """Recognise the format of a single file.

    Args:
        path: of the file; it exists.
        shown: its name for errors.
        section: its ``columns`` can make a table of boxes out of any other.

    Raises:
        DataError: where it is too large, cannot be read, or is neither text nor JSON that it begins like.
    """
    check_bytes(path, shown)
    try:
        with path.open("rb", buffering=0) as file:
            head = file.read(_HEAD_BYTES) or b""
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read: {error.strerror or 'the system refuses it'}",
            hint="check its permissions",
        ) from None
    content = sniff(head[:1024])
    if content in _NO_MARKS:
        return Kind(None, _NO_MARKS[content])
    if content == "dicom":
        return _kind_of_dicom(head, shown)
    if content is not None:
        return Kind(_recognised(content, head))
    return _kind_of_text(path, shown, head, section)


def format_of_file(path: Path, section: AnnotationSection) -> str:
    """Return the format of a file by its content, as :func:`kind_of_file`; raises DataError where it is in none."""
    kind = kind_of_file(path, path.name, section)
    if kind.fault is not None:
        raise kind.fault
    if kind.format_id is None:
        check_text(path)
        raise unknown_content(path)
    return kind.format_id


def unknown_content(path: Path) -> DataError:
    """Return the error of a file or folder that holds no known annotations."""
    tried = ", ".join(record.name for record in FORMAT_RECORDS.values())
    return DataError(
        f"{path.name}: its content is none of the known annotations; tried {tried}",
        hint="set data.annotations.format, and for a table data.annotations.columns; "
        "`xaudit list formats` says what each holds",
    )


def _records(content: str) -> Iterator[FormatPlugin]:
    return (record for record in FORMAT_RECORDS.values() if record.content == content)


def _recognised(content: str, value: object) -> str | None:
    """Return the id of the first format of a kind of content that recognises a value; None if there is none."""
    for record in _records(content):
        if record.recognise is None or record.recognise(value):
            return record.row.id
    return None


def _kind_of_dicom(head: bytes, shown: str) -> Kind:
    format_id = _recognised("dicom", head)
    if format_id is not None:
        return Kind(format_id)
    if names_storage(head, _SURFACES):
        return Kind(
            None,
            fault=DataError(
                f"{shown}: is a DICOM surface segmentation, which is not read",
                hint="export it as a DICOM SEG of pixels, or move it out of the folder",
            ),
        )
    for storage, meaning in _DICOM_OTHERS.items():
        if names_storage(head, storage):
            return Kind(None, meaning)
    for storage, meaning in _DICOM_FAMILIES.items():
        if storage in head[: 1 << 12]:
            return Kind(None, meaning)
    if _DICOM_CLASS not in head:
        return Kind(None, fault=damaged(shown, "is DICOM and does not say of which storage class"))
    return Kind(None, "a DICOM image")


def _kind_of_text(path: Path, shown: str, head: bytes, section: AnnotationSection) -> Kind:
    if not head:
        return Kind(None, "an empty file")
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16" if wide else "utf-8-sig", errors="ignore").lstrip()
    if text.startswith("<"):
        kind = _kind_of_xml(text)
        return replace(kind, content=head, n_kept=len(head)) if len(head) < _HEAD_BYTES else kind
    if text.startswith(("{", "[")):
        content = read_json(path, shown, "annotations")
        kind = _kind_of_json(content, shown)
        return replace(kind, n_kept=path.stat().st_size + kind.n_kept)
    if not text:
        return Kind(None, "a text without a word")
    if "\0" in text:
        return Kind(None, "a file of bytes in no known format")
    kind = _kind_of_table(text, shown, section.columns)
    if kind.format_id is not None or kind.fault is not None:
        return kind
    whole = read_text(path, what="annotations") if len(head) == _HEAD_BYTES else text
    format_id = _recognised("text", whole)
    return kind if format_id is None else Kind(format_id, content=whole, n_kept=len(whole))


def _kind_of_xml(text: str) -> Kind:
    for tag in _ROOT.finditer(text):
        if not text[: tag.start()].rstrip().endswith("<!--"):
            root = tag.group(1).rpartition(":")[2]
            return Kind(_recognised("xml", root), f"XML that begins with <{root:.40}>")
    return Kind(None, "XML without an element")


def _kind_of_json(content: Any, shown: str) -> Kind:  # noqa: ANN401
    format_id = _recognised("json", content)
    if format_id is None:
        faults = (record.fault(content, shown) for record in _records("json") if record.fault is not None)
        fault = next(filter(None, faults), None)
        return Kind(None, "JSON in no known format" if fault is None else "", fault)
    n_kept = 0
    if isinstance(content, dict) and {"shapes", "imageData"} <= content.keys():
        # LabelMe's copy of the picture takes most of the file, and nothing reads it.
        picture = content.pop("imageData")
        n_kept = -len(picture) if isinstance(picture, str) else 0
    return Kind(format_id, content=content, n_kept=n_kept)


def _kind_of_table(text: str, shown: str, columns: Mapping[str, str]) -> Kind:
    line = text.partition("\n")[0]
    separator = max(",;\t", key=line.count)
    names = tuple(name.strip().strip('"').lower() for name in line.split(separator))
    # Any table can be one whose columns the user names, so that these formats come last.
    for record in sorted(_records("table"), key=lambda record: record.recognise is not None):
        if record.recognise is not None:
            known = record.recognise(names, columns)
        else:
            known = not columns and set(_columns(record)) <= set(names)
        if known:
            return Kind(record.row.id)
    if len(names) < 2:
        return Kind(None, "a text in no known format")
    if any(set(marks.split("|")) <= set(names) for marks in _MARK_COLUMNS.split(",")):
        return Kind(None, fault=damaged(shown, f"looks like a table of marks, and {_lacks(names, columns)}"))
    has = ", ".join(f"'{name:.20}'" for name in names[:4] if name)
    return Kind(
        None, f"a table without columns of marks (it begins with {has})" if has else "a table without names"
    )


def _columns(record: FormatPlugin) -> Collection[str]:
    columns: Collection[str] = record.columns.resolve() if record.columns is not None else ()
    return columns


def _lacks(names: Collection[str], columns: Mapping[str, str]) -> str:
    """Name a column that a table lacks of the known table that it is most like."""
    known: list[Sequence[str]] = [
        [columns.get(name, name).strip().lower() for name in _columns(record)]
        if record.recognise is not None
        else sorted(_columns(record))
        for record in _records("table")
        if record.columns is not None
    ]
    nearest = min(known, key=lambda needed: len(set(needed) - set(names)) / len(needed))
    missing = [name for name in nearest if name not in set(names)]
    return f"has no column '{missing[0]}'" if missing else "its columns are those of no known table"
