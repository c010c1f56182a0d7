"""What readers drew and where they found nothing, gathered while an annotation file is read."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property

import numpy as np

from xaudit.cases.entry import SPLITS, without_suffix
from xaudit.cases.image_index import NO_IMAGE, ImageIndex
from xaudit.errors import DataError
from xaudit.outlines import length_px
from xaudit.records import Annotation, FloatArray, Polygon, Region

ONLY_READER = "reader-1"
"""Who drew an annotation that names nobody."""

NO_READERS = frozenset({*SPLITS, "labels", "masks", "annotations", "obj_train_data", "images"})
"""Names of folders, in lower case, that do not name a reader."""


MOST_FAULTS = 200
"""So many faults are gathered at most: whoever has more has one mistake, many times."""

MOST_OUTLINED_PX = 25_000_000
"""How long the outlines of one image can be in all: so many pixels are drawn in a second or two."""

_UID = re.compile(r"\d+(\.\d+){4,}")


class MarkList:
    """Gathers annotations of one file or folder.

    Attributes:
        images: what annotations may belong to.
        faults: where errors of single items go, so that all of them can be told at once; None to stop at the first.
        ignore_extra: whether annotations of images that the data does not hold are passed over.
        extra: the names of such images.
        only_reader: who drew what names nobody.
        notes: what of the files was not used, in words: how often.
    """

    def __init__(
        self, images: ImageIndex, faults: list[DataError] | None = None, *, ignore_extra: bool = False
    ) -> None:
        self.images = images
        self.faults = faults
        self.ignore_extra = ignore_extra
        self.extra: set[str] = set()
        self.only_reader = ONLY_READER
        self.notes: Counter[str] = Counter()
        self._source = ("", "")
        self._sources: dict[tuple[str, str], dict[tuple[str, str], None]] = defaultdict(dict)
        self._known: dict[str, str] = {}
        self._drawn: list[Annotation] = []
        self._nothing: dict[tuple[str, str], str] = {}
        self._outlined_px: dict[str, float] = defaultdict(float)

    @contextmanager
    def item(self) -> Iterator[None]:
        """Around one item of the file: an error in it leaves the others to be read where all are asked for."""
        try:
            yield
        except DataError as error:
            if self.faults is None:
                raise
            if len(self.faults) >= MOST_FAULTS:
                raise DataError(
                    f"and more than {MOST_FAULTS} faults in all", hint="mend these first, and check again"
                ) from None
            self.faults.append(error)

    def case(self, place: str, *names: str) -> str | None:
        """The case that the first known of several names means; None where its image could not be read.

        Raises:
            DataError: where no name means an image, or the first that does means several.
        """
        known = self._known.get(names[0])
        if known is None:
            name = next((name for name in names if self.images.named(name)), None)
            if name is None:
                return self._by_uid(place, names)
            known = self._known[names[0]] = self.images.one(place, name)
        return known if known in self.images.frames else None

    def _by_uid(self, place: str, names: tuple[str, ...]) -> str | None:
        """As :meth:`case` for names that no image has: they may be DICOM instances, or images of elsewhere."""
        last = [without_suffix(name.replace("\\", "/").rpartition("/")[2]) for name in names]
        for uid in last:
            if uid in self.images.uids:
                case_id = self.images.uids[uid]
                return case_id if case_id in self.images.frames else None
        if self.ignore_extra:
            self.extra.add(names[0])
            return None
        if _UID.fullmatch(last[0]):
            if not self.images.complete:
                return None
            raise DataError(
                f"{place}: no image has the name or the DICOM instance UID …{last[0][-8:]}", hint=NO_IMAGE
            )
        return self.images.one(place, names[0])

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

    def folder_reader(self, name: str) -> str:
        """The reader that the folders before a file's name stand for; ``reader-1`` where they name nobody.

        Args:
            name: path of the file below the folder of annotations. Folders called after a split or ``labels`` name nobody,
                nor do those that the images lie in.
        """
        folders = name.split("/")[:-1]
        if not folders:
            return ONLY_READER
        own = self._image_folders
        return "/".join(part for part in folders if part.lower() not in NO_READERS and part not in own) or (
            ONLY_READER
        )

    @cached_property
    def _image_folders(self) -> frozenset[str]:
        return frozenset(part for path in self.images.paths for part in path.split("/")[:-1])

    def reading(self, file: str, format_name: str | None = None) -> None:
        """Says which file the marks come from that are added next, so that errors can name it.

        Args:
            file: its name below the folder of annotations.
            format_name: of the format, in sentences; None for the last one.
        """
        self._source = (self._source[0] if format_name is None else format_name, file)

    @property
    def sources(self) -> Mapping[tuple[str, str], Sequence[tuple[str, str]]]:
        """By case and reader: the formats and files that say something of them."""
        return {key: tuple(files) for key, files in self._sources.items()}

    def add(self, case_id: str, reader: str, region: Region, label: str | None = None) -> None:
        """Something that a reader drew; raises DataError where an image has more outlines than can be drawn."""
        if isinstance(region, Polygon):
            self.outlined(case_id, np.array(region.points))
        self._sources[case_id, reader][self._source] = None
        self._drawn.append(Annotation(case_id, reader, region, label))

    def outlined(self, case_id: str, *outlines: FloatArray) -> None:
        """Counts outlines that are drawn at once, as :meth:`add` counts those that it is given.

        Args:
            case_id: of the image.
            outlines: (N, 2) each, in pixels.

        Raises:
            DataError: where those of the image are longer in all than can be drawn.
        """
        self._outlined_px[case_id] += sum(map(length_px, outlines))
        if self._outlined_px[case_id] > MOST_OUTLINED_PX:
            raise DataError(
                f"{case_id}: its outlines are more than {MOST_OUTLINED_PX // 10**6} million pixels long in all",
                hint="save what was drawn as masks; whoever draws by hand comes nowhere near",
            )

    def nothing(self, place: str, case_id: str, reader: str) -> None:
        """A reader looked at a case and found nothing."""
        self._sources[case_id, reader][self._source] = None
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
