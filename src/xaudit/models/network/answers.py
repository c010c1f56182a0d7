"""A digest of a network's answers to fixed images, so that edited code or data that it reads makes it another model."""

import copy
import hashlib
import pickle

import torch

from xaudit.errors import ModelError
from xaudit.models.network.outputs import logits_of

_DIGITS_64 = 7
_DIGITS_32 = 3
"""Digits of the largest answer that count. Different computers differ by less; 32-bit answers, by far less."""

_LARGEST = 100_000_000
"""Weights of the largest network that is copied to 64 bits; larger ones are queried in 32, on their own device."""

_NOT_COPIED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    ModelError,
    RuntimeError,
    TypeError,
    ValueError,
    copy.Error,
    pickle.PickleError,
)


def answers_digest(
    module: torch.nn.Module, *, n_classes: int, model_hw: tuple[int, int], device: torch.device
) -> str:
    """Hash a network's rounded answers to two fixed images: 16 hex digits.

    The answers are computed in 64 bits on the CPU, so that they are the same on every machine and device; in 32 bits
    where the network cannot be copied, or its code wants them.

    Args:
        module: in evaluation mode on its device; it is not changed.
    """
    images = probe_images(model_hw)
    with torch.inference_mode(), torch.random.fork_rng([device] if device.type == "cuda" else []):
        answers, digits = _answers(module, images, n_classes, device)
    largest = float(answers.abs().max()) or 1.0
    rounded = torch.round(answers.double().cpu() / largest, decimals=digits) + 0.0
    size = f"{largest:.{digits}g}"
    return hashlib.sha256(f"{rounded.tolist()} {size}".encode()).hexdigest()[:16]


def probe_images(model_hw: tuple[int, int]) -> torch.Tensor:
    """Return noise, and a bright square on a slope: (2, 3, h, w) in 64 bits, the same on every machine."""
    height, width = model_hw
    noise = torch.randn((3, height, width), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    slope = torch.linspace(-1, 1, height * width, dtype=torch.float64).view(1, height, width).repeat(3, 1, 1)
    slope[:, height // 4 : height // 2, width // 4 : width // 2] += torch.tensor([2.0, 1.5, 1.0]).view(
        3, 1, 1
    )
    return torch.stack([noise, slope])


def _answers(
    module: torch.nn.Module, images: torch.Tensor, n_classes: int, device: torch.device
) -> tuple[torch.Tensor, int]:
    if sum(weight.numel() for weight in module.parameters()) <= _LARGEST:
        try:
            exact = copy.deepcopy(module).cpu().double().eval()
            answers = logits_of(exact(images), n_classes)
            if torch.isfinite(answers).all():
                return answers, _DIGITS_64
        except _NOT_COPIED:
            pass  # its code wants 32 bits, this device, or no copy
    shown = images.float().to(device).contiguous(memory_format=torch.channels_last)
    return logits_of(module(shown), n_classes), _DIGITS_32
