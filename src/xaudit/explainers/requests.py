"""The check of a request to an explainer, once at the edge; inside, images, targets and seeds are trusted."""

from collections.abc import Sequence

import torch

from xaudit.models.classifier import Classifier


def check_request(
    classifier: Classifier, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]
) -> None:
    """Refuse what would otherwise be explained silently and wrongly.

    Raises:
        ValueError: if the images are not of the classifier's frame, if there is not one target and one seed for
            each, or if a target is no class of it.
    """
    frame = (3, *classifier.model_hw)
    if tuple(images.shape[1:]) != frame or images.ndim != 4:
        raise ValueError(
            f"expected images of shape (N, {frame[0]}, {frame[1]}, {frame[2]}), got {tuple(images.shape)}"
        )
    if len(targets) != len(images) or len(seeds) != len(images):
        raise ValueError(f"{len(images)} images with {len(targets)} targets and {len(seeds)} seeds")
    n_classes = len(classifier.class_names)
    for target in targets:
        if not 0 <= target < n_classes:
            raise ValueError(f"target {target} is no class of a model with {n_classes} classes")
