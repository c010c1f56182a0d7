"""The parts of the search for copies: patterns, orientations, placements, groups."""

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn

from xaudit.cases.groups import components
from xaudit.screening.copies.alignment import IDENTITY, align, placed, window_placement
from xaudit.screening.copies.candidates import FREQUENCIES, LEAST_ALIKE, WINDOWS, candidates, patterns
from xaudit.screening.copies.groups import group_names
from xaudit.screening.copies.likeness import correlation
from xaudit.screening.copies.orientation import ORIENTATIONS, oriented, oriented_frequencies, oriented_window
from xaudit.screening.copies.originals import combined, crop_words, overlap_boxes, tone_words
from xaudit.screening.copies.small_copies import SIDE, pixel_digest, small_copy


def textured(seed, side=SIDE):
    """A picture with structure at every scale, as an uint8 array."""
    rng = np.random.default_rng(seed)
    total = np.zeros((side, side))
    for cells, weight in ((4, 1.0), (9, 0.6), (20, 0.4), (48, 0.2)):
        noise = Image.fromarray(rng.standard_normal((cells, cells)).astype(np.float32))
        total += weight * np.asarray(noise.resize((side, side), Image.Resampling.BICUBIC))
    total -= total.min()
    return np.rint(total * (255 / total.max())).astype(np.uint8)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_frequencies_are_turned_as_the_image_is(orientation):
    image = np.random.default_rng(1).standard_normal((12, 12))
    turned = dctn(oriented(image, orientation), norm="ortho")
    assert oriented_frequencies(dctn(image, norm="ortho"), orientation) == pytest.approx(turned, abs=1e-9)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_crop_is_turned_as_the_image_is(orientation):
    image = np.arange(400.0).reshape(20, 20)
    top, bottom, left, right = 0.1, 0.8, 0.25, 0.95
    crop = image[2:16, 5:19]
    turned = oriented_window((top, bottom, left, right), orientation)
    rows, columns = ([round(20 * edge) for edge in turned[part]] for part in (slice(0, 2), slice(2, 4)))
    expected = oriented(image, orientation)[rows[0] : rows[1], columns[0] : columns[1]]
    assert np.array_equal(oriented(crop, orientation), expected)


def test_a_pattern_is_the_weighted_cosine_transform_of_the_area_means():
    image = textured(3)
    means = image.astype(float).reshape(32, 4, 32, 4).mean(axis=(1, 3))
    order = np.arange(FREQUENCIES)
    slow = dctn(means, norm="ortho")[:FREQUENCIES, :FREQUENCIES] * np.hypot(order[:, None], order)
    assert patterns(image[None], 0)[0] == pytest.approx(slow / np.linalg.norm(slow), abs=1e-5)


def test_the_pattern_of_a_crop_is_that_of_the_cropped_image():
    image = textured(4, 400)
    top, bottom, left, right = WINDOWS[2]
    crop = image[round(top * 400) : round(bottom * 400), round(left * 400) : round(right * 400)]
    whole = np.rint(small_copy(image.astype(float))).astype(np.uint8)
    cut = np.rint(small_copy(crop.astype(float))).astype(np.uint8)
    assert float((patterns(whole[None], 2) * patterns(cut[None], 0)).sum()) > 0.999


def test_candidates_are_those_of_a_comparison_of_all_pairs():
    images = np.stack([textured(seed) for seed in range(9)])
    images[7] = images[2][:, ::-1]
    images[8] = np.rint(small_copy(images[5].astype(float), (0.05, 1.0, 0.0, 0.95)))
    found = candidates(images, on_progress=lambda _: None)
    pairs = {(int(a), int(b)) for a, b in zip(found.first, found.second, strict=True)}
    whole = [patterns(images[[b]], 0)[0] for b in range(9)]
    crops = [
        [
            oriented_frequencies(patterns(images[[a]], w)[0], o)
            for w in range(len(WINDOWS))
            for o in ORIENTATIONS
        ]
        for a in range(9)
    ]
    slow = {
        (a, b)
        for a in range(9)
        for b in range(9)
        if a != b and max(float((crop * whole[b]).sum()) for crop in crops[a]) >= LEAST_ALIKE
    }
    assert pairs == slow
    assert {(2, 7), (7, 2), (5, 8)} <= pairs


