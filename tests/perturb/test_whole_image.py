"""Changes of a property of the whole image: hand-worked values, what stays as it is, and the marked finding kept."""

import io

import numpy as np
import pytest
from PIL import Image

from xaudit.catalog.image_changes import DEFAULT_IMAGE_CHANGES, IMAGE_CHANGES, IMAGE_PROPERTIES, ends
from xaudit.perturb.whole_image import changed_image, property_value, with_kept


def grey(plane):
    return np.repeat(np.asarray(plane, dtype=np.float32)[None], 3, axis=0)


def drawn(seed=0, side=16):
    return grey(0.3 + 0.4 * np.random.default_rng(seed).random((side, side)))


def change(pixels, name, seed=0):
    return changed_image(pixels, name, np.random.default_rng(seed))


def test_brightness_adds_a_share_of_the_range_and_cuts_off_what_leaves_it():
    pixels = grey([[0.0, 0.5], [0.97, 1.0]])
    # .97 + .10 and 1 + .10 are cut off at white.
    np.testing.assert_allclose(change(pixels, "brighter-10")[0], [[0.10, 0.60], [1.0, 1.0]], atol=1e-7)
    np.testing.assert_allclose(change(pixels, "darker-5")[0], [[0.0, 0.45], [0.92, 0.95]], atol=1e-7)


def test_contrast_multiplies_the_distances_from_the_mean():
    pixels = grey([[0.2, 0.4], [0.6, 0.8]])  # mean .5; distances -.3 -.1 .1 .3
    np.testing.assert_allclose(change(pixels, "contrast-0.8")[0], [[0.26, 0.42], [0.58, 0.74]], atol=1e-6)
    np.testing.assert_allclose(
        change(pixels, "contrast-1.25")[0], [[0.125, 0.375], [0.625, 0.875]], atol=1e-6
    )


def test_sharpening_adds_what_blurring_takes_away():
    pixels = drawn()
    blurred = change(pixels, "blur-1")
    # Unsharp mask of 100 %: twice the image minus its blur, cut off at 0 and 1.
    np.testing.assert_allclose(change(pixels, "sharpen-100"), np.clip(2 * pixels - blurred, 0, 1), atol=1e-5)


def test_noise_has_the_size_that_its_name_says_and_the_same_field_at_every_strength():
    pixels = grey(np.full((64, 64), 0.5))
    weak, strong = change(pixels, "noise-1") - pixels, change(pixels, "noise-2") - pixels
    assert 0.0095 < weak[0].std() < 0.0105
    np.testing.assert_allclose(strong, 2 * weak, atol=1e-6)
    assert (weak == weak[:1]).all()  # grey stays grey
    assert not np.array_equal(change(pixels, "noise-1", seed=1), change(pixels, "noise-1", seed=2))


def test_jpeg_is_what_pillow_saves_in_eight_bit():
    pixels = drawn()
    buffer = io.BytesIO()
    Image.fromarray(np.rint(pixels[0] * 255).astype(np.uint8)).save(buffer, "JPEG", quality=50)
    expected = np.asarray(Image.open(buffer), dtype=np.float32) / 255
    np.testing.assert_allclose(change(pixels, "jpeg-50"), grey(expected), atol=1e-6)


def test_colours_are_changed_too():
    colour = np.random.default_rng(0).random((3, 16, 16)).astype(np.float32)
    for name in IMAGE_CHANGES:
        changed = change(colour, name)
        assert changed.shape == colour.shape
        assert changed.dtype == np.float32
        assert not np.array_equal(changed, colour)


def test_half_the_resolution_averages_pairs_of_pixels():
    plane = np.zeros((8, 8))
    plane[:, ::2] = 1.0  # stripes of one pixel: their mean is .5 everywhere
    np.testing.assert_allclose(change(grey(plane), "resolution-0.5"), 0.5, atol=1e-6)


@pytest.mark.parametrize("name", IMAGE_CHANGES)
def test_a_level_image_stays_level_but_for_brightness_and_noise(name):
    level = grey(np.full((16, 16), 0.5))
    changed = change(level, name)
    if IMAGE_CHANGES[name].kind in ("level", "noise"):
        assert not np.allclose(changed, level)
    else:
        np.testing.assert_allclose(changed, level, atol=2 / 255)


@pytest.mark.parametrize("name", IMAGE_CHANGES)
def test_a_step_gives_more_or_less_of_its_property_as_its_direction_says(name):
    row = IMAGE_CHANGES[name]
    # Smooth shapes with some detail; noise, JPEG's loss and resolution move the finest detail.
    y, x = np.mgrid[:64, :64] / 64
    pixels = grey(
        0.5 + 0.2 * np.sin(9 * x) * np.cos(7 * y) + 0.02 * np.random.default_rng(1).standard_normal((64, 64))
    )
    moved = property_value(change(pixels, name), row.property) - property_value(pixels, row.property)
    expected = -1 if row.kind == "jpeg" else row.direction  # more compression leaves less detail
    assert np.sign(moved) == expected


def test_a_kept_finding_keeps_its_pattern_and_moves_with_its_surroundings():
    pixels = grey(np.full((20, 20), 0.4))
    pixels[:, 8:12, 8:12] = 0.7
    finding = np.zeros((20, 20), dtype=bool)
    finding[8:12, 8:12] = True
    # 10 % brighter: the finding moves from .7 to .8 with its surroundings, as it does without being kept.
    brighter = change(pixels, "brighter-10")
    np.testing.assert_allclose(with_kept(pixels, brighter, finding), brighter, atol=1e-6)
    # Blurred: the surroundings change near the finding only, and the finding keeps its edge and its height.
    blurred = change(pixels, "blur-1")
    kept = with_kept(pixels, blurred, finding)
    inside = kept[0][finding]
    assert np.ptp(inside) < 1e-6
    assert blurred[0][finding].min() < 0.6 < inside.min()
    np.testing.assert_array_equal(kept[:, :4], blurred[:, :4])


def test_nothing_marked_keeps_nothing_and_a_mark_of_the_whole_frame_keeps_all():
    pixels = drawn()
    blurred = change(pixels, "blur-1")
    np.testing.assert_array_equal(with_kept(pixels, blurred, np.zeros((16, 16), dtype=bool)), blurred)
    np.testing.assert_array_equal(with_kept(pixels, blurred, np.ones((16, 16), dtype=bool)), pixels)


def test_properties_by_hand():
    pixels = grey([[0.2, 0.4], [0.6, 0.8]])
    assert property_value(pixels, "brightness") == pytest.approx(0.5)
    assert property_value(pixels, "contrast") == pytest.approx(
        np.sqrt((0.09 + 0.01) / 2)
    )  # .3² and .1², twice each
    assert property_value(grey(np.full((8, 8), 0.3)), "sharpness") == 0.0
    # Detail is a share of the contrast: stretching the grey values leaves it.
    one, stretched = drawn(), 0.5 + 0.5 * (drawn() - 0.5)
    assert property_value(stretched, "sharpness") == pytest.approx(property_value(one, "sharpness"), rel=1e-5)


def test_every_property_has_steps_and_the_default_takes_the_largest_of_each_direction():
    assert {row.property for row in IMAGE_CHANGES.values()} == set(IMAGE_PROPERTIES)
    for name in IMAGE_PROPERTIES:
        assert ends(name, DEFAULT_IMAGE_CHANGES) == ends(name, tuple(IMAGE_CHANGES))
    assert len(DEFAULT_IMAGE_CHANGES) == sum(
        end is not None for name in IMAGE_PROPERTIES for end in ends(name, tuple(IMAGE_CHANGES))
    )
