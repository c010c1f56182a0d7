"""Explainers: methods that show which pixels speak for a class, each with a signed saliency map as its answer.

Maps are ``(N, h, w)`` float32 in the model's frame, images ``(N, 3, h, w)`` float32, normalised as the classifier
wants them. A map depends on its image, its target, its seed and the options, and on nothing else: not on the
images beside it, their order or the batch size. Each third-party library is imported in one file of this package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from xaudit.catalog import EXPLAINER_RECORDS, OptionValue, typed_options
from xaudit.config import ExplainerSpec
from xaudit.records import FloatArray

if TYPE_CHECKING:
    import torch

    from xaudit.models.classifier import Classifier
    from xaudit.perturb.asking import Asking


class Explainer(Protocol):
    """A method with its options, bound to one classifier."""

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """Map which pixels speak for the target (positive) and, where the method can tell, against it (negative).

        A map of zeros means that the method found nothing to show; it is not a failure.

        Args:
            images: (N, 3, h, w), normalised; left as they are.
            targets: the class explained in each image, by its index.
            seeds: one 32-bit seed per image; methods without randomness do not look at it.

        Returns:
            (N, h, w), float32.

        Raises:
            ModelError: if the classifier cannot be explained in this way.
            ValueError: if the three do not fit each other or the classifier.
        """
        ...


@runtime_checkable
class AskingExplainer(Explainer, Protocol):
    """A method that only wants logits of changed images, so that it can share batches with other measures."""

    def askings(
        self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]
    ) -> list[Asking[FloatArray]]:
        """Prepare the questions of :meth:`explain`, one asking for each image; each returns its map, (h, w).

        For :func:`xaudit.perturb.asking.answer`. Arguments and errors are those of :meth:`explain`.
        """
        ...


def make_explainer(spec: ExplainerSpec, classifier: Classifier) -> Explainer:
    """Make the explainer that an audit file asks for, ready to explain this classifier.

    Only the library that this method needs is imported.

    Raises:
        AuditFileError: if the options contradict each other.
        ModelError: if the classifier cannot be explained in this way, such as for want of a target layer.
        PluginError: if another package makes it, and fails.
    """
    record = EXPLAINER_RECORDS.get(spec.name)
    if record is None:
        from xaudit.explainers.plugged import plugged_explainer

        return plugged_explainer(spec, classifier)
    explainer: Explainer = record.make(typed_options(record.row.options, spec.options), classifier)
    return explainer


def by_keyword(
    kind: Callable[..., Explainer], options: Mapping[str, OptionValue], classifier: Classifier
) -> Explainer:
    """Make an explainer whose fields are the classifier and the options of its row."""
    return kind(classifier, **options)
