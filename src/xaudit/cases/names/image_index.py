"""The images that an annotation file can mean, found by name, and the frames that marks must fit."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path

from xaudit.cases.images.entry import without_suffix
from xaudit.cases.images.plane import Plane
from xaudit.cases.names.name_match import FolderFacts, Folders, ImageFacts, split_name
from xaudit.errors import DataError, did_you_mean
from xaudit.records import Case

NO_IMAGE = "add the image, take its annotation out, or set data.annotations.extra_images: ignore"
"""Hint for annotations of an image that the data does not hold."""

_COMPARED = 300  # names, for the nearest

_LONGEST_NAME = 200  # in a message

_Table = Mapping[str, Sequence[tuple[Folders, str]]]


@dataclass(frozen=True)
class ImageIndex:
    """The images that annotations may belong to.

    Attributes:
        paths: path below the root: case id; unreadable images included.
        frames: case id: (height, width) of the images that could be read.
        uids: DICOM instance: case id; never shown.
        planes: case id: position of the image in the patient, if known.
        digests: case id: SHA-256 of the image's file, to recognise a copy of it among annotations.
        complete: False if an unreadable DICOM file hides its UID.
        facts: case id: metadata of the image that folders may be named after.
        root: the folder of the images; never shown.
    """

    paths: Mapping[str, str]
    frames: Mapping[str, tuple[int, int]]
    uids: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True
    planes: Mapping[str, Plane] = field(default_factory=dict)
    facts: Mapping[str, ImageFacts] = field(default_factory=dict)
    root: Path | None = None
    digests: Mapping[str, str] = field(default_factory=dict)

    def named(self, name: str) -> list[str]:
        """Return the cases that a name can mean: its path ends with the image's, or the other way round.

        Another suffix is allowed, unless an image has exactly this name.
        """
        return next(([case for case, _ in matches] for matches in self.candidates(name)), [])

    def candidates(self, name: str) -> Iterator[list[tuple[str, Folders]]]:
        """Yield the cases whose path ends a name, or is ended by it, each with the folders that precede it in the name.

        Exact names first, then names that differ in the suffix; empty lists are left out.
        """
        parts = split_name(name).parts
        if not parts:
            return
        matches = _ending(parts, self._by_name)
        if matches:
            yield matches
        matches = _ending((*parts[:-1], without_suffix(parts[-1])), self._by_stem)
        if matches:
            yield matches

    def one(self, location: str, name: str) -> str:
        """Return the only case that a name can mean, by :meth:`named`; raise DataError if it means none, or several."""
        return self.only(location, name, self.named(name))

    def only(self, location: str, name: str, cases: Sequence[str]) -> str:
        """Return the only one of the cases that a name can mean; raise DataError if there is none, or several."""
        if len(cases) == 1:
            return cases[0]
        if not cases:
            raise self.absent(location, name)
        raise DataError(
            f"{location}: '{name[:_LONGEST_NAME]}' can be the image {cases[0]} or {cases[1]}",
            hint="name the image with its sub-folder",
        )

    def absent(self, location: str, name: str) -> DataError:
        """Return the error for a name that no image has."""
        alike = self.named(name)
        name = name[:_LONGEST_NAME]
        reason = ""
        if alike:
            own = len(self._parts[alike[0]])
            folder = "/".join(split_name(name).parts[:-own])
            reason = f"; there is '{'/'.join(self._parts[alike[0]])}', but in no folder '{folder}'"
        return DataError(
            f"{location}: no image of the data is called '{name}'{reason}",
            hint=NO_IMAGE if alike else did_you_mean(name, self._like(name), otherwise=NO_IMAGE),
        )

    def lies_in(self, folders: Folders) -> bool:
        """Return True if the images' folder lies in these folders, or is the last of them."""
        return any(len(folders) <= len(own) and own[-len(folders) :] == folders for own in self._roots)

    def parts(self, case_id: str) -> tuple[str, ...]:
        """Return the folders and the name of a case's image below the root."""
        return self._parts[case_id]

    def _like(self, name: str) -> Sequence[str]:
        """Return the paths to compare a name with: all if few, else those that begin or end alike, since comparing is slow."""
        if len(self.paths) <= _COMPARED:
            return list(self.paths)
        stem = without_suffix(name).rpartition("/")[2]
        first, last = stem[:3], stem[-3:]
        alike = (
            "/".join(parts)
            for own, images in self._by_stem.items()
            if own.startswith(first) or own.endswith(last)
            for parts, _ in images
        )
        return list(islice(alike, _COMPARED))

    def check_size(self, location: str, case_id: str, size_hw: tuple[int, int]) -> None:
        """Raise DataError if an annotation was drawn on a frame of another size than the image's."""
        frame = self.frames[case_id]
        if size_hw != frame:
            raise DataError(
                f"{location}: drawn on {size_hw[1]} × {size_hw[0]} pixels, but the image {case_id} has "
                f"{frame[1]} × {frame[0]}",
                hint="give the image that was annotated, or annotate this one; sizes are not guessed",
            )

    @cached_property
    def folder_facts(self) -> FolderFacts:
        """Facts that folders before an image's own path are compared with."""
        return FolderFacts(self.paths, self.facts)

    @cached_property
    def _roots(self) -> Sequence[Folders]:
        if self.root is None:
            return ()
        return tuple(
            split_name(path.as_posix()).parts for path in (self.root.absolute(), self.root.resolve())
        )

    @cached_property
    def _parts(self) -> Mapping[str, Folders]:
        return {case: split_name(path).parts for path, case in self.paths.items()}

    @cached_property
    def _by_name(self) -> _Table:
        return _table(self.paths)

    @cached_property
    def _by_stem(self) -> _Table:
        return _table({without_suffix(path): case for path, case in self.paths.items()})


def facts_of(cases: Iterable[Case], merge: Mapping[str, str]) -> dict[str, ImageFacts]:
    """Return the facts of each image, by case id.

    Args:
        merge: class name in the data: class name to use; a folder may be called by either.
    """
    others: dict[str, list[str]] = defaultdict(list)
    for name, merged in merge.items():
        others[merged].append(name)
    return {
        case.case_id: ImageFacts(case.patient_id, (case.label, *others[case.label]), case.split, case.site)
        for case in cases
    }


def _table(paths: Mapping[str, str]) -> _Table:
    table: dict[str, list[tuple[Folders, str]]] = defaultdict(list)
    for path, case in paths.items():
        parts = split_name(path).parts
        table[parts[-1]].append((parts, case))
    return table


def _ending(parts: Folders, table: _Table) -> list[tuple[str, Folders]]:
    alike = []
    for known, case in table.get(parts[-1], ()):
        shared = min(len(known), len(parts))
        if known[-shared:] == parts[-shared:]:
            before = parts[: len(parts) - shared]
            if known == parts:
                return [(case, before)]
            alike.append((case, before))
    return alike
