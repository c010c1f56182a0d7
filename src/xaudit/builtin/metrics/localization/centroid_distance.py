"""Distance of the centres of mass."""

from xaudit.builtin.metrics.localization import in_diagonals, in_mm, localization_record
from xaudit.catalog.citations import HERE

RECORDS = (
    localization_record(
        "centroid-distance",
        "from the map's centre of mass to the mark's, as a share of the image's diagonal",
        "diagonals, at least 0", HERE, in_diagonals("distance:centroid_distance"), order=170,
        higher_is_better=False, without_map=None,
    ),
    localization_record(
        "centroid-distance-mm",
        "from the map's centre of mass to the mark's, in millimetres; needs the pixel spacing",
        "mm, at least 0", HERE, in_mm("distance:centroid_distance"), order=180, higher_is_better=False,
        without_map=None,
    ),
)  # fmt: skip
