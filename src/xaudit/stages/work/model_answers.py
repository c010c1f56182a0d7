"""Answers and features of each model on the test images, for checks of the data."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from xaudit.cases.splits import SCORED
from xaudit.config import ModelSection
from xaudit.counts import counted
from xaudit.models.classifier import Classifier
from xaudit.models.features import feature_reader
from xaudit.models.predict import predict
from xaudit.models.sources.external import ExternalModel
from xaudit.records import Case, FloatArray, ModelAnswers, Prediction, Problem, Progress
from xaudit.stages.request import RunRequest
from xaudit.stages.work.classifiers import has_weights, model_as_given
from xaudit.stages.work.external_model import external_predictions

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset


def model_to_ask(
    section: ModelSection,
    dataset: "Dataset",
    request: RunRequest,
    *,
    on_progress: Callable[[Progress], None],
) -> Classifier | str:
    """Load a model without its explainers, or return the sentence that says why it cannot be asked.

    Raises:
        ModelError: if it cannot be built or loaded.
    """
    if not has_weights(section, request):
        return (
            f"model '{section.id}' was not asked: it has no weights yet; `xaudit train` trains it, then name the file that it writes, "
            f"RUN/models/{section.id}.safetensors, under `models[].weights`"
        )
    return model_as_given(section, dataset, request, on_progress=on_progress)


def answers_of_model(
    classifier: Classifier,
    section: ModelSection,
    dataset: "Dataset",
    request: RunRequest,
    *,
    on_progress: Callable[[Progress], None],
) -> ModelAnswers:
    """Ask a model about each test image of its data set, and read its features of them."""
    cases = [case for case in dataset.cases if case.split == SCORED]
    if isinstance(classifier, ExternalModel):
        reason = "the model is external, and its files hold no features"
        tested = replace(dataset, cases=tuple(cases))
        results = list(external_predictions(classifier, section, tested, request.audit))
        return _recorded(section.id, dataset.id, results, None, reason)
    read = feature_reader(classifier)
    results, features = [], []
    for start in range(0, len(cases), classifier.batch_size):
        batch = cases[start : start + classifier.batch_size]
        on_progress(Progress(f"ask {section.id}", start, len(cases), "images"))
        pixels: dict[str, FloatArray] = {}
        part = _predicted(classifier, section, dataset, batch, pixels)
        results += part
        answered = [one.case_id for one in part if isinstance(one, Prediction)]
        if answered and not isinstance(read, str):
            inputs = [classifier.to_input(pixels[case_id])[0] for case_id in answered]
            features.append(read(torch.stack(inputs)).astype(np.float32))
    on_progress(Progress(f"ask {section.id}", len(cases), len(cases), "images"))
    if isinstance(read, str):
        return _recorded(section.id, dataset.id, results, None, read)
    stacked = np.concatenate(features) if features else None
    return _recorded(section.id, dataset.id, results, stacked, "" if features else "there are no test images")


def _predicted(
    classifier: Classifier,
    section: ModelSection,
    dataset: "Dataset",
    cases: Sequence[Case],
    pixels: dict[str, FloatArray],
) -> list[Prediction | Problem]:
    """Predict a batch, and keep the pixels of its images in ``pixels``."""

    def kept(case: Case) -> FloatArray:
        pixels[case.case_id] = dataset.pixels(case)
        return pixels[case.case_id]

    return list(
        predict(
            classifier,
            cases,
            kept,
            target_policy=section.target,
            positive=dataset.positive,
            on_progress=lambda _progress: None,
        )
    )


def _recorded(
    model_id: str,
    dataset_id: str,
    results: Sequence[Prediction | Problem],
    features: FloatArray | None,
    no_features: str,
) -> ModelAnswers:
    problems = [one for one in results if isinstance(one, Problem)]
    skipped = [
        f"model '{model_id}' gave no answer on {counted(len(problems), 'test image')}; the first, {one.case_id}: {one.reason}"
        for one in problems[:1]
    ]
    return ModelAnswers(
        model_id=model_id,
        dataset_id=dataset_id,
        predictions=tuple(one for one in results if isinstance(one, Prediction)),
        features=features,
        no_features=no_features,
        skipped=tuple(skipped),
    )
