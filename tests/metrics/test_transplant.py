"""Transplants of windows, worked by hand."""

import numpy as np
import pytest
import torch
from scipy.special import expit

from xaudit.metrics.reliance_map.transplant import transplant_windows
from xaudit.metrics.reliance_map.windows import window_grid
from xaudit.perturb.asking import answer_one

GRID = window_grid((64, 64), 0.5, 1.0)  # four windows of 32 × 32
CORNER = (slice(None), slice(0, 8), slice(56, 64))


def reads_corner(images):
    """A model whose logit is the brightness of the upper right corner, less a dash of everything else."""
    corner = images[(slice(None), *CORNER)].mean((1, 2, 3))
    return torch.stack([torch.zeros(len(images)), 4 * corner - 2 + images.mean((1, 2, 3))], dim=1)


def asked(image, donors):
    return answer_one(transplant_windows(image, 1, [GRID], donors=donors), reads_corner, batch_size=3)


def marked():
    image = torch.zeros((3, 64, 64))
    image[CORNER] = 1.0
    return image


def test_only_the_window_with_the_donors_marker_raises_the_answer():
    blank = torch.zeros((3, 64, 64))
    (effects,) = asked(blank, [(marked(), blank)])
    # The marker lies more than a seam from the window's edges, so 64 of 4096 pixels are 1: the logit rises by 4 + 1/64.
    rise = expit(2 + 1 / 64) - expit(-2)
    np.testing.assert_allclose(effects.probability_drop, [[0, -rise], [0, 0]], atol=1e-6)
    np.testing.assert_allclose(effects.log_odds_drop, [[0, -(4 + 1 / 64)], [0, 0]], atol=1e-5)
    assert effects.probability == pytest.approx(expit(-2))
    assert effects.infill == "donor"


def test_what_copying_does_by_itself_is_taken_off():
    blank, bright = torch.zeros((3, 64, 64)), torch.full((3, 64, 64), 0.5)
    # Donor and control are equally bright: copying either raises the answer, and the content makes no difference.
    (effects,) = asked(blank, [(bright, bright)])
    assert (effects.probability_drop == 0).all()
    (raised,) = asked(blank, [(bright, blank)])
    assert (raised.probability_drop < -0.01).all()


def test_each_pair_of_donors_has_its_own_effects_and_its_cost_is_two_images_a_window():
    blank, sizes = torch.zeros((3, 64, 64)), []

    def counted(images):
        sizes.append(len(images))
        return reads_corner(images)

    asking = transplant_windows(blank, 1, [GRID], donors=[(blank, blank), (marked(), blank)])
    first, second = answer_one(asking, counted, batch_size=7)
    assert (first.probability_drop == 0).all()
    assert second.probability_drop.argmin() == 1
    assert sum(sizes) == 1 + 2 * 2 * 4


def test_images_of_another_frame_are_refused():
    blank = torch.zeros((3, 64, 64))
    with pytest.raises(ValueError, match=r"64, 64.*another frame"):
        asked(blank, [(blank, torch.zeros((3, 32, 64)))])
