"""A column that says whether each image shows a finding, in place of the column ``label``."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from xaudit.errors import DataError, did_you_mean

_STATES = {"1": True, "1.0": True, "0": False, "0.0": False}


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """A column with 1, 0 or nothing for each image.

    Attributes:
        name: name of the column.
        shown: the class of the images with 1.
        not_shown: the class of the images with 0.
    """

    name: str
    shown: str
    not_shown: str

    def renamed(self, table: str, names: Sequence[str]) -> list[str]:
        """Return the names of a table's columns, in lower case, with this one as ``label`` and no other of that name.

        Raises:
            DataError: if there is no such column, or more than one.
        """
        own = self.name.strip().lower()
        if names.count(own) != 1:
            raise DataError(
                f"{table}: {'no column is' if own not in names else 'two columns are'} called '{self.name:.60}', which would hold "
                f"the labels of '{self.shown}'",
                hint=did_you_mean(
                    own,
                    [name for name in names if name],
                    otherwise="give the column as `column` of the finding",
                )
                if own not in names
                else "keep one of them",
            )
        return ["label" if name == own else "" if name == "label" else name for name in names]

    def label_of(self, location: str, cell: str) -> str:
        """Return the class that a cell states.

        Raises:
            DataError: if it is neither 1 nor 0.
        """
        state = _STATES.get(cell)
        if state is None:
            raise DataError(
                f"{location}: {self.name} is '{cell:.40}', {_kind(cell)}",
                hint="write 1 if the image shows the finding, 0 if not, and nothing if that is not known",
            )
        return self.shown if state else self.not_shown

    def check_both(self, table: str, labels: Collection[str]) -> None:
        """Raise DataError if no image has the finding, or every one."""
        for name, digit in ((self.shown, 1), (self.not_shown, 0)):
            if name not in labels:
                raise DataError(
                    f"{table}: the column '{self.name}' says {digit} of no image, so '{self.shown}' cannot be audited",
                    hint="leave the finding out of the audit file, or give labels for it",
                )


def _kind(cell: str) -> str:
    """Say what a cell holds instead of 1 or 0."""
    try:
        value = float(cell)
    except ValueError:
        return "and not 1, 0 or empty"
    if value == -1:
        return "as some data sets write what is uncertain; a classifier is held against images that are known"
    if value != int(value):
        return "a continuous value; scores of a regression are not audited"
    return "and not 1, 0 or empty"
