"""Look through a folder of annotations: which file is in which format, which is passed over and why.

No file is left out because of what another one holds. A file that looks like annotations and cannot be read as such is an error,
and so is one that is called like an image and is in no known format: it may be what a reader drew.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from xaudit.cases.annotation_file import files_below
from xaudit.cases.images.entry import IMAGE_SUFFIXES, RASTER_SUFFIXES
from xaudit.cases.images.folder import image_files
from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.image_file import read_bytes, sha256
from xaudit.cases.marks.file_set import FileSet, without_uids
from xaudit.cases.marks.formats.yolo import OTHERS, has_yolo_line
from xaudit.cases.marks.kind import SUFFIXES, Kind, kind_of_file, unknown_content
from xaudit.cases.marks.mark_list import MarkList
from xaudit.cases.marks.mask_or_picture import looks_like
from xaudit.cases.masks.nifti import bare, is_nifti
from xaudit.catalog import FORMAT_RECORDS
from xaudit.catalog.plugin_records import FormatPlugin
from xaudit.config import AnnotationSection
from xaudit.errors import DataError

_KEPT_BYTES = 64 * 2**20
"""So much parsed JSON is kept between telling its format and reading it, counted as text."""

_NOT_MARKS = {
    **dict.fromkeys((".md", ".rst", ".html", ".pdf", ".docx", ".log"), "a text about the data"),
    **dict.fromkeys(
        (".py", ".ipynb", ".sh", ".yaml", ".yml", ".toml", ".cfg", ".ini"), "a program or its settings"
    ),
    **dict.fromkeys((".zip", ".gz", ".tar", ".7z"), "an archive, which is not opened"),
}
_EXPECTED = {
    suffix: content if content == "table" else content.upper()
    for content, suffixes in SUFFIXES.items()
    if content != "text"
    for suffix in suffixes
}
"""The content that a suffix promises, in sentences; a text may be anything."""

_MOVE = "move it out of the folder, or set data.annotations.format to what is to be read"
_IMAGES = ("a JPEG image", "a TIFF image", "a DICOM image")


@dataclass(frozen=True)
class Survey:
    """The files of a folder.

    Attributes:
        sets: format: its files.
        passed_over: reason: the names of the files.
    """

    sets: Mapping[str, FileSet]
    passed_over: dict[str, list[str]]


def survey_folder(path: Path, section: AnnotationSection, marks: MarkList) -> Survey:
    """Look at every file of a folder, and recognise its format by its content.

    Raises:
        DataError: where a file is damaged, may be a mask or a picture, or may be marks in no known format; where no file is
            in a known format.
    """
    survey = _Survey(path, section, marks)
    for file in files_below(path, ()):
        with marks.item():
            survey.look(file)
    survey.sort_texts()
    survey.sort_pictures()
    if not survey.by_format:
        if marks.faults:
            return Survey({}, survey.passed_over)
        raise unknown_content(path)
    mixed = len(survey.by_format) > 1
    return Survey(
        {
            name: FileSet(path, tuple(sorted(survey.by_format[name])), mixed=mixed, contents=survey.contents)
            for name in FORMAT_RECORDS
            if name in survey.by_format
        },
        survey.passed_over,
    )


def survey_as_named(path: Path, known: FormatPlugin, section: AnnotationSection, marks: MarkList) -> Survey:
    """Find the files of a folder in the format that the audit file names; the others are passed over.

    A file that is called like one of the format and is in no known format is read, so that its error is told.

    Raises:
        DataError: where the folder cannot be listed, or no file is in the format.
    """
    survey = _Survey(path, section, marks)
    for file in _listed(path, known):
        with marks.item():
            survey.look_as(file, known)
    files = survey.by_format.get(known.row.id, [])
    if not files and not known.per_image and not marks.faults:
        raise DataError(f"{path.name}: holds no file of {known.name}", hint="give the file, or its folder")
    return Survey({known.row.id: FileSet(path, tuple(files), contents=survey.contents)}, survey.passed_over)


def _listed(path: Path, known: FormatPlugin) -> list[Path]:
    """List every file of a folder; masks are found as images are."""
    files = files_below(path, ())
    return sorted({*files, *image_files(path)}) if known.row.id == "masks" else files


@dataclass
class _Survey:
    """A survey while a folder is looked through."""

    path: Path
    section: AnnotationSection
    marks: MarkList
    by_format: dict[str, list[Path]] = field(default_factory=lambda: defaultdict(list))
    passed_over: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    contents: dict[Path, object] = field(default_factory=dict)
    texts: list[tuple[Path, str]] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)
    n_kept: int = 0

    def look(self, file: Path) -> None:
        """Recognise a file and keep it with its like; raises DataError where it is damaged or called like an image."""
        suffix = file.suffix.lower()
        if file.name.lower() in OTHERS:
            self._pass_over(file, "a list or a text of a data set, and no marks")
        elif is_nifti(file):
            self.by_format["nifti"].append(file)
        elif suffix in _NOT_MARKS:
            self._pass_over(file, _NOT_MARKS[suffix])
        else:
            self._sort(file, self._kind(file))

    def look_as(self, file: Path, known: FormatPlugin) -> None:
        """Look at a file, as :meth:`look` does, where one format is to be read, whatever else there is."""
        suffix = file.suffix.lower()
        if known.row.id == "masks":
            is_own = suffix in RASTER_SUFFIXES
            kind = Kind("masks") if is_own else self._kind_or_none(file)
        elif known.row.id == "nifti":
            is_own, kind = is_nifti(file), Kind("nifti" if is_nifti(file) else None, "no NIfTI file")
        elif known.content not in SUFFIXES:
            is_own = (
                suffix not in _NOT_MARKS and suffix not in IMAGE_SUFFIXES and file.name.lower() not in OTHERS
            )
            kind = Kind(None, f"no file of {known.name} by its name")
        else:
            is_own = suffix in SUFFIXES[known.content] and not (
                known.row.id == "yolo" and file.name.lower() in OTHERS
            )
            kind = self._kind_or_none(file)
            is_own = is_own and not _is_other_dicom(kind.meaning)
        if kind.format_id == known.row.id or (is_own and kind.format_id is None):
            self._keep(file, known.row.id, kind)
        elif kind.format_id is None:
            self._pass_over(file, kind.meaning or "a file that looks like marks and is damaged")
        else:
            other = FORMAT_RECORDS[kind.format_id]
            self._pass_over(file, f"{other.name}, while data.annotations.format is {known.row.id}")

    def sort_texts(self) -> None:
        """Sort out which texts are YOLO: those that hold its lines or are called like an image, and empty ones beside them."""
        only_texts = not self.by_format and not self.pictures
        for file, meaning in self.texts:
            empty = file.stat().st_size == 0
            if self._is_called_like_image(file) or (empty and (only_texts or self._has_yolo(file.parent))):
                self.by_format["yolo"].append(file)
            else:
                self._pass_over(file, meaning)

    def sort_pictures(self) -> None:
        """Sort masks from the pictures that were annotated; alone in their folder, all are masks."""
        others = set(self.by_format) - {"masks", "nifti"}
        for file in self.pictures:
            with self.marks.item():
                reason = self._reason_to_pass_over(file) if others else None
                if reason is None:
                    self.by_format["masks"].append(file)
                else:
                    self._pass_over(file, reason)
        if others and "nifti" in self.by_format:
            files = self.by_format.pop("nifti")
            for file in files:
                if self._is_image_of_data(file):
                    self._pass_over(file, "an image of the data")
                else:
                    self.by_format["nifti"].append(file)

    def _sort(self, file: Path, kind: Kind) -> None:
        suffix = file.suffix.lower()
        if kind.format_id == "masks" or suffix in RASTER_SUFFIXES or kind.meaning in _IMAGES[:2]:
            self.pictures.append(file)
        elif kind.format_id is not None:
            self._keep(file, kind.format_id, kind)
        elif suffix == ".txt":
            self.texts.append((file, kind.meaning))
        elif suffix == ".npy" and self._is_image_of_data(file):
            self._pass_over(file, "an image of the data")
        elif not _is_other_dicom(kind.meaning) and self._is_called_like_image(file):
            raise DataError(
                f"{self._name(file)}: is called like an image of the data and is {kind.meaning}; it may be marks",
                hint=_MOVE,
            )
        else:
            self._pass_over(file, kind.meaning)

    def _kind(self, file: Path) -> Kind:
        """Recognise a file; raises DataError where it looks like annotations and is none."""
        shown, suffix = self._name(file), file.suffix.lower()
        try:
            kind = kind_of_file(file, shown, self.section)
        except DataError:
            if suffix in _EXPECTED or suffix in ("", ".txt", ".data", ".bin"):
                raise
            return Kind(None, "a file in no known format")
        if kind.fault is not None:
            raise kind.fault
        expected = _EXPECTED.get(suffix, "")
        if kind.format_id is None and not _may_be(kind.meaning, expected):
            raise DataError(f"{shown}: is {kind.meaning}, and no {expected} as its name says", hint=_MOVE)
        if kind.format_id is None and suffix == ".txt" and has_yolo_line(file):
            return Kind("yolo")
        return kind

    def _kind_or_none(self, file: Path) -> Kind:
        try:
            return kind_of_file(file, self._name(file), self.section)
        except DataError:
            return Kind(None, "a file in no known format")

    def _keep(self, file: Path, format_id: str, kind: Kind) -> None:
        self.by_format[format_id].append(file)
        if kind.content is not None:
            self.n_kept += kind.n_kept
            if self.n_kept <= _KEPT_BYTES:
                self.contents[file] = kind.content

    def _reason_to_pass_over(self, file: Path) -> str | None:
        """Say why a picture beside annotations is none of them; None for a mask. Raises DataError where it may be either."""
        if self._is_image_of_data(file):
            return "an image of the data"
        match looks_like(file):
            case "picture":
                return "a picture of many levels, and no mask"
            case "blank" if self._lies_beside_marks(file):
                return "a picture of one value beside its annotation"
            case "unclear":
                raise DataError(
                    f"{self._name(file)}: can be a mask or a picture: it has many values, most of them on few pixels",
                    hint="save masks with whole numbers from 0 on, or move pictures out of the folder",
                )
            case _:
                return None

    def _lies_beside_marks(self, file: Path) -> bool:
        return (file.parent / bare_stem(file)) in self._marked

    @cached_property
    def _marked(self) -> frozenset[Path]:
        return frozenset(
            other.parent / bare_stem(other)
            for format_id, files in self.by_format.items()
            if format_id not in ("masks", "nifti")
            for other in files
        )

    def _is_image_of_data(self, file: Path) -> bool:
        try:
            return sha256(read_bytes(file)) in self._digests
        except UnreadableImageError:
            return False

    @cached_property
    def _digests(self) -> frozenset[str]:
        return frozenset(self.marks.images.digests.values())

    def _is_called_like_image(self, file: Path) -> bool:
        return bool(self.marks.images.named(bare_stem(file)) or self.marks.images.named(file.name))

    def _has_yolo(self, folder: Path) -> bool:
        return any(file.parent == folder for file in self.by_format.get("yolo", ()))

    def _pass_over(self, file: Path, reason: str) -> None:
        self.passed_over[reason].append(self._name(file))

    def _name(self, file: Path) -> str:
        name = file.as_posix()[self._n_before :]
        # A UID has five dots at least; most names have one.
        return without_uids(name) if name.count(".") > 4 else name

    @cached_property
    def _n_before(self) -> int:
        return len(self.path.as_posix().rstrip("/")) + 1


def bare_stem(file: Path) -> str:
    """Return a file's name without its suffix, or the two of a packed NIfTI file."""
    name = bare(file.name)
    return name if name != file.name else file.stem


def _is_other_dicom(meaning: str) -> bool:
    """Return True if a file is DICOM that holds no marks, such as the image itself."""
    return "DICOM" in meaning or "radiotherapy" in meaning


def _may_be(meaning: str, kind: str) -> bool:
    """Return True if content of no known format is at least what the file's name says."""
    return kind in meaning or (kind == "table" and meaning == "a text in no known format")
