"""Readers' marks written as files of the formats that xaudit can write, and what each of them cannot hold.

What a format cannot hold is never dropped in silence: it comes back as a line of :attr:`Written.losses`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xaudit.cases.marks.exports.boxes import write_boxes, write_voc, write_yolo
from xaudit.cases.marks.exports.chexlocalize import write_chexlocalize
from xaudit.cases.marks.exports.cvat import write_cvat
from xaudit.cases.marks.exports.label_studio import write_label_studio
from xaudit.cases.marks.exports.marks_to_write import MarkedImage, MarksToWrite
from xaudit.cases.marks.exports.masks import write_masks, write_nifti
from xaudit.cases.marks.exports.outlines import write_coco, write_labelme
from xaudit.counts import counted_sentence
from xaudit.records import Annotation


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        n_files: how many files.
        losses: what the format cannot hold, a sentence each.
    """

    n_files: int
    losses: tuple[str, ...]


def write_annotations(
    format_id: str, images: Sequence[MarkedImage], annotations: Sequence[Annotation], out: Path
) -> Written:
    """Writes annotations as a file, or as a folder of one file per image.

    Args:
        format_id: one of :data:`WRITABLE`.
        images: that were annotated, or may have been.
        annotations: of these images.
        out: the file or folder, not there yet; the folder it lies in is made where needed.

    Raises:
        KeyError: for a format that cannot be written.
        DataError: where two readers' names would be the same folder, or the format cannot hold marks on these images.
        OSError: where it cannot be written.
    """
    write = _WRITERS[format_id]
    losses: Counter[str] = Counter()
    out.parent.mkdir(parents=True, exist_ok=True)
    n_files = write(MarksToWrite(images, annotations), out, losses)
    return Written(n_files, tuple(_said(text, n) for text, n in losses.items()))


_WRITERS: Mapping[str, Callable[[MarksToWrite, Path, Counter[str]], int]] = {
    "coco": write_coco,
    "voc": write_voc,
    "yolo": write_yolo,
    "labelme": write_labelme,
    "label-studio": write_label_studio,
    "cvat": write_cvat,
    "boxes": write_boxes,
    "chexlocalize": write_chexlocalize,
    "masks": write_masks,
    "nifti": write_nifti,
}


WRITABLE = tuple(_WRITERS)
"""The formats that can be written."""


def _said(text: str, n: int) -> str:
    """A loss as a sentence; after ``|`` stands how it reads for a single one.

    Example:
        >>> _said("{n} labels are lost|1 label is lost", 1), _said("{n} labels are lost|1 label is lost", 2)
        ('1 label is lost', '2 labels are lost')
    """
    if not text.startswith("{n} "):
        # It may hold a reader's name, in which braces and bars mean nothing.
        return text
    return counted_sentence(n, text)
