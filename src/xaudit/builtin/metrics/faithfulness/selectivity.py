"""Selectivity."""

from xaudit.builtin.metrics.faithfulness import LOWER_CURVE, faithfulness_record
from xaudit.catalog.options import PATCHES
from xaudit.catalog.rows import CurveRow

RECORD = faithfulness_record(
    "selectivity",
    "mean answer while the highest patches are removed: that to the image minus region perturbation",
    "for a probability 0 to 1", "`regions` + 1 forwards, none beside region-perturbation",
    "Montavon et al. 2018", "patches:selectivity", order=70, options=PATCHES, higher_is_better=False,
    curve=CurveRow("share of patches removed, the map’s highest first", "{answer}", LOWER_CURVE),
)  # fmt: skip
