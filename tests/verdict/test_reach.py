"""Which limits concern which model where some explain otherwise than others, or cannot be asked."""

import pytest

from xaudit.config import Gate, MaxDrop
from xaudit.verdict import Reach

EXPLAINERS = ("gradcam", "external-lime")
REACH = Reach({"here": ["gradcam"], "away": ["external-lime"]}, {"away": {"reliance-mark", "pixel-flipping"}})


@pytest.mark.parametrize(
    ("gate", "models"),
    [
        ("iou >= 0.3", ("here", "away")),
        ("iou@gradcam >= 0.3", ("here",)),
        ("iou@external-lime >= 0.3", ("away",)),
        ("iou@external-lime.mean-map >= 0.3", ("away",)),
        ("iou@centre >= 0.3", ("here", "away")),
        ("pixel-flipping <= 0.3", ("here",)),
        ("reliance-mark >= 0.1", ("here",)),
    ],
)
def test_a_gate_concerns_the_models_that_have_what_it_is_about(gate, models):
    limit = Gate.parse(gate)
    assert tuple(m for m in ("here", "away") if REACH.concerns(limit, m, EXPLAINERS)) == models
    assert all(Reach().concerns(limit, model, EXPLAINERS) for model in ("here", "away"))


def test_a_gate_without_a_name_asks_the_models_own_explainers():
    assert REACH.explainers("here", EXPLAINERS) == ("gradcam",)
    assert REACH.explainers("away", EXPLAINERS) == ("external-lime",)
    assert REACH.explainers("another", EXPLAINERS) == EXPLAINERS


def test_a_model_without_an_explainer_is_not_asked_for_its_maps():
    reach = Reach({"here": [], "away": ["external-lime"]})
    assert not reach.concerns(MaxDrop.parse("iou=0.1"), "here", ("external-lime",))
    assert reach.concerns(MaxDrop.parse("iou=0.1"), "away", ("external-lime",))
