"""Explainers that only ask about changed images: their questions, carried out together."""

from collections.abc import Sequence

import numpy as np

from xaudit.models.classifier import Classifier
from xaudit.perturb.asking import Asking, answer
from xaudit.records import FloatArray


def explained(askings: Sequence[Asking[FloatArray]], classifier: Classifier) -> FloatArray:
    """Carry out explanations in progress, in batches that they share; (N, h, w) float32."""
    maps = np.zeros((len(askings), *classifier.model_hw), dtype=np.float32)
    for index, one in enumerate(answer(askings, classifier.logits, batch_size=classifier.batch_size)):
        maps[index] = one.value
    return maps
