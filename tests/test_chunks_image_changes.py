"""Changed images of a chunk: rows and scores of a model whose answer is the brightness of the image."""

import math

import numpy as np
import pytest
import torch

from xaudit.catalog.image_changes import DEFAULT_IMAGE_CHANGES
from xaudit.chunks import Chunk, measure_image_changes, score_image_changes
from xaudit.models.classifier import Classifier
from xaudit.records import MODEL_LEVEL, Case, Prediction, Surroundings

SIDE = 32
CLASSES = ("normal", "cancer")
LEVELS = {"a": 0.5, "b": 0.25}


class MeanReader(torch.nn.Module):
    """Its logit of cancer is ten times the mean of what it is shown."""

    def forward(self, images):
        return torch.stack([torch.zeros(len(images)), 10 * images.mean((1, 2, 3))], dim=1)


class Source:
    """Level images; the cancer has a mark of a quarter of the frame."""

    def pixels(self, case):
        return np.full((SIDE, SIDE), LEVELS[case.case_id], dtype=np.float32)

    def surroundings(self, case):
        return Surroundings()

    def regions(self, case):
        mark = np.zeros((SIDE, SIDE), dtype=bool)
        mark[:16, :16] = case.label == "cancer"
        return {"union": mark}


def pair(case_id, label):
    case = Case(case_id, f"p-{case_id}", "data", f"{case_id}.png", "0" * 64, label, "test", SIDE, SIDE)
    prediction = Prediction(
        case_id, f"p-{case_id}", "mean", "test", label, label, "cancer", (0.0, 0.0), (0.5, 0.5), CLASSES
    )
    return case, prediction


@pytest.fixture
def chunk():
    torch.set_num_threads(1)
    # Preparation takes .5 away, so that a grey of .5 gives logits (0, 0).
    reader = Classifier(
        id="mean",
        module=MeanReader(),
        class_names=CLASSES,
        model_hw=(SIDE, SIDE),
        mean=(0.5, 0.5, 0.5),
        std=(1, 1, 1),
    )
    return Chunk(reader, Source(), [pair("a", "cancer"), pair("b", "normal")])


def test_steps_are_taken_before_normalisation_and_asked_of_every_case(chunk):
    rows = measure_image_changes(chunk, DEFAULT_IMAGE_CHANGES, seed=0)
    by_key = {(row.case_id, row.change, row.finding_kept): row for row in rows}
    assert len(by_key) == len(rows) == 18 + 9  # the marked case has every step twice
    brighter = by_key["a", "brighter-10", True]
    assert (brighter.label, brighter.target, brighter.model_id) == ("cancer", "cancer", "mean")
    assert brighter.probability == pytest.approx(0.5)
    assert brighter.log_odds_change == pytest.approx(1.0, abs=1e-4)  # 10 × .1
    # b: logit 10 × (.25 - .5) = -2.5; ten per cent darker, -3.5.
    darker = by_key["b", "darker-10", False]
    before, after = 1 / (1 + math.exp(2.5)), 1 / (1 + math.exp(3.5))
    assert darker.probability == pytest.approx(before, abs=1e-5)
    assert darker.probability_change == pytest.approx(after - before, abs=1e-5)


def test_a_case_is_scored_by_how_far_each_property_moves_the_answer(chunk):
    rows = measure_image_changes(chunk, DEFAULT_IMAGE_CHANGES, seed=0)
    results = score_image_changes(chunk, rows, DEFAULT_IMAGE_CHANGES)
    values = {(one.key.case_id, one.key.metric_id): one.value for one in results}
    # From 1 / (1 + e) to e / (1 + e).
    assert values["a", "image-brightness"] == pytest.approx(math.tanh(0.5), abs=1e-4)
    assert values["a", "image-sharpness"] == pytest.approx(0.0, abs=1e-4)
    assert len(values) == 12
    assert {(one.key.explainer_id, one.key.family) for one in results} == {(MODEL_LEVEL, "image")}


def test_a_property_without_a_step_has_no_score_and_other_steps_another_hash(chunk):
    def scored(changes):
        return score_image_changes(chunk, measure_image_changes(chunk, changes, seed=0), changes)

    small, large = scored(("brighter-5",)), scored(("brighter-10",))
    assert {one.key.metric_id for one in small} == {"image-brightness"}
    assert small[0].key.metric_hash != large[0].key.metric_hash
