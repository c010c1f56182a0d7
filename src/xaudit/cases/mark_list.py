"""What readers drew and where they found nothing, gathered while an annotation file is read."""

from collections.abc import Iterator
from contextlib import contextmanager

from xaudit.cases.entry import SPLITS
from xaudit.cases.image_index import ImageIndex
from xaudit.errors import DataError
from xaudit.records import Annotation, Region

ONLY_READER = "reader-1"
"""Who drew an annotation that names nobody."""

NO_READERS = frozenset({*SPLITS, "labels", "masks", "annotations", "obj_train_data", "images"})
"""Names of folders, in lower case, that do not name a reader."""


class MarkList:
    """Gathers annotations of one file or folder.

    Attributes:
        images: what annotations may belong to.
        faults: where errors of single items go, so that all of them can be told at once; None to stop at the first.
    """

    def __init__(self, images: ImageIndex, faults: list[DataError] | None = None) -> None:
        self.images = images
        self.faults = faults
        self._drawn: list[Annotation] = []
        self._nothing: dict[tuple[str, str], str] = {}

    @contextmanager
    def item(self) -> Iterator[None]:
        """Around one item of the file: an error in it leaves the others to be read where all are asked for."""
        try:
            yield
        except DataError as error:
            if self.faults is None:
                raise
            self.faults.append(error)

    def case(self, place: str, *names: str) -> str | None:
        """The case that the first known of several names means; None where its image could not be read.

        Raises:
            DataError: where no name means an image, or the first that does means several.
        """
        known = next((name for name in names if self.images.named(name)), names[0])
        case_id = self.images.one(place, known)
        return case_id if case_id in self.images.frames else None

    def case_and_reader(self, place: str, path: str) -> tuple[str | None, str]:
        """Which case a file of marks belongs to by its path without suffix, and whose it is.

        What stands before the image's own path names the reader: ``dr-a/cancer/scan-1`` and ``dr-a/scan-1`` are
        reader ``dr-a`` on the image ``cancer/scan-1.png``. Folders called after a split or ``labels`` name nobody.
        """
        parts = path.replace("\\", "/").split("/")
        for start in range(len(parts)):
            name = "/".join(parts[start:])
            if self.images.named(name):
                case_id = self.images.one(place, name)
                own = self.images.parts(case_id)
                before = parts[: max(start, len(parts) - len(own))]
                reader = "/".join(part for part in before if part.lower() not in NO_READERS)
                return (case_id if case_id in self.images.frames else None), reader or ONLY_READER
        return self.case(place, path), ONLY_READER

    def add(self, case_id: str, reader: str, region: Region, label: str | None = None) -> None:
        """Something that a reader drew."""
        self._drawn.append(Annotation(case_id, reader, region, label))

    def nothing(self, place: str, case_id: str, reader: str) -> None:
        """A reader looked at a case and found nothing."""
        self._nothing.setdefault((case_id, reader), place)

    def all(self) -> tuple[Annotation, ...]:
        """Everything drawn, in the order of the file, and after it who found nothing.

        Raises:
            DataError: where a reader found nothing and yet drew something.
        """
        drawn = {(mark.case_id, mark.reader_id) for mark in self._drawn}
        votes = []
        for (case_id, reader), place in self._nothing.items():
            with self.item():
                if (case_id, reader) in drawn:
                    raise DataError(
                        f"{place}: {reader} found nothing on {case_id}, but also marked something there",
                        hint="take out the vote or the mark",
                    )
                votes.append(Annotation(case_id, reader, None))
        return (*self._drawn, *votes)
