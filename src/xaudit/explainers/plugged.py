"""Explainers of other packages, held to what the audit relies on: shapes, numbers, and a model that stays as it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from xaudit.catalog import OptionValue
from xaudit.catalog.plugins import Brought, blamed
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
    """One that only asks about changed images, so that its questions share batches with others'."""

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


def plugged_explainer(
    brought: Brought, options: Mapping[str, OptionValue], classifier: Classifier
) -> PluggedExplainer:
    """The explainer that a plug-in makes.

    Raises:
        PluginError: where it fails, or makes something that cannot explain.
    """
    with blamed(brought.offer, "make"):
        made = brought.plugin.make(dict(options), classifier)
    if not callable(getattr(made, "explain", None)):
        raise PluginError(
            f"{brought.offer.spelled}: `make` gave a {type(made).__name__} without the method `explain`",
            hint=f"tell the authors of {brought.offer.package}",
        )
    asks = callable(getattr(made, "askings", None))
    return (PluggedAskingExplainer if asks else PluggedExplainer)(brought, classifier, made)


def plugged_grid(
    brought: Brought, options: Mapping[str, OptionValue], classifier: Classifier, image: torch.Tensor
) -> NativeGrid:
    """The native grid of a plug-in's map of one image, (3, h, w); raises PluginError where it fails."""
    with blamed(brought.offer, "native_grid"):
        grid: NativeGrid = brought.plugin.native_grid(dict(options), classifier)(image)
    return grid
