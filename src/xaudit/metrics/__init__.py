"""Metrics of a saliency map: against readers, against regions, and against the model itself.

Importing the package is cheap; what needs torch, scikit-image or Quantus is imported by the first call that uses it.
"""

from collections.abc import Hashable
from typing import TYPE_CHECKING

from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.complexity import score_complexity
from xaudit.records import BoolArray, FloatArray

if TYPE_CHECKING:
    import torch

    from xaudit.config import MetricSpec
    from xaudit.metrics.curve import Found
    from xaudit.metrics.localization.marked_map import MarkedMap
    from xaudit.models.classifier import Classifier
    from xaudit.perturb.asking import Asking

__all__ = [
    "Absent",
    "Measured",
    "ask_faithfulness",
    "score_complexity",
    "score_faithfulness",
    "score_localization",
    "score_marked_map",
]


def score_localization(
    spec: "MetricSpec", saliency: FloatArray, region: BoolArray, valid: BoolArray
) -> Measured:
    """Score how well a map meets a mark, by the metric that ``spec`` names, with nothing else known of the two.

    Where the pixel spacing or the explainer's native grid matters, see :func:`score_marked_map`.

    Args:
        spec: of the family ``localization``.
        saliency: (H, W) of the original frame, signed; its positive part is what counts.
        region: (H, W), true where the finding is marked.
        valid: (H, W), true where the model saw the image; all else is left out of account.

    Raises:
        ValueError: for shapes that differ, or a metric of another family.
    """
    from xaudit.metrics.localization.marked_map import MarkedMap

    return score_marked_map(spec, MarkedMap(saliency, region, valid))


def score_marked_map(spec: "MetricSpec", marked: "MarkedMap") -> Measured:
    """Score how well a map meets what readers marked, by the metric that ``spec`` names.

    Args:
        spec: of the family ``localization``.

    Raises:
        ValueError: for a metric of another family.
    """
    from xaudit.metrics.localization import measure

    return measure(spec, marked)


def ask_faithfulness(
    spec: "MetricSpec",
    classifier: "Classifier",
    image: "torch.Tensor",
    target: int,
    saliency: FloatArray,
    *,
    about: Hashable = None,
    seed: int = 0,
    blank: str | None = None,
) -> "Asking[Found]":
    """Ask the model whether its answer depends on what a map shows, by the metric that ``spec`` names.

    Args:
        spec: of the family ``faithfulness``.
        image: (3, h, w), normalised, in the model's frame.
        target: index of the class explained.
        saliency: (h, w) of the model's frame, signed.
        about: names the image, so that metrics which ask the same of it share the answers.
        seed: of the case, and best not of the explainer: maps that meet the same random choices compare better.
        blank: the baseline to which the explainer promises that its map sums; None where it promises nothing.

    Returns:
        The metric in progress, for :func:`xaudit.perturb.asking.answer`.

    Raises:
        ValueError: for shapes that differ, or a metric of another family.
    """
    from xaudit.metrics.faithfulness import Asked, ask

    return ask(spec, Asked(classifier, image.detach().cpu(), target, saliency, about, seed, blank))


def score_faithfulness(
    spec: "MetricSpec",
    classifier: "Classifier",
    image: "torch.Tensor",
    target: int,
    saliency: FloatArray,
    *,
    seed: int = 0,
    blank: str | None = None,
) -> Measured:
    """Score one metric of the family ``faithfulness`` on its own; the arguments are those of :func:`ask_faithfulness`.

    Raises:
        ValueError: for shapes that differ, or a metric of another family.
    """
    from xaudit.perturb.asking import answer_one

    asking = ask_faithfulness(spec, classifier, image, target, saliency, seed=seed, blank=blank)
    return answer_one(asking, classifier.logits, batch_size=classifier.batch_size).value