def test_a_blank_picture_is_like_no_other():
    images = np.stack([np.zeros((SIDE, SIDE), np.uint8), textured(0), textured(1)])
    assert len(candidates(images, on_progress=lambda _: None).first) == 0


def test_alignment_finds_a_crop_between_the_tried_ones():
    image = textured(5, 512).astype(np.float32)
    box = (0.012, 0.967, 0.03, 0.985)
    first, second = small_copy(image)[None], small_copy(image, box)[None] * 0.8 + 20
    start = np.array([window_placement(WINDOWS[5])])
    score, placement = align(first, second, start, n_steps=12)
    assert placement[0] == pytest.approx(window_placement(box), abs=0.002)
    assert score[0] > 0.99


def test_the_identity_leaves_an_image_as_it_is():
    image = textured(6).astype(np.float32)[None]
    same, rows, columns = placed(image, np.array([IDENTITY]))
    assert same == pytest.approx(image, abs=1e-3)
    assert rows.all()
    assert columns.all()


def test_two_placements_in_a_row_are_one():
    # The second image is the upper left quarter of the first: 0.5 * v - 0.25. Of that overlap, found: shifted by 0.1.
    assert combined((0.5, -0.25, 0.5, -0.25), IDENTITY) == pytest.approx((0.5, -0.25, 0.5, -0.25))
    assert combined((0.5, -0.25, 0.5, -0.25), (1.0, 0.1, 1.0, 0.0)) == pytest.approx((0.5, -0.2, 0.5, -0.25))
    # Shifted by 0.2 of the side: 0.8 of each image overlaps.
    one, other = overlap_boxes((1.0, 0.2, 1.0, 0.0))
    assert one == pytest.approx((0.2, 1.0, 0.0, 1.0))
    assert other == pytest.approx((0.0, 0.8, 0.0, 1.0))
    assert combined((1.0, 0.2, 1.0, 0.0), IDENTITY) == pytest.approx((1.0, 0.2, 1.0, 0.0))


def test_changes_are_named():
    assert crop_words((0.95, -0.025, 1.0, 0.0)) == "cropped to 100 % of the width and 95 % of the height"
    assert crop_words((0.99, 0.0, 1.0, 0.0)) == ""
    tone = np.full((4, 4), 0.5)
    assert tone_words(tone, tone * 1.1) == "brightness +10 %"
    assert tone_words(tone, tone * 1.02) == ""
    assert tone_words(tone * 0, tone) == ""


def test_pixels_are_equal_in_every_lossless_encoding():
    grey8 = textured(7, 20).astype(np.float32) / 255
    colour = np.repeat(grey8[..., None], 3, axis=2)
    assert pixel_digest(grey8) == pixel_digest(colour)
    other = grey8.copy()
    other[3, 4] += 1 / 255
    assert pixel_digest(grey8) != pixel_digest(other)
    assert pixel_digest(grey8) != pixel_digest(grey8.reshape(10, 40))
    tinted = colour.copy()
    tinted[0, 0, 2] = 1 - tinted[0, 0, 2]
    assert pixel_digest(tinted) != pixel_digest(colour)


def test_correlation_of_a_constant_is_0():
    assert correlation(np.ones((3, 3)), np.arange(9.0).reshape(3, 3)) == 0
    assert correlation(np.arange(9.0), 5 - 2 * np.arange(9.0)) == pytest.approx(-1)


def test_groups_are_connected_components_numbered_in_the_order_of_the_data():
    found = components([("d", "c"), ("b", "d"), ("y", "x")])
    assert group_names(found, ["x", "a", "d", "c", "b", "y"]) == {
        "x": "group-0001",
        "y": "group-0001",
        "d": "group-0002",
        "c": "group-0002",
        "b": "group-0002",
    }
