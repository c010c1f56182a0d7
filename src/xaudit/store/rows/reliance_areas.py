"""Areas of the reliance map as rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from xaudit.records import Area, Interval, TestedArea
from xaudit.store.rows import dependence_schemas
from xaudit.store.rows.table import Table

_TEST = ("images", "target", "question", "direction", "answer", "frame", "scope", "n_patients")
_SAME = ("number", "n_windows", "p", "share_of_patients", "place", "position", "on_mark", "same_lung", "odd")
_BOX = ("x0", "y0", "x1", "y1")


def _row(tested: TestedArea) -> dict[str, object]:
    area = tested.area
    return {
        "model": tested.model_id,
        **{name: getattr(tested, name) for name in _TEST},
        **{name: getattr(area, name) for name in _SAME},
        **dict(zip(_BOX, area.box, strict=True)),
        **{f"peak_{name}": value for name, value in zip(_BOX, area.peak, strict=True)},
        "effect": area.effect.estimate,
        "low": area.effect.low,
        "high": area.effect.high,
        "method": area.effect.method,
        "n_replicates_dropped": area.effect.n_replicates_dropped,
        "infills": list(area.infills),
        "examples": list(area.examples),
        "windows": [value for box in area.windows for value in box],
    }


def _tested_area(row: Mapping[str, Any]) -> TestedArea:
    windows = np.asarray(row["windows"], dtype=np.float64).reshape(-1, 4).tolist()
    area = Area(
        box=tuple(row[name] for name in _BOX),
        peak=tuple(row[f"peak_{name}"] for name in _BOX),
        effect=Interval(row["effect"], row["low"], row["high"], row["method"], row["n_replicates_dropped"]),
        infills=tuple(row["infills"]),
        examples=tuple(row["examples"]),
        windows=tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in windows),
        **{name: row[name] for name in _SAME},
    )
    return TestedArea(model_id=row["model"], area=area, **{name: row[name] for name in _TEST})


RELIANCE_AREAS = Table[TestedArea](
    "reliance_areas",
    "an area of the reliance map, in one of the tests that show it",
    dependence_schemas.RELIANCE_AREAS,
    _row,
    _tested_area,
)
