"""A network as its source gives it."""

from dataclasses import dataclass

import torch

from xaudit.config import ModelSection
from xaudit.models.network.class_order import StoredOrder
from xaudit.models.network.sealed import Sealed, SealedFile
from xaudit.models.preparation.steps import Preparation, asked_preparation


@dataclass(frozen=True, slots=True)
class LoadedNetwork:
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


def loaded_program(section: ModelSection, file: SealedFile, module: Sealed, side: int) -> LoadedNetwork:
    """Return the network of a file that is one program, to which images go as the audit file says."""
    return LoadedNetwork(
        module,
        side,
        section.mean,
        section.std,
        f"{section.source} {file.sha256}",
        orders=module.orders,
        preparation=asked_preparation(section),
    )
