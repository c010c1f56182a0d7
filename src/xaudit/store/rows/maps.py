"""Saliency maps as rows, each number kept to the bit.

Tables of versions before 1.2 hold float16 fractions of a map's largest magnitude, and that magnitude as `scale`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from xaudit.records import SaliencyMap
from xaudit.store.rows import schemas
from xaudit.store.rows.table import Table


def _map_row(saliency: SaliencyMap) -> dict[str, object]:
    height, width = saliency.values.shape
    return {
        "case_id": saliency.case_id,
        "model": saliency.model_id,
        "explainer": saliency.explainer_id,
        "explainer_hash": saliency.explainer_hash,
        "target": saliency.target,
        "height": height,
        "width": width,
        "scale": 1.0,
        "values": np.asarray(saliency.values, dtype=np.float32).ravel(),
        "seed": saliency.seed,
        "n_evals": saliency.n_evals,
        "seconds": saliency.seconds,
    }


def _map(row: Mapping[str, Any]) -> SaliencyMap:
    values = np.asarray(row["values"], dtype=np.float32).reshape(row["height"], row["width"])
    if row["scale"] != 1:
        with np.errstate(under="ignore"):
            values = values * np.float32(row["scale"])
    return SaliencyMap(
        case_id=row["case_id"],
        model_id=row["model"],
        explainer_id=row["explainer"],
        explainer_hash=row["explainer_hash"],
        target=row["target"],
        values=values,
        seed=row["seed"],
        n_evals=row["n_evals"],
        seconds=row["seconds"],
    )


MAPS = Table[SaliencyMap](
    "maps",
    "one explainer's map of one case, in the model's frame",
    schemas.MAPS,
    _map_row,
    _map,
    in_parts=True,
)


TUNING_MAPS = Table[SaliencyMap](
    "tuning_maps",
    "one explainer's map of one case of the tuning split, which is never scored",
    schemas.MAPS,
    _map_row,
    _map,
    in_parts=True,
)
