"""A network that takes a known share of its answer from a plant, as explainers that only ask it see it.

A plant's detector has no gradient, and no layer of the network sees it. So explainers that read gradients or layers explain the
network alone; the others ask this one.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from xaudit.catalog import explainer_row
from xaudit.chunks.chunk import Subject
from xaudit.chunks.explaining import explain
from xaudit.chunks.planted import Detector, OneSubject, PlantedChunk, log_odds_of, mixed_logits
from xaudit.config import ExplainerSpec
from xaudit.models.classifier import Classifier
from xaudit.records import FloatArray, SaliencyMap


class PlantedNetwork(torch.nn.Module):
    """The mixture of a classifier and a detector as a network, for one class; no image is asked about twice.

    Attributes:
        share: share of the answer that comes from the plant; the kept answers serve every share.
    """

    def __init__(self, classifier: Classifier, detector: Detector, target: int) -> None:
        super().__init__()
        # In a tuple, so that the classifier's own network is no part of this one.
        self._asked = (classifier, detector, target)
        self._known: dict[bytes, FloatArray] = {}
        self.share = 0.0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits, (n, n_classes): the log odds of the target, as if the other classes shared what is left."""
        classifier, _, target = self._asked
        keys = [
            hashlib.sha1(image.numpy().tobytes(), usedforsecurity=False).digest() for image in images.cpu()
        ]
        new = {key: index for index, key in enumerate(keys) if key not in self._known}
        if new:
            self._ask(list(new), images[list(new.values())])
        odds = np.stack([self._known[key] for key in keys])
        n_classes = len(classifier.class_names)
        logits = mixed_logits(odds[:, 0], odds[:, 1], self.share, n_classes=n_classes, target=target)
        other = (target + 1) % n_classes
        return torch.from_numpy((logits - logits[:, other, None]).astype(np.float32)).to(images.device)

    def _ask(self, keys: Sequence[bytes], images: torch.Tensor) -> None:
        classifier, detector, target = self._asked
        model = log_odds_of(classifier, images.cpu(), target)
        grey = classifier.denormalise(images.cpu()).numpy().mean(axis=1)
        odds = np.stack([model, detector.log_odds(grey)], axis=1)
        self._known.update(zip(keys, odds, strict=True))


def sees_plant(spec: ExplainerSpec) -> bool:
    """Return True if an explainer only asks for answers, so that the plant's part of them reaches it."""
    row = explainer_row(spec.name)
    return not (row.gradients or row.inside)


def planted_maps(
    chunk: PlantedChunk,
    subject: Subject,
    detector: Detector,
    spec: ExplainerSpec,
    shares: Sequence[float],
    seed: int,
) -> list[SaliencyMap]:
    """Return one explainer's map of an image with a plant for each share of the answer.

    The network is asked once for all shares. An explainer that does not see the plant has the same map at each.

    Raises:
        ModelError: if the classifier cannot be explained in this way.
    """
    classifier = chunk.classifier
    if not sees_plant(spec):
        (own,) = explain(OneSubject(chunk, subject), spec, seed=seed)
        return [own] * len(shares)
    network = PlantedNetwork(classifier, detector, subject.target_index)
    with classifier.meter.paused():
        wrapped = replace(classifier, module=network, compile=False, precision="float32")
    maps = []
    for share in shares:
        network.share = share
        maps += explain(OneSubject(chunk, subject, classifier=wrapped), spec, seed=seed)
    return maps
