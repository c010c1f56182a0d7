"""The page of a data audit: the words of the screen, and the pictures of each check."""

from dataclasses import dataclass

from xaudit.records import DataAudit
from xaudit.report.grid import Section
from xaudit.report.html.check_part import CheckPart, pictures_of
from xaudit.report.html.render import page_text
from xaudit.report.sections.data_audit.headline import (
    closing_section,
    data_audit_title,
    gates_of_data,
    sizes_section,
    verdict_section_of_data,
)
from xaudit.report.sections.data_audit.whole import section_of


@dataclass(frozen=True, slots=True)
class DataPage:
    """The page of a data audit."""

    name: str
    title: str
    facts: tuple[tuple[str, str], ...]
    verdict: Section
    gates: tuple[Section, ...]
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
        gates=gates_of_data(audit),
        sizes=sizes_section(audit),
        checks=tuple(
            CheckPart(f"{check.id}-{number}", section_of(check, audit), pictures_of(check))
            for number, check in enumerate(audit.checks, start=1)
        ),
        closing=closing_section(audit),
    )
    return page_text("data-audit.html.j2", page, styles=("report.css", "data-audit.css"))
