"""Read the readers' marks from files of any format."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from xaudit.cases.marks.annotation_folder import Survey, survey_as_named, survey_folder
from xaudit.cases.marks.annotation_formats import annotation_format, collect_marks
from xaudit.cases.marks.file_set import FileSet
from xaudit.cases.marks.kind import format_of_file
from xaudit.cases.marks.mark_list import ONLY_READER, MarkList
from xaudit.cases.marks.reading import AnnotationReading, read_parts
from xaudit.cases.names.alike import check_spellings
from xaudit.cases.names.extra_names import not_in_data, notes_of_names
from xaudit.cases.names.image_index import ImageIndex
from xaudit.catalog import FORMAT_RECORDS
from xaudit.config import AnnotationSection
from xaudit.errors import DataError, did_you_mean
from xaudit.records import Annotation, Problem


class ReadAnnotations(NamedTuple):
    """The annotations of a data set.

    Attributes:
        annotations: in the order of their cases and readers.
        problems: what could not be used because its image could not be read.
        notes: what a reader of the results must know.
    """

    annotations: tuple[Annotation, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def read_annotations(
    section: AnnotationSection | None,
    images: ImageIndex,
    *,
    merge: Mapping[str, str],
    faults: list[DataError] | None = None,
    reading: list[AnnotationReading] | None = None,
) -> ReadAnnotations:
    """Read the annotations that a section names.

    Args:
        section: None where the data has no annotations.
        images: what they may belong to.
        merge: class name in the data: class name to use; applies to the marks' labels too.
        faults: gathers the errors of single marks, so that all can be told at once; None raises the first.
        reading: gathers what became of the files, with names: for the screen, since a report may hide names.

    Raises:
        DataError: with the file, the place in it, the value and the next step.
    """
    if section is None:
        return ReadAnnotations((), (), ())
    path = section.path
    if not path.exists():
        beside = [near.name for near in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, beside, otherwise="paths in the audit file start from its folder")
        raise DataError(f"{path}: no such annotations", hint=hint)
    marks = MarkList(images, faults, ignore_extra=section.extra_images == "ignore")
    survey = _survey(path, section, marks)
    try:
        problems = _collect(survey, marks, section)
    except RecursionError:
        raise DataError(f"{path.name}: nested too deeply", hint="export it again") from None
    _check_sources(path.name, marks)
    given = marks.all()
    check_spellings(path.name, "readers", {mark.reader_id: mark.case_id for mark in given})
    distinct = tuple(dict.fromkeys(given))
    if len(distinct) < len(given):
        marks.notes["marks that are given again, exactly as before, and count once"] = len(given) - len(
            distinct
        )
    ordered = sorted(distinct, key=lambda mark: (mark.case_id, mark.reader_id))
    named = tuple(_renamed(mark, section.rename, merge) for mark in ordered)
    if marks.extra and not named and not faults:
        raise DataError(
            f"{path.name}: every one of its {len(marks.extra)} images is one that the data does not hold",
            hint="give the images that were annotated",
        )
    notes = notes_of_names(path.name, len(marks.extra), marks.passed_over)
    unused = _unused(marks)
    if reading is not None:
        n_files = sum(len(given.files) for given in survey.sets.values())
        empty = _without_marks(survey, marks)
        left_out = {**survey.passed_over, **({_EMPTY: empty} if empty else {})}
        extra = f"{path.name}: {not_in_data(marks.extra)}" if marks.extra else ""
        reading.append(AnnotationReading(n_files, read_parts(ordered, marks), left_out, unused, extra))
    return ReadAnnotations(_of_labels(named, section.labels, path.name), problems, (*notes, *unused))


_EMPTY = "read, and it says nothing of an image of the data"


def _without_marks(survey: Survey, marks: MarkList) -> list[str]:
    """List the files of many images of which nothing is used, such as those of images that the data does not hold."""
    used = {file for sources in marks.sources.values() for _, file in sources}
    copies = {name for names in survey.passed_over.values() for name in names}
    return [
        name
        for format_id, given in survey.sets.items()
        if not annotation_format(format_id).per_image
        for name in map(given.relative, given.files)
        if name not in used and name not in copies
    ]


def _survey(path: Path, section: AnnotationSection, marks: MarkList) -> Survey:
    """Find the files to read, by their formats."""
    named = None if section.format == "auto" else annotation_format(section.format)
    if not path.is_dir():
        format_id = format_of_file(path, section) if named is None else named.row.id
        return Survey({format_id: FileSet(path.parent, (path,), single=True)}, {})
    if named is None:
        return survey_folder(path, section, marks)
    return survey_as_named(path, named, section, marks)


def _collect(survey: Survey, marks: MarkList, section: AnnotationSection) -> tuple[Problem, ...]:
    """Read the files into a list of marks; returns what could not be used."""
    problems: list[Problem] = []
    for format_id, given in survey.sets.items():
        known = annotation_format(format_id)
        marks.reading(given.name, known.name)
        if known.per_image:
            problems += collect_marks(format_id, given, marks, section)
            continue
        for file in _distinct(given, survey, marks):
            name = given.relative(file)
            marks.reading(name, known.name)
            marks.only_reader = marks.folder_reader(name)
            n_faults = len(marks.faults or ())
            try:
                problems += collect_marks(format_id, given.only(file), marks, section)
            except DataError as error:
                raise _located(error, name) from None
            if marks.faults is not None:
                marks.faults[n_faults:] = [_located(error, name) for error in marks.faults[n_faults:]]
        marks.only_reader = ONLY_READER
    return tuple(problems)


def _distinct(given: FileSet, survey: Survey, marks: MarkList) -> list[Path]:
    """Drop files that repeat another one byte for byte, for the same reader."""
    by_size: dict[tuple[int, str], list[Path]] = defaultdict(list)
    for file in given.files:
        by_size[file.stat().st_size, marks.folder_reader(given.relative(file))].append(file)
    kept: list[Path] = []
    for alike in by_size.values():
        seen: dict[str, Path] = {}
        for file in alike:
            digest = sha256(file.read_bytes()).hexdigest() if len(alike) > 1 else ""
            if digest in seen:
                reason = f"a copy of {given.relative(seen[digest])}, byte for byte"
                survey.passed_over.setdefault(reason, []).append(given.relative(file))
                marks.notes["copies of other files, byte for byte, that were passed over"] += 1
                continue
            seen[digest] = file
            kept.append(file)
    return sorted(kept)


def _located(error: DataError, name: str) -> DataError:
    """Put the folders of a file before its name in an error."""
    last = name.rpartition("/")[2]
    message = str(error)
    if last == name or not message.startswith(last):
        return error
    return DataError(name + message[len(last) :], hint=error.hint)


def _check_sources(shown: str, marks: MarkList) -> None:
    """Raise DataError where a reader's marks of one image lie in files that cannot be joined."""
    joined: set[str] = set()
    for (case_id, reader), sources in marks.sources.items():
        if len(sources) < 2:
            continue
        (one, first), (other, second) = (
            sources[0],
            next((s for s in sources if s[0] != sources[0][0]), sources[1]),
        )
        with marks.item():
            if one != other:
                raise DataError(
                    f"{shown}: holds several kinds of annotations: {reader} marks the image {case_id} in "
                    f"{one} ({first}) and in {other} ({second})",
                    hint="give one of them, put each reader's files into a folder of the reader's name, or set "
                    "data.annotations.format",
                )
            if one in _ONE_FILE:
                raise DataError(
                    f"{second}: {reader} marks the image {case_id} in {first} too",
                    hint="join the two files, or put each reader's files into a folder of the reader's name",
                )
            joined.add(case_id)
    if joined:
        marks.notes["images on which the marks of one reader were joined from several files"] = len(joined)


