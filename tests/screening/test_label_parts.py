"""Cells, folds and values of the check of what predicts the label."""

from itertools import combinations

import numpy as np
import pytest

from xaudit.screening.label.cells import N_CELLS, N_SMALL, STATISTICS, area_means, image_cells
from xaudit.screening.label.properties import Property
from xaudit.screening.label.units import deal_folds
from xaudit.screening.label.values import chance_of_one_class, label_values
from xaudit.screening.label.views import view_cells


def test_the_cells_of_an_image_are_means_of_their_pixels():
    pixels = np.random.default_rng(0).uniform(0, 1, (60, 100)).astype(np.float32)
    cells = image_cells(pixels)
    # Row 3, column 7 of 20 × 20 cells: pixels 9 to 11 down, 35 to 39 across.
    block = pixels[9:12, 35:40].astype(float)
    mean, spread, edges, colour = cells.values[3, 7]
    assert mean == pytest.approx(block.mean(), abs=1e-6)
    assert spread == pytest.approx(block.std(), abs=1e-5)
    down = np.abs(pixels[9:12, 35:40] - pixels[8:11, 35:40])
    across = np.abs(pixels[9:12, 35:40] - pixels[9:12, 34:39])
    assert edges == pytest.approx((down + across).mean(), abs=1e-6)
    assert colour == 0
    assert cells.values.shape == (N_CELLS, N_CELLS, len(STATISTICS))


def test_colour_is_the_range_of_the_channels():
    pixels = np.zeros((40, 40, 3), dtype=np.float32)
    pixels[:2, :2, 0] = 0.6
    assert image_cells(pixels).values[0, 0] == pytest.approx([0.2, 0.0, 0.0, 0.6], abs=1e-6)
    # The cell to the right begins with a step of .2 in both of its rows, over four pixels.
    assert image_cells(pixels).values[0, 1, 2] == pytest.approx(0.1, abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (3, 50), (20, 20), (61, 59), (512, 801)])
def test_an_image_of_any_size_gives_as_many_cells(shape):
    cells = image_cells(np.full(shape, 0.25, dtype=np.float32))
    assert cells.values[..., 0] == pytest.approx(np.full((N_CELLS, N_CELLS), 0.25))
    assert cells.values[..., 1:].max() == pytest.approx(0, abs=1e-4)
    assert cells.small.shape == (N_SMALL, N_SMALL)


def test_area_means_equal_a_loop_over_cells():
    values = np.random.default_rng(1).normal(size=(37, 53))
    rows, cols = np.arange(8) * 37 // 7, np.arange(8) * 53 // 7
    expected = [
        [values[rows[i] : rows[i + 1], cols[j] : cols[j + 1]].mean() for j in range(7)] for i in range(7)
    ]
    np.testing.assert_allclose(area_means(values, 7), expected, rtol=1e-12)


def test_the_ring_is_the_outer_tenth_and_the_centre_the_inner_half():
    ring, centre = view_cells("border"), view_cells("centre")
    assert ring[:2].all()
    assert ring[:, -2:].all()
    assert not ring[2:-2, 2:-2].any()
    assert centre[5:15, 5:15].all()
    assert centre.sum() == 100
    assert not (ring & centre).any()


def test_folds_keep_units_whole_and_have_every_class():
    generator = np.random.default_rng(0)
    units = [f"u{number:02}" for number in range(40)]
    sizes = generator.integers(1, 9, len(units))
    clusters = [unit for unit, size in zip(units, sizes, strict=True) for _ in range(size)]
    class_of = dict(zip(units, generator.integers(0, 3, len(units)).tolist(), strict=True))
    classes = [class_of[unit] for unit in clusters]
    folds = deal_folds(classes, clusters, n_folds=5, seed=0)
    for unit in units:
        assert len({fold for fold, own in zip(folds, clusters, strict=True) if own == unit}) == 1
    for fold in range(5):
        assert {own for own, number in zip(classes, folds, strict=True) if number == fold} == {0, 1, 2}

    order = generator.permutation(len(clusters))
    again = deal_folds([classes[i] for i in order], [clusters[i] for i in order], n_folds=5, seed=0)
    assert again.tolist() == folds[order].tolist()
    assert deal_folds(classes, clusters, n_folds=5, seed=1).tolist() != folds.tolist()


@pytest.mark.parametrize(("n_drawn", "sizes"), [(1, (3, 2)), (2, (3, 2)), (3, (4, 3, 1)), (4, (2, 2))])
def test_the_chance_of_one_class_equals_a_count_of_all_draws(n_drawn, sizes):
    units = [number for number, size in enumerate(sizes) for _ in range(size)]
    draws = [{units[index] for index in drawn} for drawn in combinations(range(len(units)), n_drawn)]
    expected = np.mean([len(classes) == 1 for classes in draws])
    assert chance_of_one_class(n_drawn, sizes, len(units)) == pytest.approx(expected)


def test_slices_of_one_patient_are_no_evidence():
    # 30 slices of one patient have a size of their own: one patient is always of one class.
    labels = ["a"] * 60 + ["b"] * 60
    clusters = [f"p{number // 30}" for number in range(120)]
    size = Property(
        "image-size",
        "property",
        "size",
        levels={"size": tuple("big" if c == "p0" else "small" for c in clusters)},
    )
    rows = label_values([size], labels, clusters)
    assert [
        (one.value, one.class_name, one.n_images, one.n_units, one.in_one_class, one.p) for one in rows
    ] == [
        ("small", "a", 30, 3, False, None),
        ("small", "b", 60, 3, False, None),
        ("big", "a", 30, 1, True, pytest.approx(1)),
    ]
    assert not any(one.beyond_chance for one in rows)


def test_features_of_a_property_are_numbers_and_frequent_texts():
    one = Property(
        "x", "property", "x", numbers={"n": (1.0, float("nan"), 3.0)}, levels={"t": ("u", "v", "u")}
    )
    # Number, is it known, text u, text v.
    assert one.features().tolist() == [[1, 1, 1, 0], [-1, 0, 0, 1], [3, 1, 1, 0]]
    assert not one.is_constant
    assert Property("y", "property", "y", numbers={"n": (float("nan"),) * 2}).is_constant
