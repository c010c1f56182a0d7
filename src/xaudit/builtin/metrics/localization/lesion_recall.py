"""Recall of separate lesions."""

from xaudit.builtin.metrics.localization import localization_record
from xaudit.catalog.citations import HERE
from xaudit.catalog.options import CUT
from xaudit.catalog.plugin_records import ImportPath
from xaudit.catalog.rows import Option

RECORD = localization_record(
    "lesion-recall", "share of a case's separate lesions that the map reaches", "0 to 1", HERE,
    ImportPath("xaudit.metrics.localization.lesions:lesion_recall"), order=160,
    options=(
        Option(
            "by", "area",
            "what must reach a lesion: the cut map, or one of as many peaks as there are lesions",
            choices=("area", "maxima"),
        ),
        Option(
            "least_coverage", 0.0, "for `area`: share of a lesion that must be exceeded", minimum=0,
            maximum=0.99, share_of="whole",
        ),
        *CUT,
    ),
    has_ceiling=True,
)  # fmt: skip
