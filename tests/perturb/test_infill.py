import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from xaudit.catalog import INFILLS
from xaudit.perturb import infill as infill_file
from xaudit.perturb.infill import EMPTY_VALUE, NOISE_SHARE, mirror_axis

SHAPE = (24, 31)
PAINTED = tuple(kind for kind, record in INFILLS.items() if not record.drops_tokens)
"""In-fills that give pixels; the other leaves them out."""


def rng(seed=0):
    return np.random.default_rng(seed)


def infill(image, mask, kind, generator, donor=None):
    """In-fill; where the kind needs a donor, it is the image upside down unless the test gives one."""
    if INFILLS[kind].needs_donor and donor is None:
        donor = image.flip(1)
    return infill_file.infill(image, mask, kind, generator, donor)


def grey(values):
    """The same picture in three channels, each normalised in its own way."""
    values = torch.from_numpy(np.ascontiguousarray(values)).float()
    return torch.stack([(values - m) / s for m, s in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))])


def smooth_background(side=96):
    rows, cols = np.mgrid[:side, :side] / side
    return 0.4 + 0.2 * rows - 0.1 * cols + 0.05 * np.sin(4 * cols)


def disc(side, row, col, radius):
    rows, cols = np.mgrid[:side, :side]
    return (rows - row) ** 2 + (cols - col) ** 2 < radius**2


images = arrays(np.float32, (3, *SHAPE), elements=st.floats(-3, 3, width=32))
masks = arrays(np.bool_, SHAPE)


@settings(deadline=None, max_examples=25)
@given(images, masks, st.sampled_from(PAINTED))
def test_kept_pixels_stay_to_the_bit_and_the_original_is_left_alone(image, mask, kind):
    before = torch.from_numpy(image.copy())
    after = infill(before, mask, kind, rng())
    np.testing.assert_array_equal(before.numpy(), image)
    np.testing.assert_array_equal(after.numpy()[:, ~mask], image[:, ~mask])
    assert after.dtype == torch.float32
    assert torch.isfinite(after).all()


@settings(deadline=None, max_examples=25)
@given(images, masks, st.sampled_from(PAINTED), st.sampled_from((0.0, 1e6, float("nan"), float("inf"))))
def test_what_is_replaced_leaves_no_trace(image, mask, kind, planted):
    other = np.where(mask, np.float32(planted), image)
    donor = torch.from_numpy(image[:, ::-1].copy())
    first = infill(torch.from_numpy(image), mask, kind, rng(), donor)
    again = infill(torch.from_numpy(other), mask, kind, rng(), donor)
    np.testing.assert_array_equal(first.numpy(), again.numpy())


@settings(deadline=None, max_examples=25)
@given(images, masks, st.sampled_from(("blur", "mean")))
def test_the_fill_stays_within_what_is_kept(image, mask, kind):
    if mask.all() or not mask.any():
        return
    after = infill(torch.from_numpy(image), mask, kind, rng()).numpy()
    for channel in range(3):
        kept = image[channel, ~mask]
        assert after[channel].min() >= kept.min() - 1e-5
        assert after[channel].max() <= kept.max() + 1e-5


@pytest.mark.parametrize("kind", PAINTED)
def test_a_level_image_stays_level(kind):
    image = torch.full((3, *SHAPE), 0.7)
    mask = rng(1).random(SHAPE) < 0.4
    torch.testing.assert_close(infill(image, mask, kind, rng()), image, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("kind", "tolerance"), [("blur", 0.02), ("noise", 0.03)])
def test_a_planted_lesion_disappears_from_a_smooth_background(kind, tolerance):
    background, lesion = smooth_background(), disc(96, 50, 40, 7)
    planted = grey(background + 0.5 * lesion)
    mended = infill(planted, ndimage.binary_dilation(lesion, iterations=1), kind, rng())
    # The lesion stands out by .5; what is left of it is below a twentieth of that.
    left = (mended - grey(background)).abs().amax(0) * 0.225
    assert left.max() < tolerance


@pytest.mark.parametrize("kind", ["blur", "noise"])
def test_the_fill_meets_its_surroundings_without_a_step(kind):
    background, hole = smooth_background(), disc(96, 50, 40, 20)
    filled = infill(grey(background), hole, kind, rng())[0].numpy() * 0.229
    rim = ndimage.binary_dilation(hole) & ~ndimage.binary_erosion(hole)
    steps = np.abs(np.diff(filled, axis=1))[:, :][rim[:, 1:] & rim[:, :-1]]
    assert steps.max() < 0.03


def test_blur_is_smooth_inside():
    filled = infill(grey(rng(0).random((96, 96))), disc(96, 50, 40, 25), "blur", rng())[0].numpy() * 0.229
    inside = disc(96, 50, 40, 20)
    # Noise of 0 to 1 around a hole: neighbours in its middle differ by a hundredth of that at most.
    assert np.abs(np.diff(filled, axis=0))[inside[1:]].max() < 0.02
    assert np.abs(np.diff(filled, axis=1))[inside[:, 1:]].max() < 0.02


@pytest.mark.parametrize("kind", PAINTED)
def test_grey_stays_grey(kind):
    image = grey(rng(0).random(SHAPE))
    after = infill(image, rng(1).random(SHAPE) < 0.3, kind, rng())
    shown = [after[0] * 0.229 + 0.485, after[1] * 0.224 + 0.456, after[2] * 0.225 + 0.406]
    torch.testing.assert_close(shown[0], shown[1], atol=1e-5, rtol=0)
    torch.testing.assert_close(shown[0], shown[2], atol=1e-5, rtol=0)


