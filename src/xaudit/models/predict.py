"""Predictions of a classifier, one batch at a time."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, assert_never

import numpy as np
import torch

from xaudit.errors import DataError, ModelError
from xaudit.models.classifier import Classifier
from xaudit.records import Case, FloatArray, Prediction, Problem, Progress

TargetPolicy = Literal["label", "predicted", "positive"]


def predict(
    classifier: Classifier,
    cases: Sequence[Case],
    pixels: Callable[[Case], FloatArray],
    *,
    target_policy: TargetPolicy,
    positive: str,
    on_progress: Callable[[Progress], None],
) -> Iterator[Prediction | Problem]:
    """Yield one prediction per case, in the cases' order, or the reason for none; hold one batch of images at a time.

    Args:
        classifier: the model.
        cases: the cases to classify.
        pixels: (H, W) or (H, W, 3) in [0, 1] of the original frame; raises DataError if it cannot be read.
        target_policy: the class whose evidence is explained: the true one, the predicted one, or ``positive``.
        positive: a class of the classifier.
        on_progress: called after each batch.

    Raises:
        ValueError: if ``positive`` is no class of the classifier.
        ModelError: if a single image does not fit into memory, or probabilities lie outside 0 to 1.
    """
    if positive not in classifier.class_names:
        raise ValueError(f"'{positive}' is none of the classes {classifier.class_names}")
    for start in range(0, len(cases), classifier.batch_size):
        batch = cases[start : start + classifier.batch_size]
        inputs: dict[str, torch.Tensor] = {}
        problems: dict[str, Problem] = {}
        for case in batch:
            try:
                inputs[case.case_id] = classifier.to_input(pixels(case))[0]
            except DataError as error:
                problems[case.case_id] = Problem(case.case_id, "predict", str(error))
        logits: dict[str, FloatArray] = {}
        if inputs:
            rows = _logits(classifier, torch.stack(list(inputs.values()))).double().numpy()
            logits = dict(zip(inputs, rows, strict=True))
        for case in batch:
            if case.case_id in problems:
                yield problems[case.case_id]
            elif not np.isfinite(logits[case.case_id]).all():
                yield Problem(case.case_id, "predict", "the model's logits are not finite numbers")
            elif target_policy == "label" and case.label not in classifier.class_names:
                yield Problem(case.case_id, "predict", f"its label '{case.label}' is no class of the model")
            else:
                yield prediction_of(classifier, case, logits[case.case_id], target_policy, positive)
        on_progress(Progress("predict", start + len(batch), len(cases), classifier.id))


def _logits(classifier: Classifier, images: torch.Tensor) -> torch.Tensor:
    try:
        return classifier.logits(images)
    except ModelError as error:
        subject = f"model '{classifier.id}': "
        raise ModelError(subject + str(error).removeprefix(subject), hint=error.hint) from None


def prediction_of(
    classifier: Classifier, case: Case, logits: FloatArray, target_policy: TargetPolicy, positive: str
) -> Prediction:
    """Convert a classifier's logits of one case, (n_classes,), to a prediction."""
    exponentials = np.exp(logits - logits.max())
    predicted = classifier.class_names[int(logits.argmax())]
    match target_policy:
        case "label":
            target = case.label
        case "predicted":
            target = predicted
        case "positive":
            target = positive
        case _:
            assert_never(target_policy)
    return Prediction(
        case_id=case.case_id,
        patient_id=case.patient_id,
        model_id=classifier.id,
        split=case.split,
        label=case.label,
        predicted=predicted,
        target=target,
        logits=tuple(logits.tolist()),
        probabilities=tuple((exponentials / exponentials.sum()).tolist()),
        class_names=classifier.class_names,
    )
