"""Networks of torchvision by their name, built without weights. Nothing is downloaded."""

import torch

from xaudit.config import ModelSection
from xaudit.errors import ModelError, did_you_mean
from xaudit.models.network.sealed import DEFAULT_SIDE

_AUXILIARY_FROM = {"inception_v3": 299, "googlenet": 32}
"""Side from which the auxiliary heads can be computed: Inception's needs a grid of 17 × 17."""


def torchvision_classifiers() -> list[str]:
    """Return the names of all classifiers of torchvision."""
    import torchvision

    return [str(name) for name in torchvision.models.list_models(module=torchvision.models)]


def torchvision_side(section: ModelSection) -> int:
    """Return the side of the model's frame: as the audit file says, else 299 for Inception and 224 for others.

    Raises:
        ModelError: where the architecture cannot take images so small.
    """
    name = str(section.architecture)
    default, smallest = (299, 75) if name == "inception_v3" else (DEFAULT_SIDE, 1)
    side = section.input_size or default
    if side < smallest:
        raise ModelError(
            f"model '{section.id}': {name} needs images of at least {smallest} px, got input_size {side}",
            hint=f"leave `input_size` out to take the architecture's own, {default}",
        )
    return side


def build_torchvision(section: ModelSection, n_classes: int, auxiliary: bool) -> torch.nn.Module:
    """Build a network with random weights.

    Args:
        section: of the audit file.
        n_classes: logits it gives.
        auxiliary: True for Inception's and GoogLeNet's auxiliary heads, which only training uses; images too small for such
            a head do without it.

    Raises:
        ModelError: where torchvision has no such network, or cannot build it for this frame.
    """
    import torchvision

    name, side = str(section.architecture), torchvision_side(section)
    known = torchvision_classifiers()
    if name not in known:
        raise ModelError(
            f"model '{section.id}': torchvision has no classifier called '{name}'",
            hint=did_you_mean(
                name, known, otherwise=f"torchvision.models.list_models() names all {len(known)}"
            ),
        )
    # Left to itself, torchvision warns and draws a truncated normal, which takes tens of seconds.
    options: dict[str, object] = {}
    if name in _AUXILIARY_FROM:
        options = {"aux_logits": auxiliary and side >= _AUXILIARY_FROM[name], "init_weights": False}
    elif name.startswith("vit_"):
        options = {"image_size": side}
    elif name.startswith("maxvit_"):
        options = {"input_size": (side, side)}
    try:
        module = torchvision.models.get_model(name, weights=None, num_classes=n_classes, **options)
    except (AssertionError, ValueError) as error:
        raise ModelError(
            f"model '{section.id}': {name} cannot be built for images of {side} px: {error}",
            hint=f"set `input_size` to {DEFAULT_SIDE}, or to another size that its patches divide",
        ) from None
    assert isinstance(module, torch.nn.Module)
    return module
