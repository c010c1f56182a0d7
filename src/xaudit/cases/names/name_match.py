"""Matching of one source's names with images: a file of annotations, a table of predictions, a folder of maps.

A name means an image where it ends with the image's path, or the image's path ends with it. Folders that a name has and the
image's path does not have must be harmless, else the name is that of another image:

- folders with which every name of the source begins, such as ``/data/export/``: they tell no image from another;
- those that the images' folder itself lies in, such as ``images/``;
- folders called like what the data says of this image: its patient, its class, its split, its site;
- folders called ``images``, ``labels``, ``masks`` and so on.

A folder that is called like another patient of the data, another class or another folder of images is never harmless, and neither
is one that is spelled like the data's patients with other digits. Nothing depends on the order of the names.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from xaudit.cases.images.entry import SPLITS
from xaudit.cases.text.spelling import nfc

if TYPE_CHECKING:
    from xaudit.cases.names.image_index import ImageIndex

GENERIC = frozenset({*SPLITS, "labels", "masks", "annotations", "obj_train_data", "images"})
"""Names of folders, in lower case, that tell neither an image nor a reader."""

_DIGITS = re.compile(r"\d+")
_DIGIT = re.compile(r"\d")

Folders = tuple[str, ...]


class ImageFacts(NamedTuple):
    """Facts about an image that a folder may be named after.

    Attributes:
        patient: None if not known.
        classes: the image's class, and the names that are merged into it.
        split: empty if the data has none.
        site: None if not known.
    """

    patient: str | None = None
    classes: tuple[str, ...] = ()
    split: str = ""
    site: str | None = None


class SplitName(NamedTuple):
    """A name as its folders and its last part.

    Attributes:
        parts: without empty ones and ``.``.
        is_absolute: true for a path from a root, a drive or an address.
    """

    parts: Folders
    is_absolute: bool


@lru_cache(maxsize=1 << 16)
def split_name(name: str) -> SplitName:
    r"""Split a name into its parts, in one Unicode form.

    Example:
        >>> split_name("C:\\data\\.\\a.png")
        SplitName(parts=('C:', 'data', 'a.png'), is_absolute=True)
    """
    path = nfc(name).replace("\\", "/")
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    return SplitName(parts, path.startswith("/") or (len(parts) > 1 and parts[0].endswith(":")))


def shared_folders(names: Iterable[str]) -> Folders:
    """Return the folders with which every one of several names begins.

    Example:
        >>> shared_folders(["x/train/a.png", "x/train/p1/b.png"]), shared_folders(["x/a.png", "b.png"])
        (('x', 'train'), ())
    """
    folders = {split_name(name).parts[:-1] for name in names}
    if not folders:
        return ()
    first, last = min(folders), max(folders)
    differ = (n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(differ, min(len(first), len(last)))]


class NameMatcher:
    """Finds the images that the names of one source mean.

    Attributes:
        used: folders before every name that no image's path has and that were passed over; empty for none.
    """

    def __init__(self, images: "ImageIndex", names: Iterable[str] | None = None) -> None:
        """Take the names of a source.

        Args:
            images: the images that they may mean.
            names: all names of the source; None if they are not known in advance: then the first name's folders
                count as shared by all.
        """
        self._images = images
        self._shared = None if names is None else shared_folders(names)
        self._names: dict[str, str] = {}
        self.used: Folders = ()

    def cases(self, name: str) -> list[str]:
        """Return the images that a name can mean: none if the data does not hold it, several if it is ambiguous."""
        for candidates in self._images.candidates(name):
            whole = [case for case, before in candidates if not before]
            if whole:
                return whole
            longer = [(case, before) for case, before in candidates if self._harmless(name, case, before)]
            if longer:
                fewest = min(len(before) for _, before in longer)
                return [case for case, before in longer if len(before) == fewest]
        return []

    def other_name(self, name: str, case_id: str) -> str | None:
        """Return another name of the source that means the same image, or None."""
        first = self._names.setdefault(case_id, name)
        return None if split_name(first).parts == split_name(name).parts else first

    def _harmless(self, name: str, case_id: str, before: Folders) -> bool:
        """Return True if the folders before an image's own path do not point to another image."""
        if self._images.lies_in(before):
            return True
        if self._shared is None:
            self._shared = before
        n_shared = len(self._shared) if before[: len(self._shared)] == self._shared else len(before)
        begin, rest = before[:n_shared], before[n_shared:]
        if begin != self._shared[: len(begin)]:
            begin, rest = (), before
        known, own = self._images.folder_facts, self._images.parts(case_id)[:-1]
        if any(known.contradicts(folder, case_id, own) for folder in begin):
            return False
        if not all(known.describes(folder, case_id) for folder in rest):
            return False
        if not split_name(name).is_absolute and not all(known.describes(part, case_id) for part in begin):
            self.used = begin
        return True


