"""The whole data audit in words and tables, in the order in which it is read."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from xaudit.records import DataAudit, DataCheck
from xaudit.report.grid import Section
from xaudit.report.sections.data_audit.attributes import attributes_section
from xaudit.report.sections.data_audit.calibration import calibration_section
from xaudit.report.sections.data_audit.copies import copies_section
from xaudit.report.sections.data_audit.exact_copies import exact_copies_section
from xaudit.report.sections.data_audit.headline import (
    closing_section,
    gates_of_data,
    sizes_section,
    verdict_section_of_data,
)
from xaudit.report.sections.data_audit.label import label_section

SECTIONS: Mapping[str, Callable[[DataCheck], Section]] = {
    "copies": copies_section,
    "label": label_section,
    "attributes": attributes_section,
    "calibration": calibration_section,
    "exact-copies": exact_copies_section,
}
"""The section of each check, by the check's id."""


def section_of(check: DataCheck, audit: DataAudit) -> Section:
    """Return the section of one check; its title names the data set if there are several."""
    section = SECTIONS[check.id](check)
    if len(audit.datasets) == 1:
        return section
    return replace(section, title=f"{section.title}: {check.dataset_id}")


def data_audit_sections(audit: DataAudit, *, folder: str = "") -> list[Section]:
    """All sections of a data audit.

    Args:
        folder: where its tables and its page lie, as the reader would type it.
    """
    return [
        verdict_section_of_data(audit),
        *gates_of_data(audit),
        sizes_section(audit),
        *(section_of(check, audit) for check in audit.checks),
        closing_section(audit, folder=folder),
    ]
