"""The files of annotations after they were looked at: those that were read, by format and reader, and those that were passed over."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xaudit.cases.marks.mark_list import MarkList
from xaudit.records import Annotation


@dataclass(frozen=True, slots=True)
class ReadPart:
    """The marks and votes of a reader in one format.

    Attributes:
        format_name: in sentences.
        reader: who it is.
        files: their names below the folder of annotations.
        n_images: on which the reader marked something, or found nothing.
        n_marks: regions that were drawn.
        n_nothing: images on which the reader found nothing.
    """

    format_name: str
    reader: str
    files: tuple[str, ...]
    n_images: int
    n_marks: int
    n_nothing: int


@dataclass(frozen=True, slots=True)
class AnnotationReading:
    """The files of annotations, for the screen and never stored.

    Attributes:
        n_files: that were read.
        parts: by format and reader.
        passed_over: reason: the names of the files.
        unused: what of the files that were read is not used, a sentence each.
        extra_images: a sentence with names of images that the data does not hold; empty where there are none.
    """

    n_files: int
    parts: tuple[ReadPart, ...]
    passed_over: Mapping[str, Sequence[str]]
    unused: tuple[str, ...]
    extra_images: str = ""

    @property
    def sentences(self) -> tuple[str, ...]:
        """Say what was passed over, a sentence for each reason."""
        return tuple(
            f"passed over {len(files)} of the files beside the annotations: {reason} ({', '.join(files[:3])}"
            f"{', …' if len(files) > 3 else ''})"
            for reason, files in self.passed_over.items()
        )


def read_parts(annotations: Sequence[Annotation], marks: MarkList) -> tuple[ReadPart, ...]:
    """Count the marks and votes of each reader in each format.

    Args:
        annotations: all that were read.
        marks: the list that they were gathered in.
    """
    files: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    images: dict[tuple[str, str], set[str]] = defaultdict(set)
    format_of: dict[tuple[str, str], str] = {}
    for (case_id, reader), sources in marks.sources.items():
        for format_name, file in sources:
            files[format_name, reader][file] = None
            images[format_name, reader].add(case_id)
            format_of[case_id, reader] = format_name
    drawn: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for mark in annotations:
        drawn[format_of[mark.case_id, mark.reader_id], mark.reader_id][mark.region is None] += 1
    return tuple(
        ReadPart(*key, tuple(names), len(images[key]), *drawn[key]) for key, names in sorted(files.items())
    )
