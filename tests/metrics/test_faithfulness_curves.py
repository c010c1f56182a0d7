"""The shares of the image at which a curve stands, and the pixels of a random subset, counted by hand."""

import numpy as np
import pytest
import torch
from reading_models import box, reads
from scipy.special import expit

from xaudit.config import MetricSpec
from xaudit.metrics import Absent, ask_faithfulness, score_faithfulness
from xaudit.perturb.asking import answer_one

SHAPE = (8, 12)
CORNER = box(SHAPE, (0, 2), (0, 6))
BRIGHT = torch.ones((3, *SHAPE))
DISTINCT = np.random.default_rng(0).permutation(96).reshape(SHAPE).astype(float)
QUARTERS = [0, 0.25, 0.5, 0.75, 1]


def curve_of(metric_id, **settings):
    classifier = reads(CORNER)
    asking = ask_faithfulness(MetricSpec(name=metric_id, **settings), classifier, BRIGHT, 1, DISTINCT)
    return answer_one(asking, classifier.logits, batch_size=8).curve


@pytest.mark.parametrize(
    ("metric_id", "settings", "shares"),
    [
        ("pixel-flipping", {"steps": 4}, QUARTERS),
        ("pixel-flipping-lerf", {"steps": 4}, QUARTERS),
        ("deletion", {"steps": 4}, QUARTERS),
        ("insertion", {"steps": 4}, QUARTERS),
        ("monotonicity", {"steps": 4}, QUARTERS),
        # Neither nothing nor everything is imputed.
        ("road", {"steps": 4}, [0.25, 0.5, 0.75]),
        ("road-lerf", {"steps": 4}, [0.25, 0.5, 0.75]),
        # Patches of 2 × 2 pixels: 4 × 6 = 24, of which three go.
        ("region-perturbation", {"patch_px": 2, "regions": 3}, [0, 1 / 24, 2 / 24, 3 / 24]),
        ("selectivity", {"patch_px": 2, "regions": 3}, [0, 1 / 24, 2 / 24, 3 / 24]),
        # Of 96 pixels 1 %, the geometric mean of 1 % and 80 %, and 80 %: .96, 8.6 and 76.8 are 1, 9 and 77.
        ("sensitivity-n", {"sizes": 3, "samples": 40, "baseline": "black"}, [1 / 96, 9 / 96, 77 / 96]),
    ],
)
def test_a_curve_stands_over_the_shares_that_were_replaced(metric_id, settings, shares):
    curve = curve_of(metric_id, **settings)
    np.testing.assert_allclose(curve.share, shares, atol=1e-12)
    assert curve.value.shape == curve.share.shape


@pytest.mark.parametrize(("share", "n_replaced"), [(0.001, 1), (0.01, 1), (0.016, 2), (0.25, 24)])
def test_a_random_subset_is_the_asked_share_of_the_pixels_and_at_least_one(share, n_replaced):
    classifier = reads(CORNER)
    seen = []
    classifier.module.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0].clone()))
    spec = MetricSpec(name="faithfulness-correlation", samples=12, share=share, baseline="black")
    score_faithfulness(spec, classifier, BRIGHT, 1, DISTINCT)
    images = torch.cat(seen)
    # The untouched image, then twelve with so many pixels black in all channels.
    assert (images == 0).sum((1, 2, 3)).tolist() == [0, *[3 * n_replaced] * 12]


def test_a_map_of_one_magnitude_and_two_signs_ranks_no_pixel_by_magnitude():
    spec = MetricSpec(name="monotonicity-correlation", steps=4, baseline="black")
    assert score_faithfulness(spec, reads(CORNER), BRIGHT, 1, np.where(CORNER, 1.0, -1.0)) == Absent(
        "the map has one magnitude everywhere: it ranks no pixel above another"
    )
    # Magnitudes of 1 and 2 differ by 1 only, and rank the corner first, where hiding changes the answer the most.
    assert score_faithfulness(spec, reads(CORNER), BRIGHT, 1, np.where(CORNER, 2.0, -1.0)) > 0.5


def test_the_lowest_first_are_taken_in_portions_from_the_first_step_on():
    # σ(8 · (mean of the corner − ½)): σ(4) untouched, σ(0) with half the corner black, σ(−4) with all of it. Portions of 6 of
    # 96 pixels: the map's lowest twelve are the corner's, gone after two steps; then nothing changes up to step 16.
    saliency = np.where(CORNER, 0.0, 100.0) + np.arange(96).reshape(SHAPE) / 96
    spec = MetricSpec(name="pixel-flipping-lerf", steps=16, baseline="black")
    classifier = reads(CORNER, threshold=0.5)
    asking = ask_faithfulness(spec, classifier, BRIGHT, 1, saliency)
    curve = answer_one(asking, classifier.logits, batch_size=8).curve.value
    np.testing.assert_allclose(curve, expit([4, 0, *[-4] * 15]), atol=1e-6)


@pytest.mark.parametrize(("threshold", "measured"), [(2.5, True), (4, False)])
def test_a_target_without_any_probability_can_lose_none(threshold, measured):
    # σ(8 · (1 - threshold)): σ(-12) is 6e-6, σ(-24) is 4e-11, and the limit is 1e-6.
    spec = MetricSpec(name="irof", segments=8, baseline="black")
    image = torch.rand((3, *SHAPE), generator=torch.Generator().manual_seed(0))
    image[:, torch.from_numpy(CORNER)] = 1.0
    found = score_faithfulness(spec, reads(CORNER, threshold=threshold), image, 1, DISTINCT)
    reason = "the model gives the target no probability to begin with, so none can be lost"
    assert isinstance(found, float) if measured else found == Absent(reason)
