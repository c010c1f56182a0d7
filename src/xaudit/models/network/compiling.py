"""A network compiled with its weights frozen, for full batches on a CPU; only on request of the audit file.

It takes a C++ compiler and tens of seconds to start, which pay off after some thousand evaluations.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass

import torch

from xaudit.errors import ModelError
from xaudit.models.network.folding import TOLERANCE
from xaudit.models.network.outputs import logits_of

_OFF = "set `run.compile` to false"


@dataclass(frozen=True, eq=False)
class Compiled:
    """A compiled network, valid as long as its source has the same parts, weights and hooks."""

    ask: Callable[[torch.Tensor], torch.Tensor]
    source: torch.nn.Module
    state: tuple[object, ...]

    @property
    def is_current(self) -> bool:
        """Return True if the network is unchanged since it was compiled."""
        return state_of(self.source) == self.state


class _Logits(torch.nn.Module):
    """The network without the hooks on the whole of it, which cannot be compiled."""

    def __init__(self, network: torch.nn.Module, n_classes: int) -> None:
        super().__init__()
        self.network = network
        self.n_classes = n_classes

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return logits_of(self.network.forward(images), self.n_classes)


def compiled(
    module: torch.nn.Module, *, subject: str, n_classes: int, batch_hw: tuple[int, int, int]
) -> Compiled:
    """Compile a network for batches of one size.

    Args:
        module: on the CPU, in evaluation mode.
        subject: its name in errors.
        batch_hw: images in a batch, height and width.

    Raises:
        ModelError: if there is no C++ compiler, the network cannot be compiled, or it then answers otherwise.
    """
    names = [os.environ.get("CXX", "g++"), "clang++"]
    if next((weight.device.type for weight in module.parameters()), "cpu") != "cpu":
        raise ModelError(f"{subject}: only a model on the CPU is compiled", hint=_OFF)
    if not any(shutil.which(name) for name in names):
        raise ModelError(
            f"{subject}: cannot be compiled, for there is no C++ compiler ({', '.join(names)})",
            hint=f"install one, or {_OFF}",
        )
    n_images, height, width = batch_hw
    images = torch.randn((n_images, 3, height, width), generator=torch.Generator().manual_seed(0))
    images = images.contiguous(memory_format=torch.channels_last)
    before = state_of(module)
    network = _Logits(module, n_classes).eval()
    frozen = torch.compile(network, dynamic=False, options={"freezing": True})
    try:
        with torch.inference_mode(False), torch.no_grad():
            wanted, given = network(images), frozen(images)
    except RuntimeError as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{subject}: cannot be compiled: {first}", hint=_OFF) from error
    difference = float((wanted - given).abs().max())
    if not difference <= TOLERANCE * max(1.0, float(wanted.abs().max())):
        raise ModelError(f"{subject}: compiled, its logits differ by {difference:.1e}", hint=_OFF)

    def ask(batch: torch.Tensor) -> torch.Tensor:
        # A frozen graph is made for no_grad, not for inference mode.
        with torch.inference_mode(False), torch.no_grad():
            logits: torch.Tensor = frozen(batch)
        return logits

    return Compiled(ask, module, before)


def state_of(module: torch.nn.Module) -> tuple[object, ...]:
    """Return a value that differs if a part, a weight, or a hook on a part was changed."""
    parts = [part for part in module.modules() if part is not module]
    weights = [*module.parameters(), *module.buffers()]
    return (
        tuple(map(id, parts)),
        tuple((weight.data_ptr(), 0 if weight.is_inference() else weight._version) for weight in weights),
        sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in parts),
    )
