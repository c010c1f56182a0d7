"""Settings of the checks of the data, before any model is blamed."""

from xaudit.config.sections.data_audit.attributes import AttributesSection
from xaudit.config.sections.data_audit.copies import CopiesSection
from xaudit.config.sections.data_audit.label import LabelSection
from xaudit.config.sections.section import Section


class DataAuditSection(Section):
    """Checks of the data itself: copies, what gives the label away, attributes."""

    copies: CopiesSection = CopiesSection()
    label: LabelSection = LabelSection()
    attributes: AttributesSection = AttributesSection()


__all__ = ["AttributesSection", "CopiesSection", "DataAuditSection", "LabelSection"]
