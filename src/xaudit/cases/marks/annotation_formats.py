"""The formats of readers' marks: how each is told by its content, and what reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from xaudit.cases.marks.file_set import FileSet
from xaudit.cases.marks.formats.box_table import collect_box_table
from xaudit.cases.marks.formats.chexlocalize import collect_chexlocalize
from xaudit.cases.marks.formats.coco import collect_coco
from xaudit.cases.marks.formats.cvat import collect_cvat
from xaudit.cases.marks.formats.dicom_seg import collect_dicom_seg
from xaudit.cases.marks.formats.label_studio import collect_label_studio
from xaudit.cases.marks.formats.labelme import collect_labelme
from xaudit.cases.marks.formats.lidc import collect_lidc
from xaudit.cases.marks.formats.mask_folder import collect_masks
from xaudit.cases.marks.formats.nifti import collect_nifti
from xaudit.cases.marks.formats.nih import collect_nih
from xaudit.cases.marks.formats.rsna import collect_rsna
from xaudit.cases.marks.formats.rtstruct import collect_rtstruct
from xaudit.cases.marks.formats.siim import collect_siim
from xaudit.cases.marks.formats.vindr import collect_vindr
from xaudit.cases.marks.formats.voc import collect_voc
from xaudit.cases.marks.formats.yolo import collect_yolo
from xaudit.cases.marks.kind import kind_of_file
from xaudit.cases.marks.mark_list import MarkList
from xaudit.cases.marks.plugged import collect_plugged
from xaudit.cases.text.text_check import check_text
from xaudit.catalog.plugins import Brought, brought
from xaudit.config import AnnotationSection
from xaudit.errors import DataError
from xaudit.records import Problem

Source = Path | FileSet
"""The source of marks: a file, a folder, or files of a folder that were told to be in the format."""


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
    collect: Callable[[Source, MarkList, AnnotationSection], tuple[Problem, ...]]


_Collect = Callable[[Source, MarkList, AnnotationSection], tuple[Problem, ...]]


def _quietly(collect: Callable[[Source, MarkList], None]) -> _Collect:
    def call(source: Source, marks: MarkList, section: AnnotationSection) -> tuple[Problem, ...]:  # noqa: ARG001
        collect(source, marks)
        return ()

    return call


def _from_path(collect: Callable[[Path, MarkList], None]) -> _Collect:
    """For what reads a single file."""
    return _quietly(lambda source, marks: collect(_file(source), marks))


def _from_folder(collect: Callable[[Path, MarkList], None]) -> _Collect:
    """For what reads the whole of a folder, and looks for its files by itself."""

    def call(source: Source, marks: MarkList) -> None:
        whole = isinstance(source, FileSet) and not source.single
        collect(source.folder if whole else _file(source), marks)  # type: ignore[union-attr]

    return _quietly(call)


def _file(source: Source) -> Path:
    return source if isinstance(source, Path) else source.files[0]


def _voc(path: Source, marks: MarkList, section: AnnotationSection) -> tuple[Problem, ...]:
    return collect_voc(path, marks, origin="one" if section.origin == "auto" else section.origin)


def _boxes(path: Source, marks: MarkList, section: AnnotationSection) -> tuple[Problem, ...]:
    origin = "zero" if section.origin == "auto" else section.origin
    collect_box_table(_file(path), marks, columns=section.columns, origin=origin)
    return ()


def _nifti(path: Source, marks: MarkList, section: AnnotationSection) -> tuple[Problem, ...]:
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
    AnnotationFormat("rsna", "RSNA pneumonia", False, _from_path(collect_rsna)),
    AnnotationFormat("nih", "NIH ChestX-ray14", False, _from_path(collect_nih)),
    AnnotationFormat("vindr", "VinDr-CXR", False, _from_path(collect_vindr)),
    AnnotationFormat("siim", "SIIM-ACR run lengths", False, _from_path(collect_siim)),
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
    collect = partial(collect_plugged, found)
    return AnnotationFormat(
        plugin.row.id,
        plugin.name,
        plugin.per_image,
        _from_folder(collect) if plugin.per_image else _from_path(collect),
    )


def format_of_file(path: Path, section: AnnotationSection) -> str:
    """The format of a file, told by its content.

    Args:
        path: of the file; it exists.
        section: its ``columns`` can make a table of boxes out of any other.

    Raises:
        DataError: where the content is of no known kind.
    """
    kind = kind_of_file(path, path.name, section)
    if kind.fault is not None:
        raise kind.fault
    if kind.format_id is None:
        check_text(path)
        raise unknown_content(path)
    return kind.format_id


def unknown_content(path: Path) -> DataError:
    """The error of a file or folder that holds no known annotations."""
    tried = ", ".join(one.name for one in ANNOTATION_FORMATS)
    return DataError(
        f"{path.name}: its content is none of the known annotations; tried {tried}",
        hint="set data.annotations.format, and for a table data.annotations.columns; "
        "`xaudit list formats` says what each holds",
    )
