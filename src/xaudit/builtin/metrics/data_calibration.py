"""Values of the check `calibration`: how far the probabilities of a model's answers are right."""

from xaudit.builtin.metrics import measured_together
from xaudit.catalog.rows import MetricRow

RECORDS = measured_together((
    MetricRow(
        "ece", "expected calibration error of the positive class on the test images, over equal-mass bins", "data", False,
        "0 to 1", citation="Naeini et al. 2015", by_default=False,
    ),
    MetricRow(
        "brier", "mean squared distance of the positive class's probability from 0 or 1 on the test images", "data", False,
        "0 to 1", citation="Brier 1950", by_default=False,
    ),
))  # fmt: skip
