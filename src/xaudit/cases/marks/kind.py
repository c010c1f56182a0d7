"""The format of one file, told by its content and never by its name alone."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from xaudit.cases.annotation_file import check_bytes, read_json
from xaudit.cases.images.dicom_file import names_storage
from xaudit.cases.images.image_file import sniff
from xaudit.cases.marks.formats.box_table import COLUMNS as BOX_COLUMNS
from xaudit.cases.marks.formats.box_table import box_columns
from xaudit.cases.marks.formats.chexlocalize import is_chexlocalize
from xaudit.cases.marks.formats.dicom_seg import is_dicom_seg
from xaudit.cases.marks.formats.nih import COLUMNS as NIH_COLUMNS
from xaudit.cases.marks.formats.rsna import COLUMNS as RSNA_COLUMNS
from xaudit.cases.marks.formats.rtstruct import is_rtstruct
from xaudit.cases.marks.formats.siim import COLUMNS as SIIM_COLUMNS
from xaudit.cases.marks.formats.vindr import COLUMNS as VINDR_COLUMNS
from xaudit.cases.marks.formats.yolo import is_yolo
from xaudit.cases.table import read_text
from xaudit.config import AnnotationSection
from xaudit.errors import DataError

_HEAD_BYTES = 1 << 16
_ROOTS = {"annotation": "voc", "annotations": "cvat", "LidcReadMessage": "lidc"}
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
_TABLES: tuple[tuple[str, frozenset[str]], ...] = (
    ("siim", SIIM_COLUMNS),
    ("rsna", RSNA_COLUMNS),
    ("vindr", VINDR_COLUMNS),
    ("nih", frozenset(NIH_COLUMNS)),
)
_GIVEN_AWAY = (
    {"encodedpixels"},
    {"x_min", "y_min"},
    {"x_max", "y_max"},
    {"x0", "y0"},
    {"x1", "y1"},
    {"bbox [x"},
    {"x1", "y1", "x2"},
    {"xmin", "ymin"},
    {"xtl", "ytl"},
    {"left", "top"},
    {"x", "y"},
    {"x_center", "y_center"},
    {"bbox"},
    {"rle"},
)
"""Columns that no table has that does not hold boxes or masks."""


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
    """The format of a single file.

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
    match sniff(head[:1024]):
        case "png":
            return Kind("masks")
        case "jpeg":
            return Kind(None, "a JPEG image")
        case "dicom":
            return _kind_of_dicom(head, shown)
        case "nifti":
            return Kind("nifti")
        case "tiff":
            return Kind(None, "a TIFF image")
        case "npy":
            return Kind(None, "a NumPy array")
        case _:
            return _kind_of_text(path, shown, head, section)


def _kind_of_dicom(head: bytes, shown: str) -> Kind:
    if is_dicom_seg(head):
        return Kind("dicom-seg")
    if is_rtstruct(head):
        return Kind("rtstruct")
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
        return Kind(None, fault=_damaged(shown, "is DICOM and does not say of which storage class"))
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
    found = _kind_of_table(text, shown, section)
    if found.format_id is not None or found.fault is not None:
        return found
    whole = read_text(path, what="annotations") if len(head) == _HEAD_BYTES else text
    return Kind("yolo", content=whole, n_kept=len(whole)) if is_yolo(whole) else found


def _kind_of_xml(text: str) -> Kind:
    for found in _ROOT.finditer(text):
        if not text[: found.start()].rstrip().endswith("<!--"):
            root = found.group(1).rpartition(":")[2]
            return Kind(_ROOTS.get(root), f"XML that begins with <{root:.40}>")
    return Kind(None, "XML without an element")


def _kind_of_json(content: object, shown: str) -> Kind:
    match content:
        case {"images": list(), "annotations": list()}:
            return Kind("coco", content=content)
        case {"shapes": list()}:
            picture = content.pop("imageData", None) if isinstance(content, dict) else None
            return Kind("labelme", content=content, n_kept=-len(picture) if isinstance(picture, str) else 0)
        case {"data": dict(), "annotations": list()}:
            return Kind("label-studio", content=content)
        case [{"annotation_id": _}, *_]:
            return Kind(
                None,
                fault=DataError(
                    f"{shown}: this is Label Studio's JSON-MIN, which is not read", hint="export as JSON"
                ),
            )
        case list() if any(_is_task(item) for item in content):
            return Kind("label-studio", content=content)
        case list() if any(
            isinstance(item, dict) and {"image_id", "score"} <= item.keys() for item in content
        ):
            return Kind(
                None, fault=_damaged(shown, "holds COCO results: a model's predictions and no reader's marks")
            )
        case dict() if is_chexlocalize(content):
            return Kind("chexlocalize", content=content)
        case _:
            return Kind(None, "JSON in no known format", fault=_fault_of_json(content, shown))


