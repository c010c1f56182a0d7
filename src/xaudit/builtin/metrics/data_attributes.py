"""Values of the check `attributes`: association with the label, and gaps of the answers at equal label."""

from xaudit.builtin.metrics import measured_together
from xaudit.catalog.rows import MetricRow

RECORDS = measured_together((
    MetricRow(
        "attribute-association", "Cramér's V of the attribute that may go along with the label most, over all images, "
        "patients counted once", "data", False, "0 to 1", citation="Bergsma 2013", by_default=False,
    ),
    MetricRow(
        "attribute-gap-sensitivity", "largest gap of sensitivity between a level of an attribute and the other levels; none "
        "where a gap cannot be told", "data", False, "0 to 1", by_default=False,
    ),
    MetricRow(
        "attribute-gap-specificity", "largest gap of specificity between a level of an attribute and the other levels; none "
        "where a gap cannot be told", "data", False, "0 to 1", by_default=False,
    ),
), first=30)  # fmt: skip
