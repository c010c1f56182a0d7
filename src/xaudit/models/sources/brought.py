"""A network as its source gives it."""

from dataclasses import dataclass

import torch

from xaudit.models.network.class_order import StoredOrder
from xaudit.models.preparation.steps import Preparation


@dataclass(frozen=True, slots=True)
class Brought:
    """A network with its weights, and how images must reach it.

    Attributes:
        side: of its frame.
        mean: subtracted from intensities in 0 to 1, per channel.
        std: divided by afterwards.
        architecture: its name; of what is not built here, with a digest of all that says how it is built.
        preparation: a library's way of resizing; None weighs by area.
        notes: what a reader of its results must know.
        orders: of classes, that its files name.
        outputs: the class of each output of the network itself, where its logits are in the data's order already.
    """

    module: torch.nn.Module
    side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    architecture: str
    notes: tuple[str, ...] = ()
    orders: tuple[StoredOrder, ...] = ()
    outputs: tuple[str, ...] = ()
    preparation: Preparation | None = None
