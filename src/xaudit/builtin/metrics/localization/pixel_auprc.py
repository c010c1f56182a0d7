"""The area under the precision-recall curve of pixels."""

from xaudit.builtin.metrics.localization import localization_record, on_values
from xaudit.catalog.plugin_records import ImportPath
from xaudit.catalog.rows import Option

RECORD = localization_record(
    "pixel-auprc", "average precision of the map as a finder of marked pixels",
    "0 to 1, chance the mark's share", "Saito and Rehmsmeier 2015", on_values("ranking:pixel_auprc"),
    order=150,
    options=(
        Option(
            "rule", "step", "`trapezoid` draws straight lines, as older tables do; it is too optimistic",
            choices=("step", "trapezoid"),
        ),
    ),
    without_map=ImportPath("xaudit.metrics.localization.ranking:chance_auprc"),
)  # fmt: skip
