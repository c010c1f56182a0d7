"""Names in a file of marks that no image of the data has, reported together if there are many."""

import re
from collections.abc import Collection, Iterable, Sequence

from xaudit.cases.names.name_match import Folders, split_name
from xaudit.errors import DataError

ONE_BY_ONE = 3
"""Number of names that are reported singly, each with the nearest name; more of them have one cause."""


_UID = re.compile(r"\d+(\.\d+){4,}")
_LONGEST = 100


def shown_name(name: str) -> str:
    """Shorten an image's name for notes: the last two parts of an absolute path, the last digits of a DICOM UID.

    Example:
        >>> shown_name("/home/anna/p2/a.png"), shown_name("1.2.840.10008.12345678.dcm")
        ('…/p2/a.png', '…12345678.dcm')
    """
    parts, is_absolute = split_name(name)
    text = "…/" + "/".join(parts[-2:]) if is_absolute else "/".join(parts)
    return _UID.sub(lambda uid: "…" + uid.group()[-8:], text)[:_LONGEST]


class ExtraNames:
    """Collects the names that no image has, to report all faults at once."""

    def __init__(self) -> None:
        self._errors: dict[str, DataError] = {}

    def __contains__(self, name: str) -> bool:
        """Return True if the name was kept."""
        return name in self._errors

    def keep(self, name: str, error: DataError) -> bool:
        """Keep a name and its error; return True if the error is to be raised, since there were few before it."""
        return self._errors.setdefault(name, error) is error and len(self._errors) <= ONE_BY_ONE

    def join(self, faults: list[DataError]) -> None:
        """Replace the first error by one for all names, if there are more than a few."""
        errors = list(self._errors.values())
        more = len(errors) - ONE_BY_ONE
        if more <= 0:
            return
        named = ", ".join(f"'{shown_name(name)}'" for name in list(self._errors)[1:ONE_BY_ONE])
        first, *others = errors
        joined = DataError(f"{first}, nor {named} and {more} more ({len(errors)} in all)", hint=first.hint)
        faults[:] = [joined if fault is first else fault for fault in faults if not _is_among(fault, others)]
        self._errors = {}


def _is_among(fault: DataError, errors: Sequence[DataError]) -> bool:
    return any(fault is error for error in errors)


def notes_of_names(shown: str, n_extra: int, passed_over: Iterable[Folders]) -> tuple[str, ...]:
    """Return sentences about marked images that the data does not hold, and about folders before all names.

    Args:
        shown: name of the file.
        n_extra: number of such images.
        passed_over: folders that no image's path has.

    Example:
        >>> notes_of_names("marks.json", 1, [])
        ('marks.json annotates 1 image that the data does not hold',)
    """
    notes = [
        f"all names in {shown} begin with the folder '{'/'.join(folders)}', which the data does not have; it is passed over"
        for folders in passed_over
    ]
    if n_extra:
        images = "1 image" if n_extra == 1 else f"{n_extra} images"
        notes.append(f"{shown} annotates {images} that the data does not hold")
    return tuple(notes)


def not_in_data(names: Collection[str]) -> str:
    """List the first names of images that the data does not hold, and the number of the others."""
    first = ", ".join(f"'{shown_name(name)}'" for name in sorted(names)[:ONE_BY_ONE])
    return f"not in the data: {first}" + (
        f" and {len(names) - ONE_BY_ONE} more" if len(names) > ONE_BY_ONE else ""
    )
