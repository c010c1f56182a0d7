"""The pointing game."""

from xaudit.builtin.metrics.localization import localization_record
from xaudit.catalog.plugin_records import ImportPath
from xaudit.catalog.rows import Option

RECORD = localization_record(
    "pointing-game", "does the map's highest point lie inside the mark; ties count in part", "0 to 1",
    "Zhang et al. 2018", ImportPath("xaudit.metrics.localization.pointing:pointing_game_on_mark"), order=10,
    options=(
        Option("tolerance_px", 0.0, "pixels of the image by which the mark is widened", minimum=0),
        Option(
            "tolerance_cells", 0.0, "cells of the explainer's native grid by which it is widened", minimum=0,
        ),
    ),
    by_default=True, has_ceiling=True,
)  # fmt: skip
