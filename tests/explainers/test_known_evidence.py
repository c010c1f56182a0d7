"""Every informed explainer must find evidence whose place and sign are known because the model was built so.

The map's positive mass in the one quadrant that the model reads is held against a floor for each method. A control
scores a quarter, the quadrant's share of the image.
"""

import numpy as np
import pytest
import torch
from evidence_models import (
    BOTTOM_RIGHT,
    TOP_LEFT,
    Gate,
    GatedConv,
    Linear,
    classifier_of,
    mass_share,
    textured_images,
    top_left_gate,
)

from xaudit.catalog import EXPLAINERS
from xaudit.config import ExplainerSpec
from xaudit.explainers import make_explainer

INFORMED = [row.id for row in EXPLAINERS if not row.control and row.family != "attention" and row.id != "lrp"]
"""All that can explain a gate; test_known_patch.py has a transformer, and test_lrp.py a network of plain modules."""
SIGNED = [row.id for row in EXPLAINERS if row.signed and row.id != "lrp"]
CONTROLS = [row.id for row in EXPLAINERS if row.control and row.made_of == "image"]
BLACK_BOX = [
    row.id
    for row in EXPLAINERS
    if not row.control
    and row.family not in {"cam", "attention"}
    and row.id not in {"guided-backprop", "eigencam", "lrp"}
]
"""Without a layer or tokens, and without the one that asks for ReLUs."""

SETTINGS = {
    "lime": {"compactness": 1.0, "samples": 600},
    "feature-ablation": {"compactness": 1.0},
    "kernel-shap": {"compactness": 1.0, "samples": 600},
    "rise": {"samples": 3000, "grid": 4, "baseline": "mean"},
}
"""On noise no neighbouring pixels are alike, so SLIC is told to keep superpixels square."""

FLOOR = {
    # The 16 × 16 grid is drawn on 32 × 32 pixels by interpolation: one pixel spills over each inner edge.
    **{row.id: 0.95 for row in EXPLAINERS if row.family == "cam"},
    # One component of two filters, centred: cells in the quadrant that hold little fall below the mean.
    "eigencam": 0.9,
    "eigengradcam": 0.9,
    # A superpixel (about 4 pixels wide) that straddles the edge is painted whole, and 600 samples of 64 switches
    # leave each of the 48 that do not matter a coefficient of sampling error, about half of them positive.
    "lime": 0.6,
    # A window of 4 pixels spreads its fall over up to 3 pixels beyond the edge, in 3 of the 16 rows and columns.
    "occlusion": 0.8,
    # Exact but for the filters' reach of one pixel.
    "integrated-gradients": 0.99,
    "saliency": 0.99,
    "input-x-gradient": 0.99,
    "smoothgrad": 0.99,
    "gradient-shap": 0.99,
    "deeplift": 0.99,
    "guided-backprop": 0.99,
    # Superpixels across the edge, as lime's; the estimate of kernel-shap errs less on a model that is nearly additive.
    "feature-ablation": 0.8,
    "kernel-shap": 0.7,
    # A mask's cell is 8 pixels wide, and 3000 masks leave noise in the three quarters that do not matter.
    "rise": 0.6,
}


def explain(name, model, images, **options):
    explainer = make_explainer(ExplainerSpec(name=name, **{**SETTINGS.get(name, {}), **options}), model)
    maps = explainer.explain(images, [1] * len(images), list(range(len(images))))
    # By definition no pixel of RISE is worth nothing: what counts is what stands out from the median.
    return (maps - np.median(maps, axis=(1, 2), keepdims=True)).clip(min=0) if name == "rise" else maps


@pytest.mark.parametrize("name", INFORMED)
def test_a_convolution_that_reads_one_quadrant_is_found_there(name, images):
    maps = explain(name, classifier_of(GatedConv(top_left_gate()), layer="behind"), images)
    shares = [mass_share(saliency, TOP_LEFT) for saliency in maps]
    assert min(shares) > FLOOR.get(name, 0.8), shares


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_puts_a_quarter_there_within_three_hundredths(name, images):
    maps = explain(name, classifier_of(GatedConv(top_left_gate()), layer="behind"), images)
    assert [mass_share(saliency, TOP_LEFT) for saliency in maps] == pytest.approx([0.25] * 3, abs=0.03)


