"""Names that differ only in capitals or in the spelling of a number: one patient, class or reader counted as two.

A spreadsheet or a data frame writes the patient ``001`` as ``1`` or ``1.0``. Both spellings in one data set would be two
patients, possibly in different splits.
"""

import re
from collections.abc import Iterable, Mapping

from xaudit.cases.images.entry import Entry
from xaudit.errors import DataError

_NUMBER = re.compile(r"0*([0-9]+)(?:\.0+)?")
_HINTS: Mapping[str, str] = {
    "patients": "write each patient in one way",
    "classes": "write them in one way, or join them with data.merge",
    "sites": "write each site in one way",
    "readers": "write each reader in one way",
}


def check_entries(source: str, entries: Iterable[Entry]) -> None:
    """Raise DataError if two patients, classes or sites of a data set are one name in two spellings.

    Args:
        source: source of the entries, for the error.
        entries: all images, with the classes that ``data.merge`` makes.
    """
    kept = tuple(entries)
    sources = [
        ("patients", {entry.patient_id: entry.path for entry in kept if entry.patient_id}),
        ("classes", {entry.label: entry.path for entry in kept}),
        ("sites", {entry.site: entry.path for entry in kept if entry.site}),
    ]
    for what, names in sources:
        check_spellings(source, what, names)


def check_spellings(source: str, what: str, names: Mapping[str, str]) -> None:
    """Raise DataError if two names are one in two spellings.

    Args:
        source: source of the names, for the error.
        what: kind of name: ``patients``, ``classes``, ``sites`` or ``readers``.
        names: each with an image or a file in which it occurs.
    """
    known: dict[str, str] = {}
    for name in sorted(names):
        first = known.setdefault(_plain(name), name)
        if first != name:
            raise DataError(
                f"{source}: the {what} '{first:.60}' ({names[first]:.120}) and '{name:.60}' ({names[name]:.120}) differ only in "
                "spelling and would count as two",
                hint=_HINTS[what],
            )


def _plain(name: str) -> str:
    """Remove from a name what a spelling may change.

    Example:
        >>> _plain("001"), _plain("1.0"), _plain("Cancer"), _plain("1.5")
        ('1', '1', 'cancer', '1.5')
    """
    number = _NUMBER.fullmatch(name)
    return name.casefold() if number is None else number[1]