_ONE_FILE = frozenset(
    record.name for record in FORMAT_RECORDS.values() if record.per_image and record.content != "dicom"
)
"""Names of the formats of which a reader's marks of one image are one file; a DICOM file marks slices of a series."""


def _unused(marks: MarkList) -> tuple[str, ...]:
    """List what was read and does not count, a sentence each."""
    return tuple(f"annotations: {text}: {n}" for text, n in marks.notes.items())


def _renamed(mark: Annotation, rename: Mapping[str, str], merge: Mapping[str, str]) -> Annotation:
    if mark.label is None:
        return mark
    label = rename.get(mark.label, mark.label)
    return replace(mark, label=merge.get(label, label))


def _of_labels(marks: Sequence[Annotation], wanted: Sequence[str], shown: str) -> tuple[Annotation, ...]:
    """Keep the marks with wanted labels; who marked something else looked for these too, and found none of them."""
    if not wanted:
        return tuple(marks)
    found = {mark.label for mark in marks if mark.label is not None}
    for label in wanted:
        if label not in found:
            has = ", ".join(f"'{name}'" for name in sorted(found)) or "none"
            raise DataError(
                f"data.annotations.labels: {shown} marks nothing as '{label}'",
                hint=did_you_mean(label, found, otherwise=f"its labels are {has}"),
            )
    kept = [mark for mark in marks if mark.region is not None and mark.label in wanted]
    drawn = {(mark.case_id, mark.reader_id) for mark in kept}
    looked = dict.fromkeys((mark.case_id, mark.reader_id) for mark in marks)
    votes = [
        Annotation(case_id, reader, None) for case_id, reader in looked if (case_id, reader) not in drawn
    ]
    return tuple(sorted((*kept, *votes), key=lambda mark: (mark.case_id, mark.reader_id)))
