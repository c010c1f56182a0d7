"""Superpixels of every kind: a partition, without randomness, and what each follows."""

import numpy as np
import pytest
from evidence_models import textured_images

from xaudit.catalog import explainer_row
from xaudit.explainers.segmentation import Segmentation

KINDS = next(o for o in explainer_row("lime").options if o.name == "segmentation").choices


def two_halves(noise=0.02):
    """(64, 64, 3): .3 left of column 29, .7 right of it."""
    grey = 0.3 + 0.4 * (np.arange(64) >= 29)[None, :, None]
    grey = grey + np.random.default_rng(0).normal(0, noise, (64, 64, 1))
    return np.clip(grey, 0, 1).repeat(3, axis=2).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_labels_count_from_zero_without_a_gap_and_come_again(kind):
    pixels = textured_images(1)[0].permute(1, 2, 0).numpy() * 0.2 + 0.5
    segments = Segmentation(kind, 20, 0.5).of(pixels)
    assert segments.shape == (32, 32)
    assert np.array_equal(np.unique(segments), np.arange(segments.max() + 1))
    assert segments.max() > 0
    np.testing.assert_array_equal(Segmentation(kind, 20, 0.5).of(pixels.copy()), segments)


@pytest.mark.parametrize("kind", ["slic", "quickshift", "felzenszwalb"])
def test_kinds_that_follow_the_image_keep_to_its_edge(kind):
    """At most 2 % of the pixels on the wrong side of the edge at column 29."""
    segments = Segmentation(kind, 16, 0.5).of(two_halves())
    beyond = np.broadcast_to(np.arange(64) >= 29, (64, 64))
    wrong = sum(
        min((beyond & (segments == k)).sum(), (~beyond & (segments == k)).sum())
        for k in range(segments.max() + 1)
    )
    assert wrong <= 0.02 * 64 * 64


@pytest.mark.parametrize(
    ("frame", "n", "shape"), [((64, 64), 16, (4, 4)), ((32, 64), 32, (4, 8)), ((4, 4), 100, (4, 4))]
)
def test_a_grid_has_square_cells_and_no_more_than_pixels(frame, n, shape):
    segments = Segmentation("grid", n, 0.5).of(np.zeros((*frame, 3), dtype=np.float32))
    assert segments.max() + 1 == shape[0] * shape[1]
    assert set(np.bincount(segments.ravel())) == {frame[0] * frame[1] // (shape[0] * shape[1])}
    assert np.array_equal(segments[0], np.repeat(np.arange(shape[1]), frame[1] // shape[1]))


def test_more_segments_are_more_superpixels_where_the_number_can_be_asked_for():
    pixels = two_halves(0.05)
    for kind in ("slic", "quickshift", "grid"):
        few, many = (Segmentation(kind, n, 0.5).of(pixels).max() + 1 for n in (9, 64))
        assert few < 20 < many


def test_felzenszwalb_makes_one_superpixel_of_an_even_image_and_a_grid_does_not():
    even = np.full((64, 64, 3), 0.4, dtype=np.float32)
    assert Segmentation("felzenszwalb", 60, 0.5).of(even).max() == 0
    assert Segmentation("grid", 60, 0.5).of(even).max() == 63


def test_a_kind_that_does_not_exist_is_a_mistake_of_the_program():
    with pytest.raises(ValueError, match=r"^no segmentation is called 'watershed'$"):
        Segmentation("watershed", 4, 0.5).of(np.zeros((8, 8, 3)))
