"""Controls: each is what its name says, and nothing of the model."""

import math

import numpy as np
import pytest
import torch
from evidence_models import Smooth, classifier_of
from scipy.stats import kstest

from xaudit.config import ExplainerSpec
from xaudit.explainers import make_explainer


def explain(name, images, seeds, **options):
    explainer = make_explainer(ExplainerSpec(name=name, **options), classifier_of(Smooth()))
    return explainer.explain(images, [0] * len(images), seeds)


def test_random_is_uniform_and_drawn_from_the_seed_alone(images):
    first, second, again = explain("random", images, [7, 8, 7])
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.1
    assert kstest(first.ravel(), "uniform").pvalue > 0.01
    np.testing.assert_array_equal(first, np.random.default_rng(7).random((32, 32), dtype=np.float32))


def test_centre_is_a_gaussian_in_the_middle(images):
    """Width 0.25 of 32 is 8 pixels; pixel 15's centre is half a pixel from the middle, pixel 0's 15.5 pixels."""
    blob = explain("centre", images, [0, 0, 0])[0]
    assert blob[15, 15] == pytest.approx(math.exp(-0.5 * 2 * (0.5 / 8) ** 2))
    assert blob[0, 15] == pytest.approx(math.exp(-0.5 * ((15.5 / 8) ** 2 + (0.5 / 8) ** 2)))
    np.testing.assert_allclose(blob, blob[::-1])
    np.testing.assert_allclose(blob, blob.T)
    narrow = explain("centre", images, [0, 0, 0], width=0.125)[0]
    assert narrow[0, 15] == pytest.approx(math.exp(-0.5 * ((15.5 / 4) ** 2 + (0.5 / 4) ** 2)))


def test_edges_stand_where_the_intensity_steps_and_nowhere_else():
    """A step of 0.4 between columns 15 and 16: Sobel's weights halve it, and √2 scales one direction of two."""
    model = classifier_of(Smooth())
    pixels = torch.full((1, 3, 32, 32), 0.2)
    pixels[..., 16:] = 0.6
    edges = explain("edges", model.normalise(pixels), [0])[0]
    expected = np.zeros((32, 32))
    expected[:, 15:17] = 0.4 / math.sqrt(2)
    np.testing.assert_allclose(edges, expected, atol=1e-5)


def test_edges_weigh_colours_by_luminance():
    """ITU-R 709: green counts 0.7154, blue 0.0721, so the same step is 9.92 times as strong in green."""
    model = classifier_of(Smooth())
    green, blue = torch.zeros(3, 32, 32), torch.zeros(3, 32, 32)
    green[1, :, 16:] = blue[2, :, 16:] = 0.5
    in_green, in_blue = explain("edges", model.normalise(torch.stack([green, blue])), [0, 0])
    assert in_green.max() / in_blue.max() == pytest.approx(0.7154 / 0.0721, rel=1e-3)


def test_intensity_is_the_luminance_and_black_is_zero():
    """ITU-R 709: green alone at .5 counts .7154 · .5 = .3577; black is 0 although normalising is undone by rounding."""
    model = classifier_of(Smooth())
    pixels = torch.zeros(1, 3, 32, 32)
    pixels[:, 1, :, 16:] = 0.5
    bright = explain("intensity", model.normalise(pixels), [0])[0]
    np.testing.assert_allclose(bright[:, 16:], 0.7154 * 0.5, atol=1e-5)
    np.testing.assert_allclose(bright[:, :16], 0, atol=1e-6)
    assert bright.min() >= 0
