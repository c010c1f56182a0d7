"""Region perturbation (AOPC), the highest patches first or the lowest."""

from xaudit.builtin.metrics.faithfulness import HIGHER_CURVE, LOWER_CURVE, faithfulness_record
from xaudit.catalog.options import PATCHES
from xaudit.catalog.rows import CurveRow

RECORDS = (
    faithfulness_record(
        "region-perturbation",
        "mean fall of the answer while the map's highest patches are removed first (AOPC)",
        "for a probability -1 to 1", "`regions` + 1 forwards, at most (side / `patch_px`)² + 1",
        "Samek et al. 2017", "patches:region_perturbation", order=50, options=PATCHES,
        curve=CurveRow("share of patches removed, the map’s highest first", "{answer}", LOWER_CURVE),
    ),
    faithfulness_record(
        "region-perturbation-lerf",
        "mean fall of the answer while the map's lowest patches are removed first",
        "for a probability -1 to 1", "`regions` + 1 forwards, at most (side / `patch_px`)² + 1",
        "Samek et al. 2017", "patches:region_perturbation", order=60, settings={"order": "lowest first"},
        options=PATCHES, higher_is_better=False,
        curve=CurveRow("share of patches removed, the map’s lowest first", "{answer}", HIGHER_CURVE),
    ),
)  # fmt: skip
