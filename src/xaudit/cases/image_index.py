"""Which image an annotation file means, told by name, and which frame it must fit."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import PurePosixPath

from xaudit.cases.entry import without_suffix
from xaudit.cases.plane import Plane
from xaudit.errors import DataError, did_you_mean

NO_IMAGE = "add the image, take its annotation out, or set data.annotations.extra_images: ignore"
"""What to do about annotations of an image that the data does not hold."""

_COMPARED = 300  # names, for the nearest

_LONGEST_NAME = 200  # in a message

_Table = Mapping[str, Sequence[tuple[tuple[str, ...], str]]]


@dataclass(frozen=True)
class ImageIndex:
    """The images that annotations may belong to.

    Attributes:
        paths: path below the root: case id; unreadable images included.
        frames: case id: (height, width) of the images that could be read.
        uids: DICOM instance: case id; never shown.
        planes: case id: where the image lies in the patient, for those of which it is known.
        digests: case id: SHA-256 of the image's file, so that a copy of it among annotations is known.
        complete: false where an unreadable DICOM file kept its UID to itself.
    """

    paths: Mapping[str, str]
    frames: Mapping[str, tuple[int, int]]
    uids: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True
    planes: Mapping[str, Plane] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    def named(self, name: str) -> list[str]:
        """The cases that a name can mean: its path ends with the image's, or the other way round.

        A suffix that differs does not count against a name, unless an image has the very name.
        """
        path = name.replace("\\", "/")
        return _ending(path, self._by_name) or _ending(without_suffix(path), self._by_stem)

    def one(self, place: str, name: str) -> str:
        """The only case that a name can mean.

        Raises:
            DataError: where it means none, or several.
        """
        found = self.named(name)
        if len(found) == 1:
            return found[0]
        name = name[:_LONGEST_NAME]
        if found:
            raise DataError(
                f"{place}: '{name}' can be the image {found[0]} or {found[1]}",
                hint="name the image with its sub-folder",
            )
        raise DataError(
            f"{place}: no image of the data is called '{name}'",
            hint=did_you_mean(name, self._like(name), otherwise=NO_IMAGE),
        )

    def parts(self, case_id: str) -> tuple[str, ...]:
        """The folders and the name of a case's image below the root."""
        return self._parts[case_id]

    def _like(self, name: str) -> Sequence[str]:
        """The paths that may be meant: all of a few, and of many those that begin or end alike, since comparing takes long."""
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

    def check_size(self, place: str, case_id: str, size_hw: tuple[int, int]) -> None:
        """Raises DataError where an annotation was drawn on a frame of another size than the image's."""
        frame = self.frames[case_id]
        if size_hw != frame:
            raise DataError(
                f"{place}: drawn on {size_hw[1]} × {size_hw[0]} pixels, but the image {case_id} has "
                f"{frame[1]} × {frame[0]}",
                hint="give the image that was annotated, or annotate this one; sizes are not guessed",
            )

    @cached_property
    def _parts(self) -> Mapping[str, tuple[str, ...]]:
        return {case: PurePosixPath(path).parts for path, case in self.paths.items()}

    @cached_property
    def _by_name(self) -> _Table:
        return _table(self.paths)

    @cached_property
    def _by_stem(self) -> _Table:
        return _table({without_suffix(path): case for path, case in self.paths.items()})


def _table(paths: Mapping[str, str]) -> _Table:
    table: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
    for path, case in paths.items():
        parts = PurePosixPath(path).parts
        table[parts[-1]].append((parts, case))
    return table


def _ending(path: str, table: _Table) -> list[str]:
    parts = PurePosixPath(path).parts
    if not parts:
        return []
    alike = []
    for known, case in table.get(parts[-1], ()):
        shared = min(len(known), len(parts))
        if known[-shared:] == parts[-shared:]:
            if known == parts:
                return [case]
            alike.append(case)
    return alike