class NamedCases(NameMatcher):
    """A matcher of names that may also be case ids."""

    def __init__(self, images: "ImageIndex", names: Iterable[str]) -> None:
        """Take the names of a source; ids that are not paths contain no image folders."""
        self._known = {nfc(case_id): case_id for case_id in images.paths.values()}
        super().__init__(
            images, [name for name in names if nfc(name) not in self._known or images.named(name)]
        )

    def cases(self, name: str) -> list[str]:
        """Return the images as :meth:`NameMatcher.cases`; an id means its own case only."""
        known = self._known.get(nfc(name))
        return super().cases(name) if known is None else [known]


class FolderFacts:
    """Compares the name of a folder with the metadata of all images."""

    def __init__(self, paths: Mapping[str, str], facts: Mapping[str, ImageFacts]) -> None:
        self._own_folders = {case: frozenset(split_name(path).parts[:-1]) for path, case in paths.items()}
        self._facts = facts

    def names_image(self, folder: str, case_id: str) -> bool:
        """Return True if a folder is named after this image's own patient, class or site."""
        facts = self._facts.get(case_id, ImageFacts())
        return folder in facts.classes or folder in (facts.patient, facts.site)

    def describes(self, folder: str, case_id: str) -> bool:
        """Return True if a folder has a generic name, or one that fits this image's metadata."""
        if self.names_image(folder, case_id):
            return True
        split = SPLITS.get(folder.lower())
        if split is not None:
            return self._facts.get(case_id, ImageFacts()).split in ("", split)
        return folder.lower() in GENERIC

    def contradicts(self, folder: str, case_id: str, own_path: Folders = ()) -> bool:
        """Return True if a folder is named after another patient, another class or another folder of images.

        Args:
            own_path: folders that follow it: if these give the image's own patient or class, another one before them is
                ignored.
        """
        if self.names_image(folder, case_id) or folder.lower() in GENERIC:
            return False
        if folder in self._own_folders.get(case_id, ()):
            return False
        facts = self._facts.get(case_id, ImageFacts())
        if _spelling(folder) in self._patient_spellings:
            return facts.patient not in own_path
        if folder in self._classes:
            return not set(facts.classes) & set(own_path)
        return not own_path and folder in self._folders

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset().union(*self._own_folders.values())

    @cached_property
    def _classes(self) -> frozenset[str]:
        return frozenset(name for facts in self._facts.values() for name in facts.classes)

    @cached_property
    def _patient_spellings(self) -> frozenset[str]:
        return frozenset(_spelling(facts.patient) for facts in self._facts.values() if facts.patient)


def _spelling(word: str) -> str:
    """Replace the digits of a name; of a name that is only digits, their number is kept.

    Example:
        >>> _spelling("p12") == _spelling("p1"), _spelling("2017") == _spelling("001")
        (True, False)
    """
    pattern = _DIGIT if word.isdigit() else _DIGITS
    return pattern.sub("#", word) if _DIGIT.search(word) else f"={word}"
