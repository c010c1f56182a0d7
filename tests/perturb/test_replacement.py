"""What stands where pixels are gone."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from xaudit.catalog.options import BASELINES
from xaudit.perturb.infill import infill
from xaudit.perturb.replacement import Replacement
from xaudit.seeds import generator_for

GREY = torch.rand((1, 12, 16), generator=torch.Generator().manual_seed(0)).expand(3, -1, -1).clone()
BLACK = torch.full_like(GREY, -2.0)
IMAGE = torch.rand((3, 32, 48), generator=torch.Generator().manual_seed(0))
HALF = torch.zeros((12, 16), dtype=torch.bool)
HALF[:, 8:] = True


def without(kind, gone=HALF, *, image=GREY, seed=0):
    return Replacement(image, kind, BLACK, seed).without(gone[None])[0]


@pytest.mark.parametrize("kind", BASELINES)
def test_kept_pixels_stay_to_the_bit_and_grey_stays_grey(kind):
    found = without(kind)
    assert torch.equal(found[:, ~HALF], GREY[:, ~HALF])
    assert not torch.equal(found[:, HALF], GREY[:, HALF])
    torch.testing.assert_close(found[0], found[1])


@pytest.mark.parametrize("kind", BASELINES)
def test_each_copy_loses_its_own_pixels_and_knows_nothing_of_the_others(kind):
    masks = torch.stack([HALF, ~HALF, HALF & HALF.roll(3, 0)])
    together = Replacement(GREY, kind, BLACK, 1).without(masks)
    for mask, one in zip(masks, together, strict=True):
        assert torch.equal(one, without(kind, mask, seed=1))


def test_what_each_kind_shows():
    assert torch.equal(without("black")[:, HALF], BLACK[:, HALF])
    assert (without("zero")[:, HALF] == 0).all()
    torch.testing.assert_close(without("mean")[0, HALF], GREY.mean().expand(96), atol=1e-6, rtol=0)
    blurred = ndimage.gaussian_filter(GREY.numpy(), (0, 1.5, 1.5), mode="nearest")
    np.testing.assert_allclose(without("blur").numpy()[:, HALF], blurred[:, HALF], atol=1e-6)
    assert torch.equal(without("continue"), infill(GREY, HALF.numpy(), "blur", np.random.default_rng()))
    assert torch.equal(
        without("linear", seed=3), infill(GREY, HALF.numpy(), "noise", generator_for(3, "linear"))
    )


def test_the_mean_is_taken_channel_by_channel():
    made = Replacement(IMAGE, "mean", BLACK).behind
    for channel in range(3):
        assert made[channel].unique().item() == pytest.approx(IMAGE[channel].mean().item())


def test_black_is_intensity_zero_as_it_was_normalised():
    assert torch.equal(Replacement(IMAGE, "black", BLACK).behind, BLACK)


def test_blur_leaves_the_coarse_and_takes_the_fine():
    rows = torch.arange(32.0)[:, None].expand(32, 48)
    ramp = torch.stack([rows] * 3)
    spotted = ramp.clone()
    spotted[:, 16:18, 24:26] += 20
    made = Replacement(spotted, "blur", BLACK).behind
    # A Gaussian keeps a ramp away from the edges; of a spot of 4 pixels × 20 it leaves 80 / (2π · 4²) = .8 at the peak.
    assert made[0, 16, 4].item() == pytest.approx(16, abs=0.1)
    assert made[0, 16, 24].item() == pytest.approx(16 + 80 / (2 * np.pi * 16), abs=0.1)
    assert spotted[0, 16, 24].item() == 36


def test_noise_has_the_images_own_mean_and_spread():
    image = 2 + 3 * torch.randn((3, 64, 64), generator=torch.Generator().manual_seed(1))
    noise = without("noise", torch.ones((64, 64), dtype=torch.bool), image=image)
    assert float(noise.mean()) == pytest.approx(2, abs=0.2)
    assert float(noise.std()) == pytest.approx(3, abs=0.2)


@pytest.mark.parametrize("kind", BASELINES)
def test_the_seed_decides_what_is_random_and_nothing_else(kind):
    assert torch.equal(without(kind, seed=1), without(kind, seed=1))
    differs = not torch.equal(without(kind, seed=1), without(kind, seed=2))
    assert differs == Replacement(GREY, kind, BLACK).is_random


def test_an_unknown_kind_is_a_mistake_in_the_program():
    with pytest.raises(ValueError) as raised:
        Replacement(GREY, "white", BLACK)
    assert str(raised.value) == (
        "'white' is not a baseline; expected one of mean, black, zero, blur, noise, linear, continue"
    )
