"""Random subsets of pixels, the same for every map of an image."""

import numpy as np
import torch

from xaudit.metrics.faithfulness.asked import Asked
from xaudit.perturb.asking import Asking, Question
from xaudit.records import BoolArray, FloatArray
from xaudit.seeds import generator_for


def subset_effects(
    asked: Asked, size: int, numbers: tuple[int, int], baseline: str
) -> Asking[tuple[FloatArray, FloatArray]]:
    """The map's sum over random subsets, and the logits of the image without each of them.

    Args:
        size: pixels in a subset.
        numbers: (start, stop) of the subsets; each number of a size is one subset, whoever asks.

    Returns:
        (n,) and (n, n_classes).
    """
    first, last = numbers
    replacement = asked.replaced_by(baseline)

    def subset(number: int) -> BoolArray:
        chosen = generator_for(asked.seed, "subset", str(size), str(number)).permutation(asked.saliency.size)
        mask = np.zeros(asked.saliency.size, dtype=bool)
        mask[chosen[:size]] = True
        return mask.reshape(asked.saliency.shape)

    def make(start: int, stop: int) -> torch.Tensor:
        # Drawn when they are needed and once more for the sums: a few thousand masks at a time would fill the memory.
        masks = np.stack([subset(number) for number in range(first + start, first + stop)])
        return replacement.without(torch.from_numpy(masks))

    logits = yield Question(last - first, make, asked.key("subsets", size, numbers, baseline))
    sums = np.array([asked.saliency[subset(number)].sum() for number in range(first, last)])
    return sums, logits