@pytest.mark.parametrize("name", BLACK_BOX)
def test_a_linear_model_that_reads_one_quadrant_is_found_there(name, images):
    weight = torch.zeros(3, 32, 32)
    weight[(slice(None), *TOP_LEFT)] = 0.003
    hidden = {
        "lime": {"hide": "black"},
        "occlusion": {"baseline": "black"},
        "integrated-gradients": {"baseline": "black"},
        "gradient-shap": {"baseline": "black"},
        "deeplift": {"baseline": "black"},
        "feature-ablation": {"baseline": "black"},
        "kernel-shap": {"baseline": "black"},
        "rise": {"baseline": "black"},
    }
    maps = explain(name, classifier_of(Linear(weight)), images, **hidden.get(name, {}))
    shares = [mass_share(saliency, TOP_LEFT) for saliency in maps]
    assert min(shares) > FLOOR.get(name, 0.8), shares


@pytest.mark.parametrize("name", SIGNED)
def test_evidence_against_the_target_is_negative(name):
    weight = torch.zeros(3, 32, 32)
    weight[(slice(None), *TOP_LEFT)] = 0.003
    weight[(slice(None), *BOTTOM_RIGHT)] = -0.003
    bright = torch.full((1, 3, 32, 32), -1.0)
    bright[(..., *TOP_LEFT)] = bright[(..., *BOTTOM_RIGHT)] = 1.0
    hidden = {
        "lime": {"hide": "black"},
        "feature-ablation": {"baseline": "black"},
        "kernel-shap": {"baseline": "black"},
    }
    saliency = explain(name, classifier_of(Linear(weight)), bright, **hidden.get(name, {}))[0]
    inner = (slice(4, 12), slice(4, 12))
    assert (saliency[TOP_LEFT][inner] > 0).all()
    assert (saliency[BOTTOM_RIGHT][inner] < 0).all()
    assert saliency[TOP_LEFT].sum() == pytest.approx(-saliency[BOTTOM_RIGHT].sum(), rel=0.1)


def test_evidence_only_against_the_target_gives_gradcam_a_map_of_zeros(images):
    model = classifier_of(GatedConv(top_left_gate(), gain=-0.05), layer="behind")
    assert model.logits(images)[:, 1].max() < 0
    np.testing.assert_array_equal(explain("gradcam", model, images), np.zeros((3, 32, 32), dtype=np.float32))


def test_gradcam_cannot_tell_which_place_is_read_when_the_choice_lies_behind_its_layer(images):
    """Each channel has one weight for all places, so texture that nobody reads lights up as well."""
    maps = explain("gradcam", classifier_of(GatedConv(top_left_gate()), layer="relu"), images)
    assert [mass_share(saliency, TOP_LEFT) for saliency in maps] == pytest.approx([0.25] * 3, abs=0.05)


def test_lime_that_hides_by_a_superpixels_own_mean_is_blind_to_evenly_bright_evidence():
    """The mean of an even patch is the patch: nothing is hidden, and the catalog's other choice sees it."""
    weight = torch.zeros(3, 32, 32)
    weight[(slice(None), *TOP_LEFT)] = 0.003
    even = torch.full((1, 3, 32, 32), -1.0)
    even[(..., *TOP_LEFT)] = 1.0
    model = classifier_of(Linear(weight))
    assert np.abs(explain("lime", model, even, hide="mean")).max() < 1e-6
    assert mass_share(explain("lime", model, even, hide="black")[0], TOP_LEFT) > FLOOR["lime"]


def test_the_gate_lets_exactly_one_quadrant_through():
    images = textured_images(1)
    gate = torch.zeros(32, 32)
    gate[TOP_LEFT] = 1
    passed = Gate(gate)(images)
    assert torch.equal(passed[(..., *TOP_LEFT)], images[(..., *TOP_LEFT)])
    assert passed.abs().sum() == images[(..., *TOP_LEFT)].abs().sum()
