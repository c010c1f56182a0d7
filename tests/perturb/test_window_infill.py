import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xaudit.catalog import INFILLS
from xaudit.perturb.infill import NOISE_SHARE, infill
from xaudit.perturb.window_infill import AT_ONCE, FAST, WindowBox, each_window_filled, infill_windows, mask_of


def rng(seed=0):
    return np.random.default_rng(seed)


def picture(height, width, seed=0):
    return torch.from_numpy(rng(seed).standard_normal((3, height, width)).astype(np.float32))


def one_by_one(image, boxes, kind, generator, donor=None):
    masks = [mask_of(WindowBox(*box), tuple(image.shape[1:])) for box in boxes]
    return torch.stack([infill(image, mask, kind, generator, donor) for mask in masks])


@st.composite
def frames_and_windows(draw):
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    boxes = []
    for _ in range(draw(st.integers(1, 5))):
        tall, wide = draw(st.integers(1, height)), draw(st.integers(1, width))
        top, left = draw(st.integers(0, height - tall)), draw(st.integers(0, width - wide))
        boxes.append((top, left, top + tall, left + wide))
    return (height, width), boxes


@settings(deadline=None, max_examples=60)
@given(frames_and_windows(), st.sampled_from(tuple(INFILLS)))
def test_many_windows_are_filled_as_one_after_the_other_is(given_windows, kind):
    frame_hw, boxes = given_windows
    image = picture(*frame_hw)
    donor = picture(*frame_hw, seed=1)
    quick = infill_windows(image, boxes, kind, rng(7), donor)
    slow = one_by_one(image, boxes, kind, rng(7), donor)
    torch.testing.assert_close(quick, slow, atol=1e-5, rtol=0, equal_nan=True)


@pytest.mark.parametrize("kind", FAST)
def test_windows_of_one_size_share_a_batch_and_give_the_same_noise_as_alone(kind):
    image = picture(96, 131)
    boxes = [(top, left, top + 12, left + 33) for top in (0, 6, 84) for left in (0, 16, 98)]
    donor = picture(96, 131, seed=1)
    quick = infill_windows(image, boxes, kind, rng(3), donor)
    torch.testing.assert_close(quick, one_by_one(image, boxes, kind, rng(3), donor), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["blur", "noise"])
def test_kept_pixels_stay_to_the_bit_and_the_original_is_left_alone(kind):
    image = picture(24, 31)
    before = image.clone()
    box = WindowBox(3, 5, 9, 12)
    after = infill_windows(image, [box], kind, rng())[0]
    kept = torch.from_numpy(~mask_of(box, (24, 31)))
    assert torch.equal(after[:, kept], before[:, kept])
    assert torch.equal(image, before)
    assert not torch.equal(after, before)


@pytest.mark.parametrize("kind", ["blur", "noise"])
@pytest.mark.parametrize("planted", [1e6, float("nan")])
def test_what_is_replaced_leaves_no_trace(kind, planted):
    image = picture(24, 31)
    boxes = [(0, 0, 6, 7), (9, 12, 15, 19), (18, 24, 24, 31)]
    for box in boxes:
        other = image.clone()
        other[(slice(None), *WindowBox(*box).slices)] = planted
        assert torch.equal(
            infill_windows(image, [box], kind, rng()), infill_windows(other, [box], kind, rng())
        )


def test_one_pixel_is_the_weighted_mean_of_its_neighbours_plus_seeded_noise():
    image = torch.zeros((3, 3, 3))
    image[:, 0, 1], image[:, 2, 2] = 6.0, 12.0
    # Beside: 6 / 6; diagonal: 12 / 12. The kept eight have mean 18/8 and mean square 180/8.
    deviation = np.sqrt(180 / 8 - (18 / 8) ** 2)
    expected = 2 + NOISE_SHARE * deviation * rng(5).standard_normal()
    filled = infill_windows(image, [(1, 1, 2, 2)], "noise", rng(5))
    assert filled[0, :, 1, 1].tolist() == pytest.approx([expected] * 3, abs=1e-6)


@pytest.mark.parametrize("kind", ["blur", "noise"])
def test_a_level_image_stays_level(kind):
    image = torch.full((3, 24, 31), 0.7)
    filled = infill_windows(image, [(0, 0, 6, 8), (10, 12, 16, 20)], kind, rng())
    torch.testing.assert_close(filled, torch.full((2, 3, 24, 31), 0.7), atol=1e-6, rtol=0)


@pytest.mark.parametrize("box", [(0, 0, 0, 2), (-1, 0, 2, 2), (3, 0, 5, 2), (0, 3, 2, 5), (2, 0, 1, 2)])
def test_a_window_beyond_the_frame_is_named(box):
    with pytest.raises(ValueError) as raised:
        infill_windows(torch.zeros((3, 4, 4)), [box], "blur", rng())
    assert str(raised.value) == f"window {box} does not lie in a frame of (4, 4)"


@pytest.mark.parametrize("donor", [None, torch.zeros((3, 4, 5))])
def test_a_missing_donor_is_named(donor):
    with pytest.raises(ValueError) as raised:
        infill_windows(torch.zeros((3, 4, 4)), [(0, 0, 2, 2)], "donor", rng(), donor)
    assert str(raised.value) == "in-fill 'donor' needs another patient's image of shape (3, 4, 4)"


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError) as raised:
        infill_windows(torch.zeros((3, 4, 4)), [(0, 0, 2, 2)], "zero", rng())
    assert str(raised.value).startswith("'zero' is not an in-fill; expected one of blur, noise")


@pytest.mark.parametrize("kind", ["blur", "noise"])
def test_the_number_of_windows_filled_at_a_time_changes_nothing(kind):
    image = picture(40, 40)
    boxes = [(top, left, top + 5, left + 5) for top in range(0, 36, 5) for left in range(0, 36, 5)]
    assert len(boxes) > AT_ONCE
    every = torch.stack(list(each_window_filled(image, iter(boxes), kind, rng(2))))
    torch.testing.assert_close(every, infill_windows(image, boxes, kind, rng(2)), atol=1e-6, rtol=0)
