"""CheXlocalize's hit rate."""

from xaudit.builtin.metrics.localization import localization_record, on_map
from xaudit.catalog.citations import SAPORTA

RECORD = localization_record(
    "chexlocalize-hit-rate", "is the first of the map's highest pixels marked, by CheXlocalize's definitions",
    "0 to 1", SAPORTA, on_map("chexlocalize:hit"), order=230, without_map=on_map("chexlocalize:hit"),
)  # fmt: skip