def test_the_mean_is_that_of_the_kept_pixels_by_channel():
    image = torch.arange(12.0).reshape(3, 2, 2)
    mask = np.array([[True, False], [False, False]])
    after = infill(image, mask, "mean", rng())
    # Channels hold 0-3, 4-7, 8-11; without the first pixel their means are 2, 6, 10.
    assert after[:, 0, 0].tolist() == [2.0, 6.0, 10.0]


def test_one_pixel_is_the_weighted_mean_of_its_neighbours_plus_seeded_noise():
    image = torch.zeros((1, 3, 3))
    image[0, 0, 1], image[0, 2, 2] = 6.0, 12.0
    mask = np.zeros((3, 3), dtype=bool)
    mask[1, 1] = True
    # Beside: 6 / 6; diagonal: 12 / 12. The kept eight have mean 18/8 and mean square 180/8.
    deviation = np.sqrt(180 / 8 - (18 / 8) ** 2)
    expected = 2 + NOISE_SHARE * deviation * rng(5).standard_normal()
    assert infill(image, mask, "noise", rng(5))[0, 1, 1].item() == pytest.approx(expected, abs=1e-6)


def test_the_noise_is_seeded_and_as_strong_as_stated():
    image = grey(rng(0).random((64, 64)))
    mask = np.ones((64, 64), dtype=bool)
    mask[:, ::3] = False
    first, again, other = (infill(image, mask, "noise", rng(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    difference = (first - other)[0][torch.from_numpy(mask)]
    spread = image[0][torch.from_numpy(~mask)].std().item()
    # Two independent noises: √2 of one; 2688 pixels put the estimate within 6 %.
    assert difference.std().item() == pytest.approx(np.sqrt(2) * NOISE_SHARE * spread, rel=0.06)


@pytest.mark.parametrize("kind", ["blur", "mean"])
def test_the_kinds_without_noise_draw_nothing(kind):
    generator = rng()
    infill(grey(rng(0).random(SHAPE)), rng(1).random(SHAPE) < 0.3, kind, generator)
    assert generator.random() == rng().random()


@pytest.mark.parametrize("kind", PAINTED)
def test_where_nothing_is_kept_a_constant_stands(kind):
    after = infill(grey(rng(0).random(SHAPE)), np.ones(SHAPE, dtype=bool), kind, rng())
    assert (after == EMPTY_VALUE).all()


@pytest.mark.parametrize("kind", PAINTED)
def test_an_empty_mask_gives_an_equal_copy(kind):
    image = grey(rng(0).random(SHAPE))
    after = infill(image, np.zeros(SHAPE, dtype=bool), kind, rng())
    assert torch.equal(after, image)
    assert after.data_ptr() != image.data_ptr()


@pytest.mark.parametrize("kind", PAINTED)
@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (2, 2), (33, 5)])
def test_frames_of_any_size_are_filled(kind, shape):
    mask = np.zeros(shape, dtype=bool)
    mask[-1, -1] = True
    after = infill(torch.ones((3, *shape)), mask, kind, rng())
    torch.testing.assert_close(after, torch.ones((3, *shape)), atol=1e-6, rtol=0)


def test_what_is_left_out_is_no_number_and_the_rest_stays_to_the_bit():
    image, mask = grey(rng(0).random(SHAPE)), rng(1).random(SHAPE) < 0.3
    after = infill(image, mask, "drop-tokens", rng())
    assert torch.isnan(after[:, mask]).all()
    assert torch.equal(after[:, ~mask], image[:, ~mask])


def test_mistakes_in_the_program_are_named():
    with pytest.raises(ValueError) as raised:
        infill_file.infill(torch.zeros((3, 4, 4)), np.zeros((4, 5), dtype=bool), "blur", rng())
    assert str(raised.value) == "image of (3, 4, 4) and mask of (4, 5) do not match"
    with pytest.raises(ValueError) as raised:
        infill_file.infill(torch.zeros((3, 4, 4)), np.zeros((4, 4), dtype=bool), "zero", rng())
    assert (
        str(raised.value)
        == "'zero' is not an in-fill; expected one of blur, noise, mean, mirror, donor, drop-tokens"
    )
    for donor in (None, torch.zeros((3, 4, 5))):
        with pytest.raises(ValueError) as raised:
            infill_file.infill(torch.zeros((3, 4, 4)), np.eye(4, dtype=bool), "donor", rng(), donor)
        assert str(raised.value) == "in-fill 'donor' needs another patient's image of shape (3, 4, 4)"


def test_mirror_shows_what_lies_opposite_about_the_axis_of_the_picture():
    # A picture that is even about column 14, of 31: column 14 - k is column 14 + k.
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    image = grey(0.3 + 0.02 * rows + 0.01 * np.abs(cols - 14) ** 1.5)
    hole = disc(31, 10, 20, 4)[: SHAPE[0]]
    spoiled = image.clone()
    spoiled[:, torch.from_numpy(hole)] = 9.0
    assert mirror_axis(spoiled, hole) == 28
    np.testing.assert_allclose(infill(spoiled, hole, "mirror", rng()).numpy(), image.numpy(), atol=1e-6)


def test_where_the_opposite_side_is_replaced_too_mirror_is_blur():
    image = grey(np.random.default_rng(1).uniform(size=SHAPE))
    both = np.zeros(SHAPE, dtype=bool)
    both[5:9, :] = True
    np.testing.assert_array_equal(
        infill(image, both, "mirror", rng()).numpy(), infill(image, both, "blur", rng()).numpy()
    )
