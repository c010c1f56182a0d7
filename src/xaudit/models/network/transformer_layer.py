"""The layer of a transformer that CAM methods explain: it follows from the tokens that the head reads.

- The class token alone: the first norm of the last block. Behind the last attention no gradient reaches the picture. In
  front of that norm, gradient times feature sums to zero in every token, because a layer norm ignores the size of
  its input; the norm's output has neither fault.
- The picture alone (its mean): the last norm, since the residual path goes round the attention.
- Both: the last block's input, the only place that both pass through.

See docs/decisions/0131-the-layer-of-a-transformer.md.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import torch

from xaudit.models.network.token_layer import features_of
from xaudit.models.network.tokens import TokenNetwork
from xaudit.records import TokenGrid

Reads = Literal["prefix", "picture", "both"]

_KNOWN = "xaudit_tokens_read"


def layer_of_transformer(
    network: torch.nn.Module,
    transformer: torch.nn.Module,
    row: TokenNetwork,
    model_hw: tuple[int, int],
) -> torch.nn.Module | None:
    """Return the module to explain; None if the transformer's blocks have no first norm.

    Args:
        network: in evaluation mode.
        transformer: the known transformer in it.
        row: its row of the table.
        model_hw: the frame.
    """
    norms = [name for name, _ in transformer.named_modules() if name.rpartition(".")[2] == row.first_norm]
    if not norms:
        return None
    last_norm = transformer.get_submodule(row.last_norm)
    # Kept on the transformer, so that copies with other weights are explained at the layer of the original.
    known: dict[tuple[int, int], Reads | None] = getattr(transformer, _KNOWN, {})
    if model_hw not in known:
        read = tokens_read(network, last_norm, row.grid(transformer, model_hw), model_hw)
        known = {**known, model_hw: read}
        setattr(transformer, _KNOWN, known)
    match known[model_hw]:
        case "picture":
            return last_norm
        case "both" if len(norms) > 1:
            return transformer.get_submodule(norms[-2].rpartition(".")[0])
        case _:
            return transformer.get_submodule(norms[-1])


def tokens_read(
    network: torch.nn.Module, last_norm: torch.nn.Module, grid: TokenGrid, model_hw: tuple[int, int]
) -> Reads | None:
    """Return the tokens behind the last block whose gradient is not zero; None if no gradient tells."""
    gradient = gradients_at(network, {"": last_norm}, model_hw).get("")
    if gradient is None or gradient.ndim != 3 or gradient.shape[1] != grid.n_tokens:
        return None
    prefix, picture = bool(gradient[:, : grid.prefix].any()), bool(gradient[:, grid.prefix :].any())
    if prefix and picture:
        return "both"
    return "prefix" if prefix else "picture" if picture else None


def gradients_at(
    network: torch.nn.Module, layers: Mapping[str, torch.nn.Module], model_hw: tuple[int, int]
) -> dict[str, torch.Tensor]:
    """Return the gradient of the answers to one image of noise at the features of layers that run once.

    No meter counts the passes. A layer without a gradient is missing.
    """
    kept: dict[str, list[torch.Tensor]] = {}
    handles = [
        layer.register_forward_hook(_keeper(kept.setdefault(name, []))) for name, layer in layers.items()
    ]
    device = next((weight.device for weight in network.parameters()), torch.device("cpu"))
    image = torch.randn((1, 3, *model_hw), generator=torch.Generator().manual_seed(0)).to(device)
    try:
        with torch.enable_grad():
            scores = _scores(network.forward(image.requires_grad_()))
            once = {name: features[0] for name, features in kept.items() if len(features) == 1}
            if scores is None or not scores.requires_grad or not once:
                return {}
            # Each class by another weight: probabilities would sum to 1 and have no gradient.
            weighted = (scores * torch.arange(1, scores.shape[-1] + 1, device=scores.device)).sum()
            gradients = torch.autograd.grad(weighted, list(once.values()), allow_unused=True)
    except (NotImplementedError, RuntimeError):  # an operation without a gradient, or that is done in place
        return {}
    finally:
        for handle in handles:
            handle.remove()
    return {name: gradient for name, gradient in zip(once, gradients, strict=True) if gradient is not None}


def _keeper(kept: list[torch.Tensor]) -> Callable[[torch.nn.Module, object, object], None]:
    def keep(_layer: torch.nn.Module, _inputs: object, output: object) -> None:
        features = features_of(output)
        if isinstance(features, torch.Tensor) and features.requires_grad:
            kept.append(features)

    return keep


def _scores(output: object) -> torch.Tensor | None:
    """Return the tensor of answers in a network's output, whatever it is wrapped in; None if there is none."""
    logits = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)
    parts: Sequence[object] = output if isinstance(output, tuple | list) else (logits, output)
    return next((part for part in parts if isinstance(part, torch.Tensor) and part.ndim == 2), None)
