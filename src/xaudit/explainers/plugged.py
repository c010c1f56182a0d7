"""Explainers of other packages, held to what the audit relies on: shapes, numbers, and a model that stays as it was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from xaudit.catalog.plugins import Brought, blamed, installed
from xaudit.config import ExplainerSpec
from xaudit.errors import PluginError
from xaudit.explainers.custody import custody
from xaudit.explainers.requests import check_request
from xaudit.models.classifier import Classifier
from xaudit.native_grid import NativeGrid
from xaudit.perturb.asking import Asking
from xaudit.records import FloatArray


@dataclass(frozen=True, eq=False)
class PluggedExplainer:
    """Another package's explainer behind our own edge."""

    brought: Brought
    classifier: Classifier
    made: Any

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :class:`xaudit.explainers.Explainer`."""
        check_request(self.classifier, images, targets, seeds)
        if not len(images):
            return np.zeros((0, *self.classifier.model_hw), dtype=np.float32)
        with blamed(self.brought.offer, "explaining"), custody(self.classifier.module):
            maps = self.made.explain(images.clone(), list(targets), list(seeds))
        return self._checked(maps, (len(images), *self.classifier.model_hw))

    def _checked(self, maps: Any, shape: tuple[int, ...]) -> FloatArray:  # noqa: ANN401
        if isinstance(maps, torch.Tensor):
            maps = maps.detach().cpu().numpy()
        if not isinstance(maps, np.ndarray) or maps.shape != shape or maps.dtype.kind not in "fiu":
            found = (
                f"{maps.dtype} of {maps.shape}"
                if isinstance(maps, np.ndarray)
                else f"a {type(maps).__name__}"
            )
            raise PluginError(
                f"{self.brought.offer.spelled}: its map is {found}, expected float32 of {shape}",
                hint=f"tell the authors of {self.brought.offer.package}",
            )
        return np.asarray(maps, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class PluggedAskingExplainer(PluggedExplainer):
    """Another package's explainer that only asks about changed images, in batches that it shares."""

    def askings(
        self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]
    ) -> list[Asking[FloatArray]]:
        """See :class:`xaudit.explainers.AskingExplainer`."""
        check_request(self.classifier, images, targets, seeds)
        with blamed(self.brought.offer, "explaining"):
            found = list(self.made.askings(images.clone(), list(targets), list(seeds)))
        if len(found) != len(images):
            raise PluginError(
                f"{self.brought.offer.spelled}: it asks about {len(found)} images of {len(images)}",
                hint=f"tell the authors of {self.brought.offer.package}",
            )
        return [self._asking(one) for one in found]

    def _asking(self, asking: Asking[Any]) -> Asking[FloatArray]:
        with blamed(self.brought.offer, "explaining"):
            values = yield from asking
        return self._checked(values, self.classifier.model_hw)


def plugged_explainer(spec: ExplainerSpec, classifier: Classifier) -> PluggedExplainer:
    """Make the explainer of a plug-in.

    Raises:
        PluginError: where no package brings it, or it fails, or makes something that cannot explain.
    """
    brought = installed("explainer", spec.name)
    with blamed(brought.offer, "make"):
        made = brought.plugin.make(spec.options, classifier)
    if not callable(getattr(made, "explain", None)):
        raise PluginError(
            f"{brought.offer.spelled}: `make` gave a {type(made).__name__} without the method `explain`",
            hint=f"tell the authors of {brought.offer.package}",
        )
    asks = callable(getattr(made, "askings", None))
    return (PluggedAskingExplainer if asks else PluggedExplainer)(brought, classifier, made)


def plugged_grid(spec: ExplainerSpec, classifier: Classifier) -> Callable[[torch.Tensor], NativeGrid] | None:
    """Return the function from an image, (3, h, w), to the native grid of a plug-in's map; None where it has none.

    Raises:
        PluginError: where no package brings the explainer; from the function, where the plug-in fails.
    """
    brought = installed("explainer", spec.name)
    if brought.plugin.native_grid is None:
        return None

    def grid_of(image: torch.Tensor) -> NativeGrid:
        with blamed(brought.offer, "native_grid"):
            grid: NativeGrid = brought.plugin.native_grid(spec.options, classifier)(image)
        return grid

    return grid_of
