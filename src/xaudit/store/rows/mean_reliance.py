"""Mean reliance maps as rows."""

from collections.abc import Mapping
from typing import Any

from xaudit.records import MeanReliance
from xaudit.store.rows import dependence_schemas
from xaudit.store.rows.table import Table

_SAME = (
    "images",
    "target",
    "question",
    "direction",
    "n_cases",
    "n_patients",
    "cluster",
    "probability",
    "typical",
    "left_edge",
)


def _row(mean: MeanReliance) -> dict[str, object]:
    return {
        "model": mean.model_id,
        **{name: getattr(mean, name) for name in _SAME},
        "frame_height": mean.frame_hw[0],
        "frame_width": mean.frame_hw[1],
        "height": len(mean.rows),
        "width": len(mean.rows[0]),
        "values": [value for row in mean.rows for value in row],
    }


def _mean(row: Mapping[str, Any]) -> MeanReliance:
    width, values = row["width"], tuple(float(value) for value in row["values"])
    if len(values) != row["height"] * width:
        raise ValueError(f"a map of {row['height']} × {width} has {len(values)} values")
    return MeanReliance(
        model_id=row["model"],
        frame_hw=(row["frame_height"], row["frame_width"]),
        rows=tuple(values[start : start + width] for start in range(0, len(values), width)),
        **{name: row[name] for name in _SAME},
    )


MEAN_RELIANCE = Table[MeanReliance](
    "mean_reliance",
    "the mean reliance map of one model over the images of one true class",
    dependence_schemas.MEAN_RELIANCE,
    _row,
    _mean,
)
