"""Effects of windows as rows, a grid of windows in each."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from xaudit.records import WindowEffects
from xaudit.store.rows import dependence_schemas
from xaudit.store.rows.table import Table

_SAME = (
    "case_id",
    "patient_id",
    "target",
    "label",
    "predicted",
    "question",
    "infill",
    "scale",
    "stride",
    "probability",
    "log_odds",
)
_GRIDS = ("probability_drop", "log_odds_drop", "mark_share")


def _row(effects: WindowEffects) -> dict[str, object]:
    rows, columns = effects.probability_drop.shape
    return {
        "model": effects.model_id,
        **{name: getattr(effects, name) for name in _SAME},
        "height": effects.frame_hw[0],
        "width": effects.frame_hw[1],
        "rows": rows,
        "columns": columns,
        **{name: np.asarray(getattr(effects, name), dtype=np.float32).ravel() for name in _GRIDS},
        "place": list(effects.place),
        "oddness": None if effects.oddness is None else np.asarray(effects.oddness, dtype=np.float32).ravel(),
    }


def _effects(row: Mapping[str, Any]) -> WindowEffects:
    shape = row["rows"], row["columns"]
    grids: dict[str, Any] = {name: np.asarray(row[name], dtype=np.float32).reshape(shape) for name in _GRIDS}
    return WindowEffects(
        model_id=row["model"],
        frame_hw=(row["height"], row["width"]),
        place=tuple(row["place"]),
        oddness=None
        if row.get("oddness") is None
        else np.asarray(row["oddness"], dtype=np.float32).reshape(shape),
        **{name: row[name] for name in _SAME},
        **grids,
    )


RELIANCE_MAP = Table[WindowEffects](
    "reliance_map",
    "how one model's answer to one case changes when each window of a grid is replaced",
    dependence_schemas.RELIANCE_MAP,
    _row,
    _effects,
    in_parts=True,
)
