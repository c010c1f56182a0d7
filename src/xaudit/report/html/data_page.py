"""The page of a data audit: the words of the screen, and the pictures of each check."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xaudit.records import DataAudit, DataCheck
from xaudit.report.grid import Section
from xaudit.report.html.render import page_text
from xaudit.report.pictures.attributes import attribute_pictures
from xaudit.report.pictures.calibration import calibration_pictures
from xaudit.report.pictures.check_picture import CheckPicture
from xaudit.report.sections.data_audit.headline import (
    closing_section,
    data_audit_title,
    sizes_section,
    verdict_section_of_data,
)
from xaudit.report.sections.data_audit.whole import section_of

PICTURES: Mapping[str, Callable[[DataCheck], tuple[CheckPicture, ...]]] = {
    "attributes": attribute_pictures,
    "calibration": calibration_pictures,
}
"""The pictures of each check, by the check's id; a check without pictures is absent."""


@dataclass(frozen=True, slots=True)
class CheckPart:
    """The part of the page about one check."""

    anchor: str
    section: Section
    pictures: tuple[CheckPicture, ...]


@dataclass(frozen=True, slots=True)
class DataPage:
    """The page of a data audit."""

    name: str
    title: str
    facts: tuple[tuple[str, str], ...]
    verdict: Section
    sizes: Section
    checks: tuple[CheckPart, ...]
    closing: Section


def data_page(audit: DataAudit) -> str:
    """Return the page of a data audit as HTML; one file that needs no network."""
    page = DataPage(
        name=audit.name,
        title=data_audit_title(audit).removeprefix("xaudit: "),
        facts=(("data audit", audit.audit_id), ("xaudit", audit.version)),
        verdict=verdict_section_of_data(audit),
        sizes=sizes_section(audit),
        checks=tuple(
            CheckPart(
                f"{check.id}-{number}",
                section_of(check, audit),
                PICTURES[check.id](check) if check.id in PICTURES else (),
            )
            for number, check in enumerate(audit.checks, start=1)
        ),
        closing=closing_section(audit),
    )
    return page_text("data-audit.html.j2", page, styles=("report.css", "data-audit.css"))
