"""The formats of readers' marks: how each is told by its content, and what reads it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from xaudit.cases.annotation_file import check_bytes, files_below, read_json
from xaudit.cases.box_table import COLUMNS as BOX_COLUMNS
from xaudit.cases.box_table import box_columns, collect_box_table
from xaudit.cases.chexlocalize import collect_chexlocalize, is_chexlocalize
from xaudit.cases.coco import collect_coco
from xaudit.cases.cvat import collect_cvat
from xaudit.cases.dicom_seg import collect_dicom_seg, is_dicom_seg
from xaudit.cases.image_file import sniff
from xaudit.cases.label_studio import collect_label_studio
from xaudit.cases.labelme import collect_labelme
from xaudit.cases.lidc import collect_lidc
from xaudit.cases.mark_list import MarkList
from xaudit.cases.mask_folder import collect_masks
from xaudit.cases.nifti import is_nifti
from xaudit.cases.nifti_marks import collect_nifti
from xaudit.cases.nih import COLUMNS as NIH_COLUMNS
from xaudit.cases.nih import collect_nih
from xaudit.cases.plugged import collect_plugged
from xaudit.cases.rsna import COLUMNS as RSNA_COLUMNS
from xaudit.cases.rsna import collect_rsna
from xaudit.cases.rtstruct import collect_rtstruct, is_rtstruct
from xaudit.cases.siim import COLUMNS as SIIM_COLUMNS
from xaudit.cases.siim import collect_siim
from xaudit.cases.table import read_text
from xaudit.cases.text_check import check_text
from xaudit.cases.vindr import COLUMNS as VINDR_COLUMNS
from xaudit.cases.vindr import collect_vindr
from xaudit.cases.voc import collect_voc
from xaudit.cases.yolo import OTHERS, collect_yolo, is_yolo
from xaudit.catalog.plugins import Brought, brought
from xaudit.config import AnnotationSection
from xaudit.errors import DataError
from xaudit.records import Problem

_HEAD_BYTES = 1 << 16
_LOOKED_AT = 50  # files of a folder, before it is believed to hold one kind

_ROOTS = {"annotation": "voc", "annotations": "cvat", "LidcReadMessage": "lidc"}
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)")


@dataclass(frozen=True)
class AnnotationFormat:
    """One kind of annotation file.

    Attributes:
        id: as in the catalog.
        name: in sentences.
        per_image: whether it is a folder of files, one for each image, rather than one file.
        collect: reads it into a list of marks, and returns what could not be used.
    """

    id: str
    name: str
    per_image: bool
    collect: Callable[[Path, MarkList, AnnotationSection], tuple[Problem, ...]]


def _quietly(
    collect: Callable[[Path, MarkList], None],
) -> Callable[[Path, MarkList, AnnotationSection], tuple[Problem, ...]]:
    def call(path: Path, marks: MarkList, section: AnnotationSection) -> tuple[Problem, ...]:  # noqa: ARG001
        collect(path, marks)
        return ()

    return call


def _voc(path: Path, marks: MarkList, section: AnnotationSection) -> tuple[Problem, ...]:
    return collect_voc(path, marks, origin="one" if section.origin == "auto" else section.origin)


def _boxes(path: Path, marks: MarkList, section: AnnotationSection) -> tuple[Problem, ...]:
    origin = "zero" if section.origin == "auto" else section.origin
    collect_box_table(path, marks, columns=section.columns, origin=origin)
    return ()


def _nifti(path: Path, marks: MarkList, section: AnnotationSection) -> tuple[Problem, ...]:
    collect_nifti(path, marks, section.nifti)
    return ()


ANNOTATION_FORMATS: tuple[AnnotationFormat, ...] = (
    AnnotationFormat("coco", "COCO", False, _quietly(collect_coco)),
    AnnotationFormat("voc", "Pascal VOC", True, _voc),
    AnnotationFormat("yolo", "YOLO", True, _quietly(collect_yolo)),
    AnnotationFormat("labelme", "LabelMe", True, _quietly(collect_labelme)),
    AnnotationFormat("label-studio", "Label Studio", False, _quietly(collect_label_studio)),
    AnnotationFormat("cvat", "CVAT for images", False, _quietly(collect_cvat)),
    AnnotationFormat("boxes", "a table of boxes", False, _boxes),
    AnnotationFormat("rsna", "RSNA pneumonia", False, _quietly(collect_rsna)),
    AnnotationFormat("nih", "NIH ChestX-ray14", False, _quietly(collect_nih)),
    AnnotationFormat("vindr", "VinDr-CXR", False, _quietly(collect_vindr)),
    AnnotationFormat("siim", "SIIM-ACR run lengths", False, _quietly(collect_siim)),
    AnnotationFormat("chexlocalize", "CheXlocalize", False, _quietly(collect_chexlocalize)),
    AnnotationFormat("lidc", "LIDC XML", True, _quietly(collect_lidc)),
    AnnotationFormat("dicom-seg", "DICOM SEG", True, _quietly(collect_dicom_seg)),
    AnnotationFormat("rtstruct", "DICOM RT structure sets", True, _quietly(collect_rtstruct)),
    AnnotationFormat("nifti", "NIfTI masks", True, _nifti),
    AnnotationFormat("masks", "mask PNGs", True, _quietly(collect_masks)),
)
"""In the order in which an error names what was tried."""


def annotation_format(format_id: str) -> AnnotationFormat:
    """The format with an id, xaudit's own or another package's; raises PluginError where that cannot be used."""
    for one in ANNOTATION_FORMATS:
        if one.id == format_id:
            return one
    found = brought("format", format_id)
    if found is None:
        raise KeyError(format_id)
    return _plugged(found)


def _plugged(found: Brought) -> AnnotationFormat:
    """A format of another package, behind our own edge."""
    plugin = found.plugin
    return AnnotationFormat(
        plugin.row.id, plugin.name, plugin.per_image, _quietly(partial(collect_plugged, found))
    )


def told_by_content(path: Path, section: AnnotationSection) -> tuple[str, Path]:
    """Which format a file or folder is in, and the file that holds it: in a folder that may be its only one.

    Args:
        path: of the file or folder; it exists.
        section: its ``columns`` can make a table of boxes out of any other.

    Raises:
        DataError: where the content is of no known kind, or a folder holds several.
    """
    if not path.is_dir():
        found = _kind(path, section)
        if found is None:
            check_text(path)
            raise _unknown(path)
        return found, path
    kinds: dict[str, Path] = {}
    files = files_below(path, ())
    for file in files:
        if len(kinds) > 1 or (kinds and files.index(file) > _LOOKED_AT):
            break
        if file.name.lower() in OTHERS:
            continue
        passed_over = file.suffix.lower() in _PASSED_OVER and not is_nifti(file)
        found = None if passed_over else _kind(file, section)
        if found is not None and found not in _BESIDE_OTHERS:
            kinds.setdefault(found, file)
    if not kinds:
        for file in files[:_LOOKED_AT]:
            found = _kind(file, section)
            if found in _BESIDE_OTHERS:
                kinds.setdefault(found, file)
    if len(kinds) > 1:
        names = " and ".join(f"{annotation_format(kind).name} ({file.name})" for kind, file in kinds.items())
        raise DataError(
            f"{path.name}: holds several kinds of annotations: {names}",
            hint="give one of them, or set data.annotations.format",
        )
    if not kinds:
        if any(file.suffix.lower() == ".txt" and file.stat().st_size == 0 for file in files):
            return "yolo", path
        raise _unknown(path)
    ((kind, file),) = kinds.items()
    return kind, path if annotation_format(kind).per_image else file


_BESIDE_OTHERS = ("masks", "nifti")
"""May be the images themselves, beside annotations of another kind."""

_PASSED_OVER = frozenset({".jpg", ".jpeg", ".md", ".py", ".zip", ".gz", ".npy", ".npz", ".pt"})


def _unknown(path: Path) -> DataError:
    tried = ", ".join(one.name for one in ANNOTATION_FORMATS)
    return DataError(
        f"{path.name}: its content is none of the known annotations; tried {tried}",
        hint="set data.annotations.format, and for a table data.annotations.columns; "
        "`xaudit list formats` says what each holds",
    )


def _kind(path: Path, section: AnnotationSection) -> str | None:
    """The format of a single file; None where it is none."""
    check_bytes(path, path.name)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read: {error.strerror or 'the system refuses it'}",
            hint="check its permissions",
        ) from None
    match sniff(head[:1024]):
        case "png":
            return "masks"
        case "jpeg":
            return None
        case "dicom":
            return "dicom-seg" if is_dicom_seg(head) else ("rtstruct" if is_rtstruct(head) else None)
        case "nifti":
            return "nifti"
        case "tiff" | "npy":
            return None
        case _:
            pass
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16" if wide else "utf-8-sig", errors="ignore").lstrip()
    if text.startswith("<"):
        return _kind_of_xml(text)
    if text.startswith(("{", "[")):
        return _kind_of_json(read_json(path, path.name, "annotations"))
    if not text or "\0" in text:
        return None
    return _kind_of_table(text, section) or ("yolo" if _is_yolo_file(path, text) else None)


def _kind_of_xml(text: str) -> str | None:
    for found in _ROOT.finditer(text):
        if not text[: found.start()].rstrip().endswith("<!--"):
            return _ROOTS.get(found.group(1).rpartition(":")[2])
    return None


def _kind_of_json(content: object) -> str | None:
    match content:
        case {"images": list(), "annotations": list()}:
            return "coco"
        case {"shapes": list()}:
            return "labelme"
        case {"data": dict(), "annotations": list()} | [{"data": dict(), "annotations": list()}, *_]:
            return "label-studio"
        case [{"annotation_id": _}, *_]:
            raise DataError("this is Label Studio's JSON-MIN, which is not read", hint="export as JSON")
        case dict() if is_chexlocalize(content):
            return "chexlocalize"
        case _:
            return None


def _kind_of_table(text: str, section: AnnotationSection) -> str | None:
    line = text.partition("\n")[0]
    separator = max(",;\t", key=line.count)
    names = tuple(name.strip().strip('"').lower() for name in line.split(separator))
    for kind, needed in (
        ("siim", SIIM_COLUMNS),
        ("rsna", RSNA_COLUMNS),
        ("vindr", VINDR_COLUMNS),
        ("nih", frozenset(NIH_COLUMNS)),
    ):
        if not section.columns and needed <= set(names):
            return kind
    in_file = {name: section.columns.get(name, name).strip().lower() for name in BOX_COLUMNS}
    return "boxes" if in_file["image"] in names and box_columns(names, in_file) is not None else None


def _is_yolo_file(path: Path, text: str) -> bool:
    if path.stat().st_size > _HEAD_BYTES:
        return is_yolo(text.rpartition("\n")[0])
    return is_yolo(read_text(path, what="annotations"))
