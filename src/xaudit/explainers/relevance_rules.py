"""Rules of relevance for what a network does outside its modules, and the refusal of all that has no rule."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from xaudit.errors import ModelError

INSTEAD = "explain it with integrated-gradients, gradient-shap, occlusion or kernel-shap, which need no rules"

_EPSILON = 1e-6
_LEAST_EPSILON = 1e-30

_WEIGHED = (nn.Conv2d, nn.Linear)
_POOLING = (nn.AvgPool2d, nn.AdaptiveAvgPool2d)
_PASSED = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SiLU, nn.Hardswish, nn.GELU, nn.MaxPool2d, nn.AdaptiveMaxPool2d,
    nn.Dropout, nn.Dropout2d, nn.Flatten, nn.Identity,
)  # fmt: skip
_KNOWN = frozenset((*_WEIGHED, *_POOLING, *_PASSED))

_PROPORTIONAL = frozenset(
    {"add", "add_", "__add__", "__radd__", "__iadd__", "mean", "avg_pool2d", "adaptive_avg_pool2d"}
)
_HARMLESS = frozenset(
    {
        "__get__", "__getitem__", "__len__", "cat", "chunk", "clone", "contiguous", "dim", "dropout", "flatten", "float", "is_floating_point",
        "max_pool2d", "permute", "register_hook", "relu", "relu_", "reshape", "size", "split", "squeeze", "stack", "topk", "transpose", "unbind",
        "unsqueeze", "view",
    }
)  # fmt: skip
"""Names of functions that only move or choose values, or that set negative ones to zero."""


def stabilized(output: torch.Tensor) -> torch.Tensor:
    """Return a layer's output moved away from zero by 1e-6 of each image's root mean square, so that it can divide.

    zennit adds 1e-6 itself, which in layers of small values takes relevance away.
    """
    scale = output.reshape(len(output), -1).square().mean(dim=1).sqrt()
    epsilon = (_EPSILON * scale + _LEAST_EPSILON).reshape(-1, *[1] * (output.ndim - 1))
    return output + torch.where(output < 0, -epsilon, epsilon)


class RelevanceMode(TorchFunctionMode):
    """Give functions outside the known modules their rules, and refuse those without one."""

    def __init__(self, network: nn.Module, subject: str) -> None:
        super().__init__()
        self._names = {part: name for name, part in network.named_modules()}
        self._subject = subject
        self._within = [network]

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch the forward pass in this context."""
        handles = []
        for part in self._names:
            handles.append(part.register_forward_pre_hook(self._enter, prepend=True))
            handles.append(part.register_forward_hook(self._leave, always_call=True))
        try:
            with self:
                yield
        finally:
            for handle in handles:
                handle.remove()

    def __torch_function__(
        self,
        func: Any,  # noqa: ANN401
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        """Call the function, with its rule."""
        settings = kwargs or {}
        if type(self._within[-1]) in _KNOWN:
            return func(*args, **settings)
        name = getattr(func, "__name__", str(func))
        tracked = [value for value in (*args, *settings.values()) if _is_tracked(value)]
        if not tracked and not any(
            _is_tracked(item) for value in args if isinstance(value, list | tuple) for item in value
        ):
            return func(*args, **settings)
        if name in _PROPORTIONAL:
            return _proportional(func, args, settings)
        if name in _HARMLESS:
            return func(*args, **settings)
        part = self._within[-1]
        where = f"'{self._names[part]}' ({type(part).__name__})" if self._names[part] else type(part).__name__
        raise ModelError(
            f"{self._subject}: lrp has no rule for the function '{name}' in {where}", hint=INSTEAD
        )

    def _enter(self, part: nn.Module, _inputs: object) -> None:
        self._within.append(part)

    def _leave(self, _part: nn.Module, _inputs: object, _output: object) -> None:
        self._within.pop()


def check_modules(network: nn.Module, *, subject: str, frame_hw: tuple[int, int]) -> None:
    """Raise ModelError if a module has no rule, a weighed one runs more than once, or the first one is not the first to run."""
    ran: Counter[nn.Module] = Counter()
    names = {part: name for name, part in network.named_modules()}
    handles = [part.register_forward_pre_hook(lambda part, _inputs: ran.update([part])) for part in names]
    device = next((weight.device for weight in network.parameters()), torch.device("cpu"))
    try:
        with torch.no_grad():
            network.forward(torch.zeros((1, 3, *frame_hw), device=device))
    finally:
        for handle in handles:
            handle.remove()
    for part, times in ran.items():
        kind = type(part).__name__
        if isinstance(part, nn.modules.batchnorm._NormBase):
            raise _without(
                subject,
                f"needs batch norms that can be folded into a convolution before them; '{names[part]}' ({kind}) cannot",
            )
        if _is_of_torch(part) and type(part) not in _KNOWN:
            raise _without(subject, f"has no rule for '{names[part]}' ({kind})")
        if times > 1 and isinstance(part, (*_WEIGHED, *_POOLING)):
            raise _without(
                subject, f"needs a module for each use; '{names[part]}' ({kind}) runs {times} times per image"
            )
    weighed = [part for part in ran if isinstance(part, _WEIGHED)]
    registered = [part for part in names if isinstance(part, _WEIGHED)]
    if not weighed or weighed[0] is not registered[0]:
        raise _without(subject, "needs the first layer with weights to be the first that runs")


class _Proportional(torch.autograd.Function):
    """Share relevance out to the inputs of a sum, each by its part in it."""

    @staticmethod
    def forward(ctx: Any, function: Callable[..., torch.Tensor], *inputs: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
        ctx.function = function
        ctx.save_for_backward(*inputs)
        return function(*inputs)

    @staticmethod
    def backward(ctx: Any, relevance: torch.Tensor) -> tuple[torch.Tensor | None, ...]:  # noqa: ANN401
        inputs = [tensor.detach().requires_grad_() for tensor in ctx.saved_tensors]
        with torch.enable_grad():
            output = ctx.function(*inputs)
        slopes = torch.autograd.grad(output, inputs, relevance / stabilized(output))
        return (None, *(tensor.detach() * slope for tensor, slope in zip(inputs, slopes, strict=True)))


def _proportional(func: Any, args: tuple[Any, ...], settings: dict[str, Any]) -> torch.Tensor:  # noqa: ANN401
    places = [index for index, value in enumerate(args) if _is_tracked(value)]
    named = [name for name, value in settings.items() if _is_tracked(value)]
    # torch gives `x += y` the name of x.add_(y); where x is used again, the logits differ.
    if func.__name__ in ("add_", "__iadd__"):
        func = torch.add

    def of_tracked(*tensors: torch.Tensor) -> torch.Tensor:
        given, by_name = list(args), dict(settings)
        for index, tensor in zip(places, tensors, strict=False):
            given[index] = tensor
        by_name |= dict(zip(named, tensors[len(places) :], strict=True))
        result: torch.Tensor = func(*given, **by_name)
        return result

    shared: torch.Tensor = _Proportional.apply(
        of_tracked, *(args[index] for index in places), *(settings[name] for name in named)
    )
    return shared


def _is_tracked(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


def _is_of_torch(part: nn.Module) -> bool:
    """True for torch's own layers, but not its containers."""
    containers = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
    return type(part).__module__.startswith("torch.nn.") and not isinstance(part, containers)


def _without(subject: str, reason: str) -> ModelError:
    return ModelError(f"{subject}: lrp {reason}", hint=INSTEAD)
