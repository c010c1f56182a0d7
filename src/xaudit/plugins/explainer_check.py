"""What holds for every explainer; xaudit's own are held to it as well."""

from collections.abc import Callable, Sequence
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

WITHIN = 1e-5
"""By so much a map may differ between batches, in units of its own largest magnitude or of 1: rounding."""


def check_explainer(
    plugin: ExplainerPlugin, *, classifier: Classifier | None = None, **options: OptionValue
) -> None:
    """Tries an explainer on three images, as tests of a plug-in should.

    Its maps must be finite numbers of the model's frame, (N, h, w), without negative values where the row says that
    it is unsigned; the same when asked again, in another order, alone and under another batch size; and images, model and
    global random states must be left as they were.

    Args:
        classifier: to try it on; by default a small network of two classes on 32 × 32 pixels, with a target layer.
        options: settings other than the defaults.

    Raises:
        PluginError: with the first that does not hold.
    """
    settings = all_options(plugin.row.options, options)
    model = classifier or tried_classifier()
    check_maps(lambda one: plugin.make(dict(settings), one), model, signed=plugin.row.signed)


def check_maps(make: Callable[[Classifier], Explainer], model: Classifier, *, signed: bool) -> None:
    """As :func:`check_explainer`, for what makes an explainer of a classifier."""
    images = tried_images(N_IMAGES, model.model_hw)
    targets = [1, 0, 1]
    seeds = [11, 12, 13]
    before, state = images.clone(), _state(model.module)

    def explained(chosen: Sequence[int]) -> FloatArray:
        with custody(model.module):
            maps: Any = make(model).explain(
                images[list(chosen)], [targets[i] for i in chosen], [seeds[i] for i in chosen]
            )
        values: FloatArray = np.asarray(maps.detach().cpu() if isinstance(maps, torch.Tensor) else maps)
        return values

    with leaves_random_states("the explainer"):
        maps = explained(range(N_IMAGES))
    demand(
        maps.shape == (N_IMAGES, *model.model_hw),
        f"maps have the shape {maps.shape}, expected {(N_IMAGES, *model.model_hw)}",
    )
    demand(maps.dtype.kind in "fiu", f"maps are of {maps.dtype}, expected float32")
    demand(bool(np.isfinite(maps).all()), "maps hold NaN or infinite values")
    demand(signed or bool((maps >= 0).all()), "maps hold negative values, and the row says signed=False")
    demand(torch.equal(images, before), "the images were changed; work on a copy")
    demand(
        _state(model.module) == state, "the model was changed: hooks, modes or weights are not as they were"
    )
    demand(
        np.array_equal(explained(range(N_IMAGES)), maps),
        "the same question gets another map when asked again",
    )
    scale = max(1.0, float(np.abs(maps).max()))
    backwards = explained(range(N_IMAGES)[::-1])[::-1]
    _same(backwards, maps, scale, "a map depends on the order of the images")
    alone = np.stack([explained([index])[0] for index in range(N_IMAGES)])
    _same(alone, maps, scale, "a map depends on the other images of its batch")
    usual = model.batch_size
    try:
        for size in (1, 2):
            model.batch_size = size
            _same(
                explained(range(N_IMAGES)),
                maps,
                scale,
                f"a map depends on the classifier's batch size, {size}",
            )
    finally:
        model.batch_size = usual


def _same(found: FloatArray, expected: FloatArray, scale: float, otherwise: str) -> None:
    demand(bool(np.abs(found - expected).max() <= WITHIN * scale), otherwise)


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
        (name, weight.requires_grad, weight.detach().sum().item())
        for name, weight in module.named_parameters()
    ]
    return (*hooks, *weights)
