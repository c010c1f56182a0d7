"""Pixel flipping, the highest pixels first or the lowest."""

from xaudit.builtin.metrics.faithfulness import (
    HIGHER_CURVE,
    LOWER_CURVE,
    TARGET_PROBABILITY,
    faithfulness_record,
)
from xaudit.catalog.options import BASELINES, STEPS, baseline
from xaudit.catalog.rows import CurveRow, Option

RECORDS = (
    faithfulness_record(
        "pixel-flipping", "mean target probability while the map's highest pixels are removed first",
        "0 to 1", "`steps` + 1 forwards", "Bach et al. 2015", "removal:area_while_removed", order=10,
        options=(STEPS, Option("baseline", "blur", "what stands where a pixel was", choices=BASELINES)),
        higher_is_better=False, by_default=True,
        curve=CurveRow("share of pixels removed, the map’s highest first", TARGET_PROBABILITY, LOWER_CURVE),
    ),
    faithfulness_record(
        "pixel-flipping-lerf", "mean target probability while the map's lowest pixels are removed first",
        "0 to 1", "`steps` + 1 forwards", "Bach et al. 2015; Samek et al. 2017", "removal:area_while_removed",
        order=20, settings={"order": "lowest first"}, options=(STEPS, baseline("blur")),
        curve=CurveRow("share of pixels removed, the map’s lowest first", TARGET_PROBABILITY, HIGHER_CURVE),
    ),
)  # fmt: skip
