"""Checks of explainers against a model before the run: what would fail hours later is refused at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from xaudit.catalog import explainer_row
from xaudit.config import ExplainerSpec
from xaudit.counts import counted
from xaudit.errors import AuditFileError
from xaudit.explainers import make_explainer
from xaudit.records import IntArray

if TYPE_CHECKING:
    import torch

    from xaudit.models.classifier import Classifier
    from xaudit.models.sources.blueprint import Blueprint


@runtime_checkable
class _ByLayer(Protocol):
    layer: "torch.nn.Module"

    def check_layer(self) -> None: ...

    def check_on_noise(self) -> None: ...


@runtime_checkable
class BySuperpixels(Protocol):
    """An explainer that cuts each image into superpixels."""

    def segments(self, image: "torch.Tensor") -> IntArray:
        """Cut an image, (3, h, w), into superpixels: (h, w), labels from 0."""
        ...


def check_explainer(spec: ExplainerSpec, classifier: "Classifier", images: "Sequence[torch.Tensor]") -> None:
    """Refuses what would fail later, or give maps without content.

    Args:
        images: a few of those that will be explained, (3, h, w), normalised; superpixels are tried on them.

    Raises:
        AuditFileError: where the settings contradict each other, or every image is one superpixel.
        ModelError: where the layer is missing, no picture or not reached, where gradients are needed and there are none,
            or where the method has no rule for what the network does.
    """
    made = make_explainer(spec, classifier)
    layer = made.layer if isinstance(made, _ByLayer) else None
    if isinstance(made, _ByLayer):
        made.check_layer()
        made.check_on_noise()
    if explainer_row(spec.name).gradients:
        from xaudit.models.gradients import check_gradients

        check_gradients(classifier, asked_by=spec.name, layer=layer)
    if isinstance(made, BySuperpixels) and images and all(int(made.segments(i).max()) == 0 for i in images):
        raise AuditFileError(
            f"explainer '{spec.id}': segmentation '{spec.options['segmentation']}' makes one superpixel of each of the "
            f"{counted(len(images), 'image')} tried, so it cannot tell places apart",
            hint="set `segmentation: grid`, ask for more `segments`, or give another `compactness`",
        )


def check_on_blueprint(spec: ExplainerSpec, blueprint: "Blueprint") -> bool:
    """Refuses what a network's layers and shapes show to be impossible; returns False where they do not tell.

    Raises:
        AuditFileError: where the settings contradict each other.
        ModelError: where the layer is missing, no picture or not reached, or where the method has no rule for what the
            network does.
    """
    try:
        made = make_explainer(spec, blueprint)
        if isinstance(made, _ByLayer):
            made.check_layer()
    except (NotImplementedError, RuntimeError, ValueError):  # it wants numbers, which a blueprint has not
        return False
    return True
