"""The maps of one explainer for a chunk of cases."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from xaudit.audit.chunk import Chunk
from xaudit.catalog import EXTERNAL
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
    """Return one explainer's maps of a chunk, in the chunk's order; a case whose map file is missing is left out."""
    import torch

    if not chunk.subjects:
        return []
    if spec.name == EXTERNAL.id:
        return _from_files(chunk, spec, seed=seed)
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


def have_maps(chunk: Chunk, spec: ExplainerSpec) -> frozenset[str]:
    """Return the cases of a chunk that can be explained: all readable ones, or those with a map file."""
    from xaudit.models.sources.external import ExternalModel

    if spec.name != EXTERNAL.id or not isinstance(chunk.classifier, ExternalModel):
        return frozenset(subject.case.case_id for subject in chunk.subjects)
    files = chunk.classifier.maps[spec.id]
    return frozenset(
        one.case.case_id for one in chunk.subjects if files.has(one.case.case_id, one.prediction.target)
    )


def _from_files(chunk: Chunk, spec: ExplainerSpec, *, seed: int) -> list[SaliencyMap]:
    from xaudit.models.sources.external import ExternalModel

    if not isinstance(chunk.classifier, ExternalModel):
        raise TypeError(f"'{spec.id}' are maps from files, and model '{chunk.classifier.id}' brings none")
    files, there = chunk.classifier.maps[spec.id], have_maps(chunk, spec)
    made: list[SaliencyMap] = []
    for subject in chunk.subjects:
        case, target = subject.case, subject.prediction.target
        if case.case_id in there:
            started = time.perf_counter()
            values = files.read(case, target)
            made.append(
                SaliencyMap(
                    case.case_id, chunk.classifier.id, spec.id, spec.fingerprint, target,
                    values, seed_for(seed, case.case_id, spec.fingerprint), 0, time.perf_counter() - started,
                )
            )  # fmt: skip
    return made


def _made(
    explainer: Explainer,
    classifier: "Classifier",
    images: "torch.Tensor",
    request: tuple[Sequence[int], Sequence[int]],
) -> "Sequence[Answered[FloatArray]]":
    """Return the map of each image with its cost; shared equally if the method does not report it."""
    from xaudit.perturb.asking import Answered, answer

    if isinstance(explainer, AskingExplainer):
        askings = explainer.askings(images, *request)
        return answer(askings, classifier.logits, batch_size=classifier.batch_size)
    evals, started = classifier.meter.n_evals, time.perf_counter()
    maps = explainer.explain(images, *request)
    seconds = (time.perf_counter() - started) / len(images)
    n_evals = (classifier.meter.n_evals - evals) // len(images)
    return [Answered(values, n_evals, seconds) for values in maps]
