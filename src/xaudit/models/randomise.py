"""Networks with some layers randomised, to test if an explainer notices.

The network itself is never touched: each is a copy, and only the copy's weights are drawn anew.
"""

from collections.abc import Collection
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from math import ceil

import torch

from xaudit.models.classifier import Classifier
from xaudit.seeds import seed_for


def layers_in_use(classifier: Classifier) -> tuple[str, ...]:
    """Return the modules that hold weights of their own, in the order in which an image reaches them.

    A module that is never called itself, such as a projection whose weights its parent uses, is listed with the parent; one
    that no image reaches, such as an auxiliary head, is left out.
    """
    reached: dict[str, int] = {}
    handles = []
    for name, part in classifier.module.named_modules():

        def note(_part: torch.nn.Module, _args: object, name: str = name) -> None:
            reached.setdefault(name, len(reached))

        handles.append(part.register_forward_pre_hook(note))
    reached[""] = 0
    blank = torch.zeros((1, 3, *classifier.model_hw), device=classifier.device)
    try:
        with torch.inference_mode():
            classifier.module.forward(blank)
    finally:
        for handle in handles:
            handle.remove()
    positions: dict[str, tuple[int, int]] = {}
    for number, (name, part) in enumerate(classifier.module.named_modules()):
        if any(True for _ in part.parameters(recurse=False)):
            where = _position(name, reached)
            if where is not None:
                positions[name] = (where, number)
    return tuple(sorted(positions, key=lambda name: positions[name]))


def _position(name: str, reached: dict[str, int]) -> int | None:
    """Return the order in which the module, or its parent if it is never called, was first reached."""
    if name in reached:
        return reached[name]
    parent = name.rpartition(".")[0]
    return reached.get(parent) if parent else None


def cascade(layers: Collection[str], steps: int) -> list[tuple[str, ...]]:
    """Split the layers into ``steps`` parts of nearly the same number, the uppermost first.

    With fewer layers than steps some parts are empty: the map of such a step is that of the one before.

    Example:
        >>> cascade(["stem", "block", "head"], 3), cascade(["stem", "head"], 4)
        ([('head',), ('block',), ('stem',)], [('head',), (), ('stem',), ()])
    """
    downwards = list(layers)[::-1]
    ends = [0, *(ceil(len(downwards) * step / steps) for step in range(1, steps + 1))]
    return [tuple(downwards[start:end]) for start, end in pairwise(ends)]


def randomised(classifier: Classifier, layers: Collection[str], *, seed: int) -> Classifier:
    """Return a copy of the classifier with these layers initialised anew, each as its kind is before training.

    A layer's new weights depend only on the seed and its name, not on the other layers. A layer without an
    initialisation of its own gets normal weights with the mean and the spread that it had.

    Raises:
        ModelError: if the copy's logits are no longer finite.
    """
    # On the CPU, so that every device draws the same.
    module = deepcopy(classifier.module).cpu()
    parts = dict(module.named_modules())
    for name in layers:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(seed_for(seed, "randomised", name))
            reset = getattr(parts[name], "reset_parameters", None)
            if callable(reset):
                reset()
                continue
            for weight in parts[name].parameters(recurse=False):
                spread = float(weight.std(correction=0))
                weight.normal_(float(weight.mean()), spread or 1.0)
    return replace(classifier, module=module)
