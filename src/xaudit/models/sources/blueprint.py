"""A network without its weights: its layers and shapes can be looked at within a fraction of a second."""

import warnings
from contextlib import suppress
from dataclasses import dataclass

import torch

from xaudit.catalog import MODEL_RECORDS
from xaudit.config import ModelSection
from xaudit.errors import ModelError
from xaudit.models.classifier import Classifier
from xaudit.models.network.outputs import logits_of
from xaudit.models.sources.build import architecture_of, build_module, input_hw
from xaudit.models.weights.checkpoint import load_weights, read_state

LARGEST_LOOKED_INTO = 2**30
"""Bytes of a weights file; a larger one is looked into when the run loads it."""


@dataclass(eq=False)
class Blueprint(Classifier):
    """A classifier that was built without its weights; it has layers and shapes, and no answers."""

    def __post_init__(self) -> None:
        """Hook the module as a classifier does, and ask it nothing."""
        self.module = self.module.float().eval()
        n_classes = len(self.class_names)

        def plain(_module: torch.nn.Module, _args: tuple[object, ...], output: object) -> torch.Tensor:
            return logits_of(output, n_classes)

        self.module.register_forward_hook(plain)
        self.fingerprint = ""

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Raise NotImplementedError: a network without its weights has no answers."""
        raise NotImplementedError(f"asked for answers to {len(images)} images")


def draw_blueprint(section: ModelSection, *, class_names: tuple[str, ...]) -> Blueprint:
    """Build a model's network full of zeros, or with random numbers where its code needs its own.

    Raises:
        ModelError: where there is no such network, or its code cannot be imported or fails.
    """
    n_classes = len(class_names if section.outputs == "classes" else section.output_names)
    device = torch.device("meta")
    with torch.random.fork_rng(devices=[]):
        try:
            with device:
                module = build_module(section, n_classes)
            module, device = _blank(module)
        except Exception:  # code may need numbers, and says so in any way; with numbers it is tried again
            device = torch.device("cpu")
            module = build_module(section, n_classes)
    side = input_hw(section)[0]
    return Blueprint(
        id=section.id,
        module=module,
        class_names=tuple(str(k) for k in range(n_classes)),
        model_hw=(side, side),
        device=device,
        architecture=architecture_of(section),
        layer=section.layer,
        tokens=section.token_grid,
    )


def check_weights_file(
    section: ModelSection, blueprint: Blueprint | None, class_names: tuple[str, ...]
) -> bool:
    """Look into a model's weights; returns False where the file is too large for a look.

    Args:
        blueprint: the network that they belong to; None where only the file itself can be looked at.
        class_names: of the data.

    Raises:
        ModelError: where the file is missing, damaged, holds code, or belongs to another network.
    """
    path = section.weights
    if path is None:
        return True
    with suppress(OSError):
        if path.stat().st_size > LARGEST_LOOKED_INTO:
            return False
    record = MODEL_RECORDS.get(section.source)
    if record is not None and record.check_file is not None:
        record.check_file(path, subject=f"model '{section.id}'")
    elif blueprint is None:
        read_state(path)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # torch warns that numbers are not copied into a network without any
            load_weights(blueprint.module, path, class_names=class_names, model_id=section.id)
    return True


def _blank(module: torch.nn.Module) -> tuple[torch.nn.Module, torch.device]:
    """Fill a network that was built without numbers with zeros, and return it with the device where it stands.

    A very large one stays without numbers. Shapes without numbers can be followed as well, but torch imports seconds of
    code for that.

    Raises:
        ModelError: where the network's code brought numbers of its own, which zeros would not stand for.
    """
    held = [*module.parameters(), *module.buffers()]
    if any(tensor.device.type != "meta" for tensor in held):
        raise ModelError("the network holds numbers of its own")
    if sum(tensor.nbytes for tensor in held) > LARGEST_LOOKED_INTO:
        return module, torch.device("meta")
    module = module.to_empty(device="cpu")
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            tensor.zero_()
    return module, torch.device("cpu")
