"""The return value of a module: its logits, however wrapped, and its auxiliary heads."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from xaudit.errors import ModelError

AUXILIARY_WEIGHTS: Mapping[str, float] = {"InceptionOutputs": 0.4, "GoogLeNetOutputs": 0.3}
"""Share of each auxiliary head's loss in training: Szegedy et al. 2016 (as torchvision trains it) and 2015."""


ONE_LOGIT = (
    "for a single logit (BCE) set `outputs: sigmoid`: with two classes it stands for the data's positive class, or for the one "
    "that `finding` names"
)


@dataclass(frozen=True, slots=True)
class AuxiliaryHead:
    """Logits of a head that only training uses, (N, n_classes), and the weight of its loss."""

    logits: torch.Tensor
    weight: float


def logits_of(output: object, n_classes: int) -> torch.Tensor:
    """Return the (N, n_classes) logits in a module's return value.

    A tensor is taken as it is; of a mapping or a named tuple its ``logits``; of a plain tuple the only tensor
    that has the right shape.

    Raises:
        ModelError: if there are none, or more than one candidate.
    """
    match output:
        case torch.Tensor():
            logits = output
        case Mapping() if isinstance(output.get("logits"), torch.Tensor):
            logits = output["logits"]
        case tuple() if isinstance(getattr(output, "logits", None), torch.Tensor):
            logits = output.logits  # type: ignore[attr-defined]
        case tuple() | list():
            fitting = [part for part in output if _is_logits(part, n_classes)]
            if len(fitting) != 1:
                raise ModelError(
                    f"the module returns a {type(output).__name__} in which {len(fitting)} tensors could be the logits",
                    hint="return one tensor of shape (images, classes), or a dict with the key 'logits'",
                )
            logits = fitting[0]
        case _:
            raise ModelError(
                f"the module returns a {type(output).__name__} without logits",
                hint="return one tensor of shape (images, classes), or a dict with the key 'logits'",
            )
    if not _is_logits(logits, n_classes):
        single = logits.ndim == 2 and logits.shape[1] == 1 and n_classes == 2
        raise ModelError(
            f"the module's output has shape {tuple(logits.shape)}, expected (images, {n_classes})",
            hint="one logit per class of the data set, in the order of its class names"
            + (f"; {ONE_LOGIT}" if single else ""),
        )
    return logits


def auxiliary_heads(output: object) -> list[AuxiliaryHead]:
    """Return the heads that torchvision's Inception and GoogLeNet return beside their logits in training."""
    weight = AUXILIARY_WEIGHTS.get(type(output).__name__)
    if weight is None or not isinstance(output, tuple):
        return []
    return [AuxiliaryHead(part, weight) for part in output[1:] if isinstance(part, torch.Tensor)]


def _is_logits(part: object, n_classes: int) -> bool:
    return isinstance(part, torch.Tensor) and part.ndim == 2 and part.shape[1] == n_classes
