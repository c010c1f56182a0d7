"""The truth of a network: how its answers and its accuracy change when a plant is put in and taken out at the source."""

from typing import Any

import numpy as np

from shortcuts.network import answers
from shortcuts.population import Flags, Pool
from xaudit.models.sources.small_resnet import SmallResNet

STRONG = 0.1
"""Accuracy that removing the plant costs, from which on a shortcut is called strong."""


def reaction(network: SmallResNet, pool: Pool, kind: str) -> dict[str, float]:
    """Return the effect of putting a plant into slices of each class.

    ``change_*`` is the mean change of P(cancer), ``turned_*`` the share of answers that it turns over, ``right_*`` the
    share of right answers with and without it.
    """
    without, with_it = answers(network, pool.plain), answers(network, pool.planted[kind])
    result: dict[str, float] = {}
    for name, members in (("cancer", pool.cancer), ("normal", ~pool.cancer)):
        before, after = without[members], with_it[members]
        result[f"change_{name}"] = float((after - before).mean())
        result[f"turned_{name}"] = float(((after > 0.5) != (before > 0.5)).mean())
        result[f"right_{name}_without"] = float(((before > 0.5) == (name == "cancer")).mean())
        result[f"right_{name}_with"] = float(((after > 0.5) == (name == "cancer")).mean())
    return result


def truth(network: SmallResNet, pool: Pool, kind: str, shown: Flags) -> dict[str, Any]:
    """Return the accuracy on slices as collected, the accuracy without any plant, and the reaction to plants.

    A planted network's reaction is to its own plant, an honest network's to each. ``cost`` is the accuracy lost when the
    plant is removed from the slices that show it.
    """
    collected = _accuracy(network, pool, pool.images(kind, shown))
    removed = _accuracy(network, pool, pool.plain)
    kinds = tuple(pool.planted) if kind == "none" else (kind,)
    return {
        "accuracy": collected,
        "accuracy_removed": removed,
        "cost": collected - removed,
        "reaction": {name: reaction(network, pool, name) for name in kinds},
    }


def _accuracy(network: SmallResNet, pool: Pool, slices: np.ndarray) -> float:
    return float(((answers(network, slices) > 0.5) == pool.cancer).mean())
