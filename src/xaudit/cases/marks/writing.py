"""Write marks in another format. What a format cannot hold is never dropped in silence: it is a line of the losses."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from xaudit.cases.images.entry import without_suffix
from xaudit.cases.images.plane import Plane
from xaudit.cases.marks.mark_list import NO_READERS, ONLY_READER
from xaudit.catalog import FORMAT_RECORDS
from xaudit.counts import counted_sentence
from xaudit.errors import DataError
from xaudit.geometry import bounding_box, rasterise
from xaudit.records import Annotation, Box, MaskRegion, Polygon, Region

FILLED = "{n} boxes and outlines are the pixels whose centres they hold|1 box or outline is the pixels whose centres it holds"
"""The loss of a format that holds masks only."""

UNNAMED = "unnamed"
"""The class of a mark without a label, in a format where every mark has a class."""


@dataclass(frozen=True, slots=True)
class MarkedImage:
    """An image that annotations belong to.

    Attributes:
        path: relative to the images' folder, as annotation files name it.
        plane: where it lies in the patient, None where that is not known.
    """

    case_id: str
    path: str
    height: int
    width: int
    plane: Plane | None = None

    @property
    def frame(self) -> tuple[int, int]:
        """Height and width."""
        return self.height, self.width


class MarksToWrite:
    """Annotations by image and reader."""

    def __init__(self, images: Sequence[MarkedImage], annotations: Sequence[Annotation]) -> None:
        self.images = images
        self.annotations = annotations
        self.by_case: dict[str, dict[str, list[Annotation]]] = defaultdict(dict)
        for mark in annotations:
            self.by_case[mark.case_id].setdefault(mark.reader_id, []).append(mark)
        self.readers = sorted({mark.reader_id for mark in annotations})

    def sheets(self) -> Iterator[tuple[MarkedImage, str, list[Annotation]]]:
        """Yield the marks image by image and reader by reader; none where the reader found nothing."""
        for image in self.images:
            for reader, marks in self.by_case.get(image.case_id, {}).items():
                yield image, reader, [mark for mark in marks if mark.region is not None]

    def folders(self, losses: Counter[str]) -> Mapping[str, str]:
        """Return each reader's folder, with a slash; none where the only reader has no name."""
        if self.readers in ([], [ONLY_READER]):
            return dict.fromkeys(self.readers, "")
        folders: dict[str, str] = {}
        for reader in self.readers:
            name = re.sub(r"[^\w@+ -]|^(?=\s)", "_", reader).strip() or "_"
            name = f"{name}_" if name.lower() in NO_READERS else name
            if name in folders.values():
                raise DataError(
                    f"two readers would have the folder '{name}'", hint="write COCO, or rename one of them"
                )
            if name != reader:
                losses[f"the reader '{reader}' is called '{name}', as a folder"] += 1
            folders[reader] = name
        return {reader: f"{name}/" for reader, name in folders.items()}


def as_box(region: Region | None, frame: tuple[int, int], losses: Counter[str]) -> Box:
    """Return the box around a region, and count a loss if it was no box; raises ValueError where nothing was drawn."""
    if region is None:
        raise ValueError("nothing was drawn")
    if isinstance(region, Polygon):
        losses["{n} outlines became the boxes around them|1 outline became the box around it"] += 1
    elif isinstance(region, MaskRegion):
        losses["{n} masks became the boxes around them|1 mask became the box around it"] += 1
    return around(region, frame)


def around(region: Region, frame: tuple[int, int]) -> Box:
    """Return the smallest box that holds a region."""
    match region:
        case Box():
            return region
        case Polygon(points):
            xs, ys = [x for x, _ in points], [y for _, y in points]
            return Box(min(xs), min(ys), max(xs), max(ys))
        case MaskRegion():
            return bounding_box(rasterise(region, frame))
        case _:
            assert_never(region)


def spelled(value: float) -> str:
    """Spell a number, without a fraction that is zero.

    Example:
        >>> spelled(3.0), spelled(2.5)
        ('3', '2.5')
    """
    return str(int(value)) if value == int(value) else repr(value)


def file_for(out: Path, name: str, suffix: str) -> Path:
    """Return the file of an image below a folder, by the image's name and another suffix; its own folder is made."""
    file = out / f"{without_suffix(name)}{suffix}"
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


@dataclass(frozen=True, slots=True)
class Written:
    """The result of writing marks.

    Attributes:
        n_files: how many files.
        losses: what the format cannot hold, a sentence each.
    """

    n_files: int
    losses: tuple[str, ...]


def write_annotations(
    format_id: str, images: Sequence[MarkedImage], annotations: Sequence[Annotation], out: Path
) -> Written:
    """Write annotations as a file, or as a folder of one file per image.

    Args:
        format_id: one of :data:`xaudit.catalog.formats.WRITABLE`.
        images: that were annotated, or may have been.
        annotations: of these images.
        out: the file or folder, not there yet; the folder it lies in is made where needed.

    Raises:
        KeyError: for a format that cannot be written.
        DataError: where two readers' names would be the same folder, or the format cannot hold marks on these images.
        OSError: where it cannot be written.
    """
    write = FORMAT_RECORDS[format_id].write
    if write is None:
        raise KeyError(format_id)
    losses: Counter[str] = Counter()
    out.parent.mkdir(parents=True, exist_ok=True)
    n_files = write(MarksToWrite(images, annotations), out, losses)
    # A text may hold a reader's name, in which braces and bars mean nothing.
    sentences = (counted_sentence(n, text) if text.startswith("{n} ") else text for text, n in losses.items())
    return Written(n_files, tuple(sentences))
