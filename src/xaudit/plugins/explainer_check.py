"""Requirements for every explainer; xaudit's own are tested with them too."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from xaudit.catalog import OptionValue
from xaudit.catalog.plugin_records import ExplainerPlugin
from xaudit.explainers import Explainer
from xaudit.explainers.custody import custody
from xaudit.models.classifier import Classifier
from xaudit.plugins.study import (
    N_IMAGES,
    all_options,
    demand,
    leaves_random_states,
    tried_classifier,
    tried_images,
)
from xaudit.records import FloatArray

TARGETS, SEEDS = (1, 0, 1), (11, 12, 13)
BATCH_SIZES = (1, 2, 7)
WITHIN = 1e-5
"""Allowed difference of a map between batches, relative to its largest magnitude or to 1: rounding."""


def check_explainer(
    plugin: ExplainerPlugin, *, classifier: Classifier | None = None, **options: OptionValue
) -> None:
    """Check an explainer on three images; call this in the tests of a plug-in.

    Its maps must be finite numbers of the model's frame, (N, h, w), without negative values if the row says that
    it is unsigned; they must not change if repeated, in another order, alone or under another batch size; and images, model,
    gradient mode and global random states must be left unchanged.

    Args:
        classifier: the model to explain; by default a small network of two classes on 32 × 32 pixels, with a target layer.
        options: settings other than the defaults.

    Raises:
        PluginError: for the first requirement that is not met.
    """
    settings = all_options(plugin.row.options, options)
    model = classifier or tried_classifier()
    check_maps(lambda tried: plugin.make(dict(settings), tried), model, signed=plugin.row.signed)


def check_maps(
    make: Callable[[Classifier], Explainer],
    model: Classifier,
    *,
    signed: bool,
    within: float | None = None,
) -> None:
    """Check a function that makes an explainer for a classifier, as :func:`check_explainer` does.

    Args:
        within: allowed difference of a map between batches; None for :data:`WITHIN` of its magnitude.
    """
    tried = _Tried(make, model, tried_images(N_IMAGES, model.model_hw))
    everything = range(N_IMAGES)
    before = _state(model.module)
    with leaves_random_states("the explainer"):
        maps = tried.explained(everything)
    _check_map(maps, (N_IMAGES, *model.model_hw), signed=signed)
    demand(
        _state(model.module) == before,
        "the model was changed: hooks, modes or weights are not as they were",
    )
    demand(
        np.array_equal(tried.explained(everything, times=2), maps),
        "the same question gets another map when asked again",
    )
    allowed = WITHIN * max(1.0, float(np.abs(maps).max())) if within is None else within

    def same(again: FloatArray, what: str) -> None:
        demand(bool(np.abs(again - maps).max() <= allowed), f"a map depends on {what}")

    same(tried.explained(everything[::-1])[::-1], "the order of the images")
    same(np.stack([tried.explained([index])[0] for index in everything]), "the other images of its batch")
    usual = model.batch_size
    try:
        for size in BATCH_SIZES:
            model.batch_size = size
            same(tried.explained(everything), f"the classifier's batch size, {size}")
    finally:
        model.batch_size = usual


@dataclass(frozen=True)
class _Tried:
    """An explainer under test: made anew for each request, with the model lent to it."""

    make: Callable[[Classifier], Explainer]
    model: Classifier
    images: torch.Tensor

    def explained(self, chosen: Sequence[int], *, times: int = 1) -> FloatArray:
        """Return the maps of some of the images; the last maps if one explainer is called several times."""
        images = self.images[list(chosen)]
        before = images.clone()
        targets, seeds = [TARGETS[i] for i in chosen], [SEEDS[i] for i in chosen]
        with custody(self.model.module):
            explainer = self.make(self.model)
            for _ in range(times):
                maps: Any = explainer.explain(images, list(targets), list(seeds))
        untouched = torch.equal(images, before) and not images.requires_grad and images.grad is None
        demand(untouched, "the images were changed, or ask for gradients now; work on a copy")
        demand(
            torch.is_grad_enabled(),
            "gradients are switched off afterwards; switch them off for yourself only",
        )
        values: FloatArray = np.asarray(maps.detach().cpu() if isinstance(maps, torch.Tensor) else maps)
        return values


def _check_map(maps: FloatArray, shape: tuple[int, ...], *, signed: bool) -> None:
    demand(maps.shape == shape, f"maps have the shape {maps.shape}, expected {shape}")
    demand(maps.dtype.kind in "fiu", f"maps are of {maps.dtype}, expected float32")
    demand(bool(np.isfinite(maps).all()), "maps hold NaN or infinite values")
    demand(signed or bool((maps >= 0).all()), "maps hold negative values, and the row says signed=False")


def _state(module: torch.nn.Module) -> tuple[object, ...]:
    hooks = [
        (
            name,
            part.training,
            len(part._forward_hooks),
            len(part._forward_pre_hooks),
            len(part._backward_hooks),
        )
        for name, part in module.named_modules()
    ]
    weights = [
        (name, weight.requires_grad, weight.detach().sum().item(), len(weight._backward_hooks or {}))
        for name, weight in module.named_parameters()
    ]
    return (*hooks, *weights)
