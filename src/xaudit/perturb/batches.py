"""Asking a model about many changed copies of an image, in full batches and never more than one batch at a time."""

from collections.abc import Callable, Iterable
from itertools import islice

import numpy as np
import torch

from xaudit.records import FloatArray


def logits_of(
    images: Iterable[torch.Tensor],
    logits: Callable[[torch.Tensor], torch.Tensor],
    *,
    batch_size: int,
) -> FloatArray:
    """The model's logits for each image, made and asked batch by batch.

    Args:
        images: each (3, h, w), normalised; at least one.
        logits: (N, 3, h, w) → (N, n_classes).

    Returns:
        (n, n_classes) float64.
    """
    waiting = iter(images)
    answers: list[FloatArray] = []
    while batch := list(islice(waiting, batch_size)):
        answers.append(logits(torch.stack(batch)).double().numpy())
    return np.concatenate(answers)
