"""One explainer's maps of a chunk of cases."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from xaudit.audit.chunk import Chunk
from xaudit.config import ExplainerSpec
from xaudit.explainers import AskingExplainer, Explainer, make_explainer
from xaudit.records import (
    FloatArray,
    SaliencyMap,
)
from xaudit.seeds import seed_for

if TYPE_CHECKING:
    import torch

    from xaudit.models.classifier import Classifier
    from xaudit.perturb.asking import Answered


def explain(chunk: Chunk, spec: ExplainerSpec, *, seed: int) -> list[SaliencyMap]:
    """One explainer's maps of a chunk, in the chunk's order."""
    import torch

    if not chunk.subjects:
        return []
    seeds = [seed_for(seed, subject.case.case_id, spec.fingerprint) for subject in chunk.subjects]
    images = torch.stack([subject.image for subject in chunk.subjects])
    targets = [subject.target_index for subject in chunk.subjects]
    made = _made(make_explainer(spec, chunk.classifier), chunk.classifier, images, (targets, seeds))
    return [
        SaliencyMap(
            subject.case.case_id, chunk.classifier.id, spec.id, spec.fingerprint, subject.prediction.target,
            np.asarray(one.value, dtype=np.float32), own_seed, one.n_evals, one.seconds,
        )
        for subject, own_seed, one in zip(chunk.subjects, seeds, made, strict=True)
    ]  # fmt: skip


def _made(
    explainer: Explainer,
    classifier: "Classifier",
    images: "torch.Tensor",
    request: tuple[Sequence[int], Sequence[int]],
) -> "Sequence[Answered[FloatArray]]":
    """The map of each image with what it cost; shared in equal parts where a method does not tell."""
    from xaudit.perturb.asking import Answered, answer

    if isinstance(explainer, AskingExplainer):
        askings = explainer.askings(images, *request)
        return answer(askings, classifier.logits, batch_size=classifier.batch_size)
    evals, started = classifier.meter.n_evals, time.perf_counter()
    maps = explainer.explain(images, *request)
    seconds = (time.perf_counter() - started) / len(images)
    n_evals = (classifier.meter.n_evals - evals) // len(images)
    return [Answered(values, n_evals, seconds) for values in maps]
