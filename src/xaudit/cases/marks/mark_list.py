"""Gather what readers drew, and where they found nothing, while an annotation file is read."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property

import numpy as np

from xaudit.cases.annotation_file import Row
from xaudit.cases.images.entry import without_suffix
from xaudit.cases.names.extra_names import ExtraNames
from xaudit.cases.names.image_index import NO_IMAGE, ImageIndex
from xaudit.cases.names.name_match import GENERIC, Folders, NameMatcher, split_name
from xaudit.errors import DataError
from xaudit.outlines import length_px
from xaudit.records import Annotation, FloatArray, Polygon, Region

ONLY_READER = "reader-1"
"""The reader of an annotation that names nobody."""

NO_READERS = GENERIC
"""Names of folders, in lower case, that do not name a reader."""


MOST_FAULTS = 200
"""The most faults that are gathered: whoever has more has one mistake, many times."""

MOST_OUTLINED_PX = 25_000_000
"""The longest that the outlines of one image can be in all: so many pixels are drawn in a second or two."""

_UID = re.compile(r"\d+(\.\d+){4,}")


class MarkList:
    """Gathers annotations of one file or folder.

    Attributes:
        images: what annotations may belong to.
        faults: where errors of single items go, so that all of them can be told at once; None to stop at the first.
        ignore_extra: whether annotations of images that the data does not hold are passed over.
        extra: the names of such images.
        passed_over: folders before every name of a file that no image's path has.
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
        self.passed_over: dict[tuple[str, ...], None] = {}
        self._names = NameMatcher(images)
        self._folders: dict[str, Folders] = {}
        self._patient_places: frozenset[int] = frozenset()
        self._read: dict[tuple[str, str], str] = {}
        self._absent = ExtraNames()
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
        """Wrap one item of the file: with a list of faults, an error in it leaves the others to be read."""
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

    def expect(self, names: Iterable[str]) -> None:
        """Take all names of images of the next file, so that each can be judged by all; see :mod:`xaudit.cases.names.name_match`.

        A reader calls this before :meth:`case`, once for each file, or :meth:`expect_files` once for a folder of files.
        """
        self._names = NameMatcher(self.images, set(names))
        self._known.clear()

    def expect_rows(self, rows: Iterable[Row], column: str) -> list[Row]:
        """Take the names in a column of a table, and return the rows that name an image.

        Raises:
            DataError: for a row that names none.
        """
        kept = []
        for row in rows:
            with self.item():
                if not row[column]:
                    raise DataError(f"{row.place}: {column} is empty", hint="fill it in, or drop the row")
                kept.append(row)
        self.expect(row[column] for row in kept)
        return kept

    def expect_files(self, paths: Iterable[str]) -> None:
        """Take the paths of a folder's files, without suffix, before :meth:`case_and_reader` is asked about each."""
        kept = set(paths)
        self.expect(kept)
        self._read.clear()
        places: set[int] = set()
        for path in kept:
            case_id, before = self._own(path)
            if case_id is not None:
                facts = self.images.folder_facts
                places |= {
                    -n for n, part in enumerate(reversed(before), 1) if facts.names_image(part, case_id)
                }
        self._patient_places = frozenset(places)

    def case(self, place: str, *names: str) -> str | None:
        """Return the case that the first known of several names means; None where its image could not be read.

        Raises:
            DataError: where no name means an image, the first that does means several, or another name of the file means
                the same image.
        """
        known = self._known.get(names[0])
        if known is None:
            name, cases = next(
                ((name, cases) for name in names if (cases := self._names.cases(name))), ("", [])
            )
            if not cases:
                return self._by_uid(place, names)
            known = self.images.only(place, name, cases)
            other = self._names.other_name(names[0], known)
            if other is not None:
                raise DataError(
                    f"{place}: '{names[0]:.200}' and '{other:.200}' are both the image {known}",
                    hint="name each image by its path below the images' folder; one of the two is another image",
                )
            self._known[names[0]] = known
            if self._names.used:
                self.passed_over[self._names.used] = None
                self._check_other_files(place, names[0], known)
        return known if known in self.images.frames else None

    def _check_other_files(self, place: str, name: str, case_id: str) -> None:
        """Raise DataError where names of two files mean one image only without folders that differ."""
        folders = self._names.used
        first = self._folders.setdefault(case_id, folders)
        if first != folders:
            raise DataError(
                f"{place}: '{name:.200}' is taken for the image {case_id}, and so is a name of another file that begins "
                f"with '{'/'.join(first):.200}/'",
                hint="name each image by its path below the images' folder; one of the two is another image",
            )

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
        self.absent(place, names[0])
        return None

    def absent(self, place: str, name: str) -> None:
        """Raise DataError for a name that no image has, or keep it to be told with the others of its kind."""
        error = self.images.absent(place, name)
        if self.faults is None or self._absent.keep(name, error):
            raise error

    def is_absent(self, name: str) -> bool:
        """True where :meth:`absent` has kept a name."""
        return name in self._absent

    def case_and_reader(self, place: str, path: str) -> tuple[str | None, str]:
        """Return the case that a file of marks belongs to by its path without suffix, and the reader.

        What stands before the image's own path names the reader: ``dr-a/cancer/scan-1`` and ``dr-a/scan-1`` are
        reader ``dr-a`` on the image ``cancer/scan-1.png``. Folders called after a split or ``labels`` name nobody, nor do
        those called after the image's patient or class.

        Raises:
            DataError: where no image is meant, or several, or another file holds the same reader's marks of the image.
        """
        found = self.file_of(place, path)
        if found is None:
            return self._by_uid(place, (path,)), ONLY_READER
        case_id, before = found
        reader = "/".join(
            part
            for part in before
            if part.lower() not in NO_READERS and not self.images.folder_facts.names_image(part, case_id)
        )
        self.read_once(place, path, case_id, reader or ONLY_READER)
        return (case_id if case_id in self.images.frames else None), reader or ONLY_READER

    def is_called_like_an_image(self, path: str) -> bool:
        """True where a path ends with an image's path, or with its end."""
        parts = split_name(path).parts
        return any(self.images.named("/".join(parts[start:])) for start in range(len(parts)))

    def file_of(self, place: str, path: str) -> tuple[str, tuple[str, ...]] | None:
        """Return the case that a file is called after, and the folders before the image's path; None for another image's file.

        Raises:
            DataError: where several images may be meant.
        """
        case_id, before = self._own(path, place)
        if case_id is None:
            return None
        facts = self.images.folder_facts
        for n, part in enumerate(reversed(before), 1):
            of_patients = -n in self._patient_places and not facts.describes(part, case_id)
            if of_patients or facts.contradicts(part, case_id):
                return None
        return case_id, before

    def read_once(self, place: str, path: str, case_id: str, reader: str) -> None:
        """Raise DataError where another file was read already as the same reader's marks of the same image."""
        other = self._read.setdefault((case_id, reader), path)
        if split_name(other).parts != split_name(path).parts:
            raise DataError(
                f"{place}: {reader} has marks of {case_id} in '{other:.200}' too",
                hint="put each reader's files into a sub-folder that is called like the reader",
            )

    def _own(self, path: str, place: str | None = None) -> tuple[str | None, tuple[str, ...]]:
        """Return the image that a path ends with, or that ends with the end of the path, and the folders before."""
        parts = split_name(path).parts
        for start in range(len(parts)):
            found = next(iter(self.images.candidates("/".join(parts[start:]))), [])
            if not found:
                continue
            n_before = min(len(before) for _, before in found)
            cases = [case for case, before in found if len(before) == n_before]
            if place is None and len(cases) > 1:
                return None, ()
            return self.images.only(place or "", path, cases), parts[: start + n_before]
        return None, ()

    def folder_reader(self, name: str) -> str:
        """Return the reader that the folders before a file's name stand for; ``reader-1`` where they name nobody.

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
        """Name the file that the next marks come from, so that errors can name it.

        Args:
            file: its name below the folder of annotations.
            format_name: of the format, in sentences; None for the last one.
        """
        self._source = (self._source[0] if format_name is None else format_name, file)

    @property
    def sources(self) -> Mapping[tuple[str, str], Sequence[tuple[str, str]]]:
        """Return, by case and reader, the formats and files that say something of them."""
        return {key: tuple(files) for key, files in self._sources.items()}

    def add(self, case_id: str, reader: str, region: Region, label: str | None = None) -> None:
        """Add a region that a reader drew; raises DataError where an image has more outlines than can be drawn."""
        if isinstance(region, Polygon):
            self.outlined(case_id, np.array(region.points))
        self._sources[case_id, reader][self._source] = None
        self._drawn.append(Annotation(case_id, reader, region, label))

    def outlined(self, case_id: str, *outlines: FloatArray) -> None:
        """Count outlines that are drawn at once, as :meth:`add` counts those that it is given.

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
        """Note that a reader looked at a case and found nothing."""
        self._sources[case_id, reader][self._source] = None
        self._nothing.setdefault((case_id, reader), place)

    def all(self) -> tuple[Annotation, ...]:
        """Return everything drawn, in the order of the file, and after it who found nothing.

        Raises:
            DataError: where a reader found nothing and yet drew something.
        """
        drawn = {(mark.case_id, mark.reader_id) for mark in self._drawn}
        if self.faults is not None:
            self._absent.join(self.faults)
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
