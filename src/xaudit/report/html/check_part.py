"""The part of a page about one check of the data, and the pictures of each check."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xaudit.records import DataCheck
from xaudit.report.grid import Section
from xaudit.report.pictures.attributes import attribute_pictures
from xaudit.report.pictures.calibration import calibration_pictures
from xaudit.report.pictures.check_picture import CheckPicture
from xaudit.report.pictures.copies import copies_pictures
from xaudit.report.pictures.label import label_pictures

PICTURES: Mapping[str, Callable[[DataCheck], tuple[CheckPicture, ...]]] = {
    "copies": copies_pictures,
    "label": label_pictures,
    "attributes": attribute_pictures,
    "calibration": calibration_pictures,
}
"""The pictures of each check, by the check's id; a check without pictures is absent."""


@dataclass(frozen=True, slots=True)
class CheckPart:
    """The part of a page about one check.

    Attributes:
        is_empty: the section only says why there is nothing.
    """

    anchor: str
    section: Section
    pictures: tuple[CheckPicture, ...]
    is_empty: bool = False


def pictures_of(check: DataCheck) -> tuple[CheckPicture, ...]:
    """Return the pictures of a check; none if it has none."""
    return PICTURES[check.id](check) if check.id in PICTURES else ()
