"""Saliency maps as rows, halved in precision."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from xaudit.records import SaliencyMap
from xaudit.store import schemas
from xaudit.store.quantise import from_half, to_half
from xaudit.store.table import Table


def _map_row(saliency: SaliencyMap) -> dict[str, object]:
    height, width = saliency.values.shape
    fractions, scale = to_half(saliency.values)
    return {
        "case_id": saliency.case_id,
        "model": saliency.model_id,
        "explainer": saliency.explainer_id,
        "explainer_hash": saliency.explainer_hash,
        "target": saliency.target,
        "height": height,
        "width": width,
        "scale": scale,
        "values": fractions.ravel(),
        "seed": saliency.seed,
        "n_evals": saliency.n_evals,
        "seconds": saliency.seconds,
    }


def _map(row: Mapping[str, Any]) -> SaliencyMap:
    fractions = np.asarray(row["values"], dtype=np.float16).reshape(row["height"], row["width"])
    return SaliencyMap(
        case_id=row["case_id"],
        model_id=row["model"],
        explainer_id=row["explainer"],
        explainer_hash=row["explainer_hash"],
        target=row["target"],
        values=from_half(fractions, np.float32(row["scale"])),
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
