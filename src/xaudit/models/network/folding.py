"""Batch norms folded into the convolutions before them: the same logits for less work, if nobody needs gradients.

In evaluation mode a batch norm multiplies and adds per channel, which the convolution before it can do by itself
(Jacob et al. 2018, section 3.2). Which norms follow which convolution is seen by running the network once, not by
reading its code, and the folded network is used only where it gives the same logits.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from weakref import ReferenceType, ref

import torch

from xaudit.models.network.outputs import logits_of

TOLERANCE = 1e-5
"""Largest difference between two logits that folding may make, relative to the largest logit or to 1."""

_NOT_COPIED = (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True, eq=False)
class _Pair:
    """A convolution and the batch norm that takes its output, and nothing else."""

    convolution: torch.nn.Conv2d
    norm: torch.nn.BatchNorm2d

    @property
    def tensors(self) -> Iterator[torch.Tensor]:
        for tensor in (
            self.convolution.weight,
            self.convolution.bias,
            self.norm.weight,
            self.norm.bias,
            self.norm.running_mean,
            self.norm.running_var,
        ):
            if tensor is not None:
                yield tensor

    @property
    def is_watched(self) -> bool:
        """True if a hook looks at the tensor between the two."""
        return any(hooks for part in (self.convolution, self.norm) for hooks in _hooks(part))


class Folding:
    """The folded form of one network, made anew whenever the network has changed.

    All weights except those of folded convolutions, and all hooks, are shared with the network, not copied. So it costs only
    the memory of these convolutions' weights, and a hook that is added later is called by both.
    """

    def __init__(self, module: torch.nn.Module, *, n_classes: int, model_hw: tuple[int, int]) -> None:
        self._module = module
        self._n_classes = n_classes
        self._model_hw = model_hw
        self._pairs: list[_Pair] = []
        self._state: tuple[object, ...] | None = None
        self._folded: torch.nn.Module | None = None

    def module(self) -> torch.nn.Module:
        """Return the folded network if it answers as the original does, else the original."""
        state = self._state_now()
        if state != self._state:
            self._folded = self._fold()
            self._state = self._state_now()
        return self._module if self._folded is None else self._folded

    def _state_now(self) -> tuple[object, ...]:
        """Return a value that differs if a part, a folded weight, or a hook between a pair was changed."""
        parts = tuple(map(id, self._module.modules()))
        weights = tuple(
            (tensor.data_ptr(), tensor._version) for pair in self._pairs for tensor in pair.tensors
        )
        return parts, weights, tuple(pair.is_watched for pair in self._pairs)

    def _fold(self) -> torch.nn.Module | None:
        self._pairs = []
        if not any(type(part) is torch.nn.BatchNorm2d for part in self._module.modules()):
            return None
        device = next((weight.device for weight in self._module.parameters()), torch.device("cpu"))
        images = torch.randn((2, 3, *self._model_hw), generator=torch.Generator().manual_seed(0))
        images = images.to(device).contiguous(memory_format=torch.channels_last)
        was_training = [(part, part.training) for part in self._module.modules()]
        self._module.eval()
        try:
            with torch.inference_mode(False), torch.no_grad():
                self._pairs = _pairs(self._module, images)
                if not self._pairs or any(pair.is_watched for pair in self._pairs):
                    return None
                folded = _without_norms(self._module, self._pairs)
                wanted, given = (
                    logits_of(module.forward(images), self._n_classes) for module in (self._module, folded)
                )
        except _NOT_COPIED:
            return None
        finally:
            for part, training in was_training:
                part.training = training
        largest = max(1.0, float(wanted.abs().max()))
        is_same = float((wanted - given).abs().max()) <= TOLERANCE * largest
        return folded if is_same else None


def _pairs(module: torch.nn.Module, images: torch.Tensor) -> list[_Pair]:
    """Return each convolution whose output goes unchanged into a batch norm, if both are called only once."""
    n_calls: dict[torch.nn.Module, int] = {}
    made: dict[torch.nn.Module, tuple[ReferenceType[torch.Tensor], int]] = {}
    pairs: list[_Pair] = []

    def after_convolution(part: torch.nn.Conv2d, _inputs: object, output: torch.Tensor) -> None:
        n_calls[part] = n_calls.get(part, 0) + 1
        made[part] = (ref(output), output._version)

    def before_norm(part: torch.nn.BatchNorm2d, inputs: tuple[torch.Tensor, ...]) -> None:
        n_calls[part] = n_calls.get(part, 0) + 1
        for convolution, (output, version) in made.items():
            if inputs and output() is inputs[0] and inputs[0]._version == version:
                pairs.append(_Pair(convolution, part))  # type: ignore[arg-type]

    handles = []
    for part in module.modules():
        # Parametrised and derived layers compute something else under the same name.
        if type(part) is torch.nn.Conv2d:
            handles.append(part.register_forward_hook(after_convolution))
        elif type(part) is torch.nn.BatchNorm2d and part.running_mean is not None:
            handles.append(part.register_forward_pre_hook(before_norm))
    try:
        module.forward(images)
    finally:
        for handle in handles:
            handle.remove()
    return [
        pair
        for pair in pairs
        if n_calls[pair.convolution] == n_calls[pair.norm] == 1
        and not any(tensor.is_inference() for tensor in pair.tensors)
    ]


def _hooks(part: torch.nn.Module) -> Iterator[dict[int, object]]:
    """Yield a module's tables of hooks, of every kind that this version of torch has."""
    for name, value in vars(part).items():
        if name.startswith("_") and "hooks" in name and isinstance(value, dict):
            yield value


def _without_norms(module: torch.nn.Module, pairs: list[_Pair]) -> torch.nn.Module:
    """Return a network with the same weights and hooks, and the pairs' norms folded away."""
    shared: list[object] = [*module.parameters(), *module.buffers()]
    shared += [hooks for part in module.modules() for hooks in _hooks(part)]
    memo: dict[int, object] = {id(item): item for item in shared}
    copy = deepcopy(module, memo)
    for pair in pairs:
        weight, bias = _folded_weights(pair)
        convolution = memo[id(pair.convolution)]
        norm = memo[id(pair.norm)]
        assert isinstance(convolution, torch.nn.Conv2d)
        convolution.weight, convolution.bias = weight, bias
        for part in copy.modules():
            for name, child in part._modules.items():
                if child is norm:
                    part._modules[name] = torch.nn.Identity()
    return copy


def _folded_weights(pair: _Pair) -> tuple[torch.nn.Parameter, torch.nn.Parameter]:
    """Return the convolution's weights and bias with the norm's arithmetic in them, computed in double precision."""
    convolution, norm = pair.convolution, pair.norm
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None
    assert variance is not None
    gain = torch.rsqrt(variance.double() + norm.eps)
    if norm.weight is not None:
        gain = gain * norm.weight.double()
    before = 0 if convolution.bias is None else convolution.bias.double()
    bias = (before - mean.double()) * gain
    if norm.bias is not None:
        bias = bias + norm.bias.double()
    weight = convolution.weight.double() * gain.view(-1, 1, 1, 1)
    weight = weight.to(convolution.weight.dtype).contiguous(memory_format=torch.channels_last)
    return (
        torch.nn.Parameter(weight, requires_grad=False),
        torch.nn.Parameter(bias.to(convolution.weight.dtype), requires_grad=False),
    )
