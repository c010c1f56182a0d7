"""The blank image: the values that replace pixels which an explainer removes."""

import torch

from xaudit.models.classifier import Classifier
from xaudit.perturb.replacement import Replacement


def blank_image(classifier: Classifier, image: torch.Tensor, kind: str) -> torch.Tensor:
    """Make an image without content, in the model's frame, (3, h, w), normalised.

    Args:
        image: (3, h, w), normalised.
        kind: ``mean``, this image's mean intensity per channel everywhere, or ``black``, intensity 0 (which is
            not the smallest normalised value that the image happens to have).
    """
    picture = Replacement(image, kind, classifier.normalise(torch.zeros_like(image))).behind
    if picture is None:
        raise ValueError(f"the baseline '{kind}' is not one picture")
    return picture.clone()
