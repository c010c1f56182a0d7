"""Distance of the highest point."""

from xaudit.builtin.metrics.localization import in_diagonals, in_mm, localization_record
from xaudit.catalog.citations import HERE

RECORDS = (
    localization_record(
        "peak-distance",
        "from the map's highest point to the nearest marked pixel, as a share of the image's diagonal",
        "diagonals, at least 0", HERE, in_diagonals("distance:peak_distance"), order=190,
        higher_is_better=False, without_map=None,
    ),
    localization_record(
        "peak-distance-mm",
        "from the map's highest point to the nearest marked pixel, in millimetres; needs the pixel spacing",
        "mm, at least 0", HERE, in_mm("distance:peak_distance"), order=200, higher_is_better=False,
        without_map=None,
    ),
)  # fmt: skip
