"""ROAD, the highest pixels first or the lowest."""

from xaudit.builtin.metrics.faithfulness import HIGHER_CURVE, LOWER_CURVE, faithfulness_record
from xaudit.catalog.rows import CurveRow, Option

_OPTIONS = (
    Option("steps", 10, "equal parts of the image, all but the last of which are imputed", minimum=2),
    Option(
        "answer", "decision", "whether the target is named, or its probability",
        choices=("decision", "probability"),
    ),
)  # fmt: skip

RECORDS = (
    faithfulness_record(
        "road", "share of images still given the target while the map's highest pixels are imputed", "0 to 1",
        "`steps` forwards", "Rong et al. 2022, ROAD", "road:road", order=90, options=_OPTIONS,
        higher_is_better=False,
        curve=CurveRow("share of pixels imputed, the map’s highest first", "{answer}", LOWER_CURVE),
    ),
    faithfulness_record(
        "road-lerf", "share of images still given the target while the map's lowest pixels are imputed",
        "0 to 1", "`steps` forwards", "Rong et al. 2022, ROAD", "road:road", order=100,
        settings={"order": "lowest first"}, options=_OPTIONS,
        curve=CurveRow("share of pixels imputed, the map’s lowest first", "{answer}", HIGHER_CURVE),
    ),
)  # fmt: skip
