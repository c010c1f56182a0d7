"""What the readers drew, from whichever kind of file holds it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from xaudit.cases.annotation_formats import annotation_format, told_by_content
from xaudit.cases.extra_names import not_in_data, notes_of_names
from xaudit.cases.image_index import ImageIndex
from xaudit.cases.mark_list import MarkList
from xaudit.config import AnnotationSection
from xaudit.errors import DataError, did_you_mean
from xaudit.records import Annotation, Problem


class ReadAnnotations(NamedTuple):
    """What was read.

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
    passed_over: list[str] | None = None,
) -> ReadAnnotations:
    """The annotations that a section names.

    Args:
        section: None where the data has no annotations.
        images: what they may belong to.
        merge: class name in the data: class name to use; applies to the marks' labels too.
        faults: gathers the errors of single marks, so that all can be told at once; None raises the first.
        passed_over: gathers sentences with names of images that the data does not hold: for the screen, since a report may
            hide names.

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
    if section.format == "auto":
        format_id, path = told_by_content(path, section)
        known = annotation_format(format_id)
    else:
        known = annotation_format(section.format)
    if path.is_dir() and not known.per_image:
        raise DataError(f"{path}: is a folder, and {known.name} is one file", hint="give the file")
    marks = MarkList(images, faults, ignore_extra=section.extra_images == "ignore")
    try:
        problems = known.collect(path, marks, section)
    except RecursionError:
        raise DataError(f"{path.name}: nested too deeply", hint="export it again") from None
    ordered = sorted(marks.all(), key=lambda mark: (mark.case_id, mark.reader_id))
    named = tuple(_renamed(mark, section.rename, merge) for mark in ordered)
    if marks.extra and not named and not faults:
        raise DataError(
            f"{path.name}: every one of its {len(marks.extra)} images is one that the data does not hold",
            hint="give the images that were annotated",
        )
    if marks.extra and passed_over is not None:
        passed_over.append(f"{path.name}: {not_in_data(marks.extra)}")
    notes = notes_of_names(path.name, len(marks.extra), marks.passed_over)
    return ReadAnnotations(_of_labels(named, section.labels, path.name), problems, notes)


def _renamed(mark: Annotation, rename: Mapping[str, str], merge: Mapping[str, str]) -> Annotation:
    if mark.label is None:
        return mark
    label = rename.get(mark.label, mark.label)
    return replace(mark, label=merge.get(label, label))


def _of_labels(marks: Sequence[Annotation], wanted: Sequence[str], shown: str) -> tuple[Annotation, ...]:
    """The marks with wanted labels; who marked something else looked for these too, and found none of them."""
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
    looked = _unique((mark.case_id, mark.reader_id) for mark in marks)
    votes = [
        Annotation(case_id, reader, None) for case_id, reader in looked if (case_id, reader) not in drawn
    ]
    return tuple(sorted((*kept, *votes), key=lambda mark: (mark.case_id, mark.reader_id)))


def _unique(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(dict.fromkeys(pairs))
