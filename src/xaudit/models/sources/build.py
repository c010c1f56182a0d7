"""Networks without weights: torchvision's and timm's by name, the user's own by its function, the phantom study's.

Nothing here downloads anything.
"""

import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from xaudit.config import ModelSection
from xaudit.errors import ModelError, did_you_mean
from xaudit.models.sources.channels import on_one_channel
from xaudit.models.sources.plugged import build_plugged, plugged_architecture

DEFAULT_SIZE = 224
_DEFAULT_SIZES = {"inception_v3": 299, "phantom": 128}
_SMALLEST_SIZES = {"inception_v3": 75}
_AUXILIARY_FROM = {"inception_v3": 299, "googlenet": 32}
"""Side from which the auxiliary heads can be computed: Inception's needs a grid of 17 × 17."""

FACTORY_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


def architecture_of(section: ModelSection) -> str:
    """The architecture's name: torchvision's, timm's with its library, the factory's, or the source's."""
    match section.source:
        case "torchvision":
            return str(section.architecture)
        case "timm":
            return f"timm {section.architecture}"
        case "python":
            return str(section.factory)
        case "phantom" | "huggingface" | "torchscript" | "exported" | "onnx" | "external":
            return section.source
        case _:
            return plugged_architecture(section)


def input_hw(section: ModelSection) -> tuple[int, int]:
    """The model's frame: as the audit file says, else 299 for Inception, 128 for the phantom's, timm's own, 224 for others.

    Raises:
        ModelError: where the architecture cannot take images so small.
    """
    name = architecture_of(section)
    if section.source == "timm" and section.input_size is None:
        from xaudit.models.sources.timm_networks import timm_side

        return timm_side(section), timm_side(section)
    side = section.input_size or _DEFAULT_SIZES.get(name, DEFAULT_SIZE)
    smallest = _SMALLEST_SIZES.get(name, 1)
    if side < smallest:
        raise ModelError(
            f"model '{section.id}': {name} needs images of at least {smallest} px, got input_size {side}",
            hint=f"leave `input_size` out to take the architecture's own, {_DEFAULT_SIZES.get(name, DEFAULT_SIZE)}",
        )
    return side, side


def build_module(section: ModelSection, n_classes: int, *, auxiliary: bool = False) -> torch.nn.Module:
    """A network with random weights, drawn from torch's generator, and a head for so many classes.

    Args:
        section: which network.
        n_classes: logits it gives.
        auxiliary: whether Inception and GoogLeNet get their auxiliary heads, which only training uses; images
            too small for such a head do without it.

    Raises:
        ModelError: where there is no such network or it cannot be made.
    """
    match section.source:
        case "torchvision":
            return _torchvision(section, n_classes, auxiliary=auxiliary)
        case "python":
            module = _python(section, n_classes)
            return on_one_channel(module) if section.channels == 1 else module
        case "timm":
            from xaudit.models.sources.timm_networks import build_timm

            module = build_timm(section, n_classes, input_hw(section)[0])
            return on_one_channel(module) if section.channels == 1 else module
        case "phantom":
            from xaudit.models.sources import small_resnet

            return small_resnet.build(n_classes)
        case "huggingface" | "torchscript" | "exported" | "onnx":
            raise ModelError(
                f"model '{section.id}': a model from {section.source} cannot be built without its file",
                hint="give the file as `weights`",
            )
        case "external":
            raise ValueError(f"model '{section.id}' is external and has no network")
        case _:
            module = build_plugged(section, n_classes)
            return on_one_channel(module) if section.channels == 1 else module


def torchvision_classifiers() -> list[str]:
    """Every classifier that torchvision has, by name."""
    import torchvision

    return [str(name) for name in torchvision.models.list_models(module=torchvision.models)]


def _torchvision(section: ModelSection, n_classes: int, *, auxiliary: bool) -> torch.nn.Module:
    import torchvision

    name, (side, _) = architecture_of(section), input_hw(section)
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
            hint=f"set `input_size` to {DEFAULT_SIZE}, or to another size that its patches divide",
        ) from None
    assert isinstance(module, torch.nn.Module)
    return module


def _python(section: ModelSection, n_classes: int) -> torch.nn.Module:
    reference = architecture_of(section)
    module_name, _, function_name = reference.partition(":")
    with working_folder_importable():
        try:
            source = importlib.import_module(module_name)
        except FACTORY_ERRORS as error:
            raise ModelError(
                f"model '{section.id}': factory '{reference}': {module_name} cannot be imported: {_said(error)}",
                hint="install the package, or run xaudit in the folder that holds it",
            ) from error
        function = getattr(source, function_name, None)
        if not callable(function):
            public = [
                key for key, value in vars(source).items() if callable(value) and not key.startswith("_")
            ]
            raise ModelError(
                f"model '{section.id}': factory '{reference}': {module_name} has no function '{function_name}'",
                hint=did_you_mean(function_name, public, otherwise=f"it has: {', '.join(public) or 'none'}"),
            )
        try:
            module = function(n_classes)
        except FACTORY_ERRORS as error:
            raise ModelError(
                f"model '{section.id}': factory '{reference}' failed: {_said(error)}",
                hint=f"it is called with the number of classes, {function_name}({n_classes})",
            ) from error
    if not isinstance(module, torch.nn.Module):
        kind = module.__name__ if inspect.isclass(module) else type(module).__name__
        raise ModelError(
            f"model '{section.id}': factory '{reference}' returned {kind}, expected a torch.nn.Module",
            hint="return the network itself, built and without weights",
        )
    return module


@contextmanager
def working_folder_importable() -> Iterator[None]:
    """As under ``python -m``, a package in the working folder can be imported; installed ones come first."""
    folder = str(Path.cwd())
    added = folder not in sys.path
    if added:
        sys.path.append(folder)
    try:
        yield
    finally:
        if added and folder in sys.path:
            sys.path.remove(folder)


def _said(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
