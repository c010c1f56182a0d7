"""The blank image: the values that replace pixels which an explainer removes."""

import torch

from xaudit.models.classifier import Classifier


def blank_image(classifier: Classifier, image: torch.Tensor, kind: str) -> torch.Tensor:
    """Make an image without content, in the model's frame.

    Args:
        image: (3, h, w), normalised.
        kind: ``mean``, this image's mean intensity per channel everywhere, or ``black``, intensity 0 (which is
            not the smallest normalised value that the image happens to have).

    Returns:
        (3, h, w), normalised.
    """
    match kind:
        case "mean":
            return image.mean(dim=(1, 2), keepdim=True).expand_as(image).clone()
        case "black":
            return classifier.normalise(torch.zeros_like(image))
        case _:
            raise ValueError(f"no baseline is called '{kind}'")
