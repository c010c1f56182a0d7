"""The maps of one explainer for a chunk of cases."""

import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from xaudit.catalog import EXTERNAL, explainer_row
from xaudit.chunks.chunk import Chunk
from xaudit.config import ExplainerSpec
from xaudit.explainers import AskingExplainer, Explainer, make_explainer
from xaudit.records import (
    FloatArray,
    SaliencyMap,
)
from xaudit.seeds import seed_for

if TYPE_CHECKING:
    import torch

    from xaudit.metrics.faithfulness.asked import ExplainAgain
    from xaudit.models.classifier import Classifier
    from xaudit.perturb.asking import Answered


def explain(chunk: Chunk, spec: ExplainerSpec, *, seed: int) -> list[SaliencyMap]:
    """Return one explainer's maps of a chunk, in the chunk's order; a case whose map file is missing is left out."""
    import torch

    if not chunk.subjects:
        return []
    if spec.name == EXTERNAL.id:
        return _from_files(chunk, spec, seed=seed)
    seeds = [seed_for(seed, subject.case.image_id, spec.fingerprint) for subject in chunk.subjects]
    images = torch.stack([subject.image for subject in chunk.subjects])
    targets = [subject.target_index for subject in chunk.subjects]
    made = _made(make_explainer(spec, chunk.classifier), chunk.classifier, images, (targets, seeds))
    return [
        SaliencyMap(
            subject.case.case_id, chunk.classifier.id, spec.id, spec.fingerprint, subject.prediction.target,
            np.asarray(answer.value, dtype=np.float32), own_seed, answer.n_evals, answer.seconds,
        )
        for subject, own_seed, answer in zip(chunk.subjects, seeds, made, strict=True)
    ]  # fmt: skip


def explain_again(chunk: Chunk, spec: ExplainerSpec, own_seed: int) -> "ExplainAgain":
    """Return a function that makes one explainer's maps of other images, with the seed that a case's map has.

    It takes the chunk's network, or a copy of it with other weights; the meter counts the network's answers, and not
    what a copy is asked to see that it answers at all.
    """
    classifier = chunk.classifier

    def again(module: "torch.nn.Module", images: FloatArray, targets: Sequence[int]) -> FloatArray:
        import torch

        explained = classifier
        if module is not classifier.module:
            with classifier.meter.paused():
                explained = replace(classifier, module=deepcopy(module), compile=False)
        inputs = torch.from_numpy(np.ascontiguousarray(images, dtype=np.float32))
        maps = make_explainer(spec, explained).explain(inputs, targets, [own_seed] * len(inputs))
        return maps if explainer_row(spec.name).signed else np.abs(maps)

    return again


def have_maps(chunk: Chunk, spec: ExplainerSpec) -> frozenset[str]:
    """Return the cases of a chunk that can be explained: all readable ones, or those with a map file."""
    from xaudit.models.sources.external import ExternalModel

    if spec.name != EXTERNAL.id or not isinstance(chunk.classifier, ExternalModel):
        return frozenset(subject.case.case_id for subject in chunk.subjects)
    files = chunk.classifier.maps[spec.id]
    return frozenset(
        own.case.case_id for own in chunk.subjects if files.has(own.case.case_id, own.prediction.target)
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
                    values, seed_for(seed, case.image_id, spec.fingerprint), 0, time.perf_counter() - started,
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
