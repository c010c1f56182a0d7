"""Top-k intersection."""

from xaudit.builtin.metrics.localization import localization_record, on_values
from xaudit.catalog.rows import Option

RECORD = localization_record(
    "top-k-intersection", "share of the map's k highest pixels that are marked", "0 to 1",
    "Theiner et al. 2021", on_values("ranking:top_k_intersection"), order=140,
    options=(Option("k", 0, "how many pixels; 0 takes as many as are marked", minimum=0),),
)  # fmt: skip
