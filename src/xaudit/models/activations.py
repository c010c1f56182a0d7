"""Activations of a network: its modules, their number of calls, and activations called as functions."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from xaudit.models.classifier import Classifier

_RELU_FUNCTIONS = frozenset(
    {
        torch.relu,
        torch.relu_,
        torch.Tensor.relu,
        torch.Tensor.relu_,
        nn.functional.relu,
        nn.functional.relu_,
    }
)
_ACTIVATION_MODULES = (
    nn.ReLU,
    nn.ELU,
    nn.LeakyReLU,
    nn.Sigmoid,
    nn.Tanh,
    nn.Softplus,
    nn.MaxPool2d,
    nn.Softmax,
)


@dataclass(frozen=True, slots=True)
class Activations:
    """Activations that one image passed through.

    Attributes:
        relus: names of the modules that are ReLUs.
        modules: number of calls of each activation or pooling module, by its name.
        functional: number of ReLUs called as a function, by the name of the innermost module that did it; the
            network itself is ``""``.
    """

    relus: tuple[str, ...]
    modules: Mapping[str, int]
    functional: Mapping[str, int]


def watch_activations(classifier: Classifier) -> Activations:
    """Send a blank image through a classifier and record its activations; the meter does not count it."""
    names = {module: name for name, module in classifier.module.named_modules()}
    within = [classifier.module]
    ran: Counter[str] = Counter()
    functional: Counter[str] = Counter()

    class Watch(TorchFunctionMode):
        def __torch_function__(
            self,
            func: Any,  # noqa: ANN401
            types: Any,  # noqa: ANN401
            args: tuple[Any, ...] = (),
            kwargs: dict[str, Any] | None = None,
        ) -> Any:  # noqa: ANN401
            if func in _RELU_FUNCTIONS and not isinstance(within[-1], nn.ReLU):
                functional[names[within[-1]]] += 1
            return func(*args, **(kwargs or {}))

    def enter(module: nn.Module, _inputs: object) -> None:
        within.append(module)
        if isinstance(module, _ACTIVATION_MODULES):
            ran[names[module]] += 1

    def leave(_module: nn.Module, _inputs: object, _output: object) -> None:
        within.pop()

    handles = []
    for module in names:
        handles.append(module.register_forward_pre_hook(enter))
        handles.append(module.register_forward_hook(leave, always_call=True))
    blank = torch.zeros((1, 3, *classifier.model_hw), device=classifier.device)
    try:
        with torch.no_grad(), Watch():
            classifier.module.forward(blank)
    finally:
        for handle in handles:
            handle.remove()
    relus = tuple(name for module, name in names.items() if isinstance(module, nn.ReLU))
    return Activations(relus, dict(ran), dict(functional))
