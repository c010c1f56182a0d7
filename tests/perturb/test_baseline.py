import numpy as np
import pytest
import torch

from xaudit.perturb.baseline import baseline

IMAGE = torch.rand((3, 32, 48), generator=torch.Generator().manual_seed(0))
BLACK = torch.full((3, 32, 48), -2.0)


def test_the_mean_is_taken_channel_by_channel():
    made = baseline(IMAGE, "mean", black=BLACK)
    for channel in range(3):
        assert made[channel].unique().item() == pytest.approx(IMAGE[channel].mean().item())


def test_black_is_intensity_zero_as_it_was_normalised():
    assert torch.equal(baseline(IMAGE, "black", black=BLACK), BLACK)


def test_blur_leaves_the_coarse_and_takes_the_fine():
    rows = torch.arange(32.0)[:, None].expand(32, 48)
    ramp = torch.stack([rows] * 3)
    spotted = ramp.clone()
    spotted[:, 16:18, 24:26] += 20
    made = baseline(spotted, "blur", black=BLACK)
    # A Gaussian keeps a ramp away from the edges; of a spot of 4 pixels × 20 it leaves 80 / (2π · 4²) = .8 at the peak.
    assert made[0, 16, 4].item() == pytest.approx(16, abs=0.1)
    assert made[0, 16, 24].item() == pytest.approx(16 + 80 / (2 * np.pi * 16), abs=0.1)
    assert spotted[0, 16, 24].item() == 36


def test_an_unknown_kind_is_a_mistake_in_the_program():
    with pytest.raises(ValueError) as raised:
        baseline(IMAGE, "white", black=BLACK)
    assert str(raised.value) == "'white' is not a baseline; expected one of mean, black, blur"
