"""Outputs of a regression that were taken for logits."""

import pytest

from xaudit.config import ModelSection
from xaudit.errors import ModelError
from xaudit.records import Prediction
from xaudit.stages.work.regression import check_no_regression

SIGMOID = ModelSection(id="net", architecture="resnet18", weights="net.pt", outputs="sigmoid")
MULTILABEL = ModelSection(
    id="net (age)", architecture="resnet18", weights="net.pt", outputs="multilabel", finding="age",
    findings=({"name": "age", "target": 0},), threshold=0.2,
)  # fmt: skip


def said(output, label, logits=lambda z: (z / 2, -z / 2)):
    """One answer of a model; of a single logit z each class has half, of a finding one logit beside zero."""
    return Prediction(
        case_id=f"{output}", patient_id="p", model_id="net", split="test", label=label, predicted="old", target="old",
        logits=logits(output), probabilities=(0.5, 0.5), class_names=("old", "young"),
    )  # fmt: skip


def test_scores_on_a_scale_of_years_are_refused_with_their_range():
    with pytest.raises(ModelError) as caught:
        check_no_regression(SIGMOID, [said(31.0, "young"), said(74.5, "old")])
    assert str(caught.value) == (
        "model 'net': its output for 'old' lies between 31 and 74.5 on all 2 images of both classes; a logit of these sizes would "
        "be certain of each, so it is the score of a regression"
    )
    assert "subtract the score above which an image counts as 'old'" in caught.value.hint


def test_the_shift_of_a_threshold_is_taken_back():
    # log(.2 / .8) = -1.386 was taken away, so the network itself gave 30.
    with pytest.raises(ModelError, match="lies between 30 and 40 on all"):
        check_no_regression(
            MULTILABEL,
            [said(30 + 1.3863, "young", lambda z: (z, 0.0)), said(40 + 1.3863, "old", lambda z: (z, 0.0))],
        )


@pytest.mark.parametrize(
    "outputs",
    [[(31.0, "old"), (74.0, "old")], [(-20.0, "young"), (31.0, "old")], [(1.0, "young"), (15.0, "old")]],
)
def test_logits_pass_also_when_they_are_sure_or_wrong(outputs):
    check_no_regression(SIGMOID, [said(*one) for one in outputs])
