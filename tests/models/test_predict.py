"""Predictions in order, lazily, and a reason where there is none."""

import itertools

import numpy as np
import pytest
import tiny_networks
import torch

from xaudit.errors import DataError
from xaudit.models.classifier import Classifier
from xaudit.models.predict import predict
from xaudit.records import Case, Prediction, Problem

CLASSES = ("cancer", "normal")


class BrightnessReader(torch.nn.Module):
    """Logits (m, 1 − m) for an image whose mean intensity is m."""

    def forward(self, images):
        mean = images.mean(dim=(1, 2, 3))
        return torch.stack([mean, 1 - mean], dim=1)


def reader(**settings):
    plain = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0), "batch_size": 2}
    return Classifier("net", BrightnessReader(), CLASSES, (8, 8), **(plain | settings))


def case(number, label="cancer"):
    return Case(f"case-{number}", f"p{number}", "data", "x.png", "0", label, "test", 8, 8)


def brightness(values):
    return lambda asked: np.full((8, 8), values[asked.case_id], dtype=np.float32)


def run(cases, pixels, *, policy="positive", progress=None, classifier=None):
    return predict(
        classifier or reader(),
        cases,
        pixels,
        target_policy=policy,
        positive="cancer",
        on_progress=(progress if progress is not None else []).append,
    )


def test_prediction_holds_logits_and_their_softmax():
    [found] = run([case(1, "normal")], brightness({"case-1": 1.0}))
    # logits (1, 0): e / (e + 1) = .73106
    assert found.logits == pytest.approx((1.0, 0.0))
    assert found.probabilities == pytest.approx((0.7310586, 0.2689414))
    assert (found.predicted, found.label, found.correct) == ("cancer", "normal", False)
    assert (found.case_id, found.patient_id, found.model_id, found.split) == ("case-1", "p1", "net", "test")


@pytest.mark.parametrize(
    ("policy", "target"), [("label", "normal"), ("predicted", "cancer"), ("positive", "cancer")]
)
def test_target_follows_the_policy(policy, target):
    [found] = run([case(1, "normal")], brightness({"case-1": 1.0}), policy=policy)
    assert found.target == target


def test_predictions_come_in_the_order_of_the_cases_whatever_the_batches():
    cases = [case(number) for number in range(5)]
    values = {f"case-{number}": number / 5 for number in range(5)}
    found = list(run(cases, brightness(values)))
    assert [each.case_id for each in found] == [each.case_id for each in cases]
    assert [each.logits[0] for each in found] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])


def test_an_image_that_cannot_be_read_is_a_problem_in_its_place_and_the_rest_goes_on():
    def pixels(asked):
        if asked.case_id in ("case-1", "case-2", "case-3"):
            raise DataError(f"{asked.path}: truncated")
        return np.zeros((8, 8), dtype=np.float32)

    found = list(run([case(number) for number in range(5)], pixels))
    assert [type(each) for each in found] == [Prediction, Problem, Problem, Problem, Prediction]
    assert found[2] == Problem("case-2", "predict", "x.png: truncated")


def test_image_whose_logits_are_not_finite_is_a_problem():
    [found] = run([case(1)], brightness({"case-1": np.nan}))
    assert found == Problem("case-1", "predict", "the model's logits are not finite numbers")


def test_label_that_is_no_class_is_a_problem_only_where_the_label_is_explained():
    pixels = brightness({"case-1": 0.0})
    [found] = run([case(1, "other")], pixels, policy="label")
    assert found == Problem("case-1", "predict", "its label 'other' is no class of the model")
    [found] = run([case(1, "other")], pixels)
    assert found.correct is False


def test_images_are_read_one_batch_at_a_time():
    read = []

    def pixels(asked):
        read.append(asked.case_id)
        return np.zeros((8, 8), dtype=np.float32)

    list(itertools.islice(run([case(number) for number in range(9)], pixels), 1))
    assert read == ["case-0", "case-1"]


def test_progress_counts_cases():
    seen = []
    list(
        run([case(number) for number in range(5)], lambda _case: np.zeros((8, 8), np.float32), progress=seen)
    )
    assert [(each.stage, each.done, each.total, each.note) for each in seen] == [
        ("predict", 2, 5, "net"),
        ("predict", 4, 5, "net"),
        ("predict", 5, 5, "net"),
    ]


def test_unknown_positive_class_is_a_mistake_of_the_program():
    with pytest.raises(ValueError, match=r"'tumour' is none of the classes \('cancer', 'normal'\)"):
        list(
            predict(
                Classifier("net", tiny_networks.tiny(2), CLASSES, (8, 8)),
                [],
                brightness({}),
                target_policy="label",
                positive="tumour",
                on_progress=lambda _progress: None,
            )
        )