def _is_task(item: object) -> bool:
    return (
        isinstance(item, dict)
        and isinstance(item.get("annotations"), list)
        and isinstance(item.get("data"), dict)
    )


def _fault_of_json(content: object, shown: str) -> DataError | None:
    """Why JSON that looks like annotations is none; None where it looks like something else."""
    keys = set(content) if isinstance(content, dict) else set()
    about_images = bool(keys & {"images", "categories", "info", "licenses"})
    if {"images", "categories"} <= keys or ("annotations" in keys and about_images):
        images = content.get("images") if isinstance(content, dict) else None
        missing = "annotations" if isinstance(images, list) else "images"
        return _damaged(shown, f"looks like COCO and has no list '{missing}'")
    if "shapes" in keys or {"imagePath", "imageHeight"} <= keys:
        return _damaged(shown, "looks like LabelMe and has no list 'shapes'")
    tasks = content if isinstance(content, list) else [content]
    if any(
        isinstance(task, dict) and "data" in task and {"predictions", "annotations"} & task.keys()
        for task in tasks
    ):
        return _damaged(shown, "looks like Label Studio and has no list 'annotations'")
    return None


def _kind_of_table(text: str, shown: str, section: AnnotationSection) -> Kind:
    line = text.partition("\n")[0]
    separator = max(",;\t", key=line.count)
    names = tuple(name.strip().strip('"').lower() for name in line.split(separator))
    for kind, needed in _TABLES:
        if not section.columns and needed <= set(names):
            return Kind(kind)
    in_file = {name: section.columns.get(name, name).strip().lower() for name in BOX_COLUMNS}
    if in_file["image"] in names and box_columns(names, in_file) is not None:
        return Kind("boxes")
    if len(names) < 2:
        return Kind(None, "a text in no known format")
    if any(columns <= set(names) for columns in _GIVEN_AWAY):
        return Kind(None, fault=_damaged(shown, f"looks like a table of marks, and {_lacks(names, in_file)}"))
    has = ", ".join(f"'{name:.20}'" for name in names[:4] if name)
    return Kind(
        None, f"a table without columns of marks (it begins with {has})" if has else "a table without names"
    )


def _lacks(names: Iterable[str], in_file: Mapping[str, str]) -> str:
    """The columns that a table lacks of the known table that it is most like."""
    box = [in_file[name] for name in ("image", "x0", "y0", "x1", "y1")]
    known = [box, *(sorted(needed) for _, needed in _TABLES)]
    nearest = min(known, key=lambda needed: len(set(needed) - set(names)) / len(needed))
    missing = [name for name in nearest if name not in set(names)]
    return f"has no column '{missing[0]}'" if missing else "its columns are those of no known table"


def _damaged(shown: str, message: str) -> DataError:
    return DataError(
        f"{shown}: {message}",
        hint="export it again, name a table's columns in data.annotations.columns, move the file out of the folder, or set "
        "data.annotations.format",
    )


SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "coco": (".json",),
    "voc": (".xml",),
    "yolo": (".txt",),
    "labelme": (".json",),
    "label-studio": (".json",),
    "cvat": (".xml",),
    **dict.fromkeys(("boxes", "rsna", "nih", "vindr", "siim"), (".csv", ".tsv")),
    "chexlocalize": (".json",),
    "lidc": (".xml",),
    "dicom-seg": (".dcm", ".dicom"),
    "rtstruct": (".dcm", ".dicom"),
}
"""The usual suffixes of each format: a file so called that is in no known format is taken as damaged."""

ALL_SUFFIXES = frozenset({".json", ".xml", ".csv", ".tsv", ".dcm", ".dicom"})
"""All of them, but for YOLO's, which every text has."""
