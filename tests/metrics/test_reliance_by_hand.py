"""The effect of a region beside its random areas, from answers that are written down and come from no model."""

import numpy as np
import pytest
import torch
from reading_models import box
from scipy.special import logit

from xaudit.errors import ModelError
from xaudit.metrics.reliance import ask_region_reliance
from xaudit.perturb.asking import answer_one

SHAPE = (16, 16)
PARTS = {
    "mark": box(SHAPE, (2, 6), (2, 6)),
    "nothing": np.zeros(SHAPE, dtype=bool),
    "border": box(SHAPE, (0, 2), (0, 16)),
}


def effects(answers, *, parts=PARTS, infills=("mean",), controls=3):
    """The effects where the model gives the target these probabilities, in the order in which it is asked."""
    waiting = list(answers)

    def logits(images):
        taken = [waiting.pop(0) for _ in range(len(images))]
        return torch.tensor([[0.0, logit(one)] for one in taken], dtype=torch.float64)

    asking = ask_region_reliance(
        torch.rand((3, *SHAPE), generator=torch.Generator().manual_seed(0)),
        1,
        parts,
        infills=infills,
        controls=controls,
        generator=np.random.default_rng(0),
    )
    found = answer_one(asking, logits, batch_size=5)
    assert waiting == []
    return found


def test_a_region_is_held_against_the_mean_of_all_its_random_areas():
    # Untouched .9; the mark .5 and its three areas .8, .7, .95; the border .6 and .9, .9, .3. The empty region is not asked about.
    mark, border = effects([0.9, 0.5, 0.8, 0.7, 0.95, 0.6, 0.9, 0.9, 0.3])
    assert (mark.region, border.region) == ("mark", "border")
    assert (mark.fraction, border.fraction) == (16 / 256, 32 / 256)
    assert mark.probability == pytest.approx(0.9)
    assert mark.probability_drop == pytest.approx(0.4)
    assert mark.control_probability_drop == pytest.approx((0.1 + 0.2 - 0.05) / 3)
    # A rise counts as no fall.
    assert mark.beyond_random == pytest.approx(0.4 - (0.1 + 0.2 + 0) / 3)
    assert mark.logit_drop == pytest.approx(logit(0.9) - logit(0.5))
    assert mark.control_logit_drop == pytest.approx(logit(0.9) - (logit(0.8) + logit(0.7) + logit(0.95)) / 3)
    assert mark.logit_beyond_random == pytest.approx(
        logit(0.9) - logit(0.5) - (2 * logit(0.9) - logit(0.8) - logit(0.7)) / 3
    )
    assert border.probability_drop == pytest.approx(0.3)
    assert border.control_probability_drop == pytest.approx((0 + 0 + 0.6) / 3)
    assert border.beyond_random == pytest.approx(0.1)


def test_in_fills_are_told_apart_in_their_order():
    found = effects(
        [0.9, 0.5, 0.8, 0.6, 0.7], parts={"mark": PARTS["mark"]}, infills=("mean", "blur"), controls=1
    )
    assert [(one.infill, one.probability_drop, one.control_probability_drop) for one in found] == [
        ("mean", pytest.approx(0.4), pytest.approx(0.1)),
        ("blur", pytest.approx(0.3), pytest.approx(0.2)),
    ]


def test_a_region_whose_hiding_raises_the_answer_is_relied_upon_by_nothing():
    [one] = effects([0.5, 0.8, 0.4], parts={"mark": PARTS["mark"]}, controls=1)
    assert one.probability_drop == pytest.approx(-0.3)
    # 0 for the rise, less the random area's fall of .1.
    assert one.beyond_random == pytest.approx(-0.1)


def test_one_answer_that_is_no_number_is_an_error():
    with pytest.raises(ModelError, match="with a region replaced is not a number"):
        effects([0.9, 0.5, 0.8, float("nan"), 0.95], parts={"mark": PARTS["mark"]})
