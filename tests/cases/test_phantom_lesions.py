"""Simulated tumours: the promised sizes, in the lung or at its wall, the same whatever else is drawn."""

import numpy as np
import pytest

from xaudit.cases.phantom.anatomy import Anatomy, draw_anatomy
from xaudit.cases.phantom.lesions import Lesion, draw_lesions, lesion_mask
from xaudit.cases.phantom.shapes import Grid
from xaudit.cases.phantom.slice import paint_slice
from xaudit.seeds import generator_for


def _patient(number: int) -> tuple[Anatomy, tuple[tuple[Lesion, ...], ...]]:
    anatomy = draw_anatomy(generator_for(0, f"{number}", "anatomy"))
    return anatomy, draw_lesions(anatomy, generator_for(0, f"{number}", "tumours"), n_slices=3)


@pytest.fixture(scope="module")
def patients() -> list[tuple[Anatomy, tuple[tuple[Lesion, ...], ...]]]:
    return [_patient(number) for number in range(400)]


def test_sizes_run_from_3_mm_to_over_50_and_most_lie_between_8_and_30(patients) -> None:
    sizes = np.array([cut.diameter_mm for _, slices in patients for lesions in slices for cut in lesions])
    assert sizes.min() >= 3
    assert sizes.min() < 4
    assert 50 < sizes.max() <= 62
    assert ((sizes >= 8) & (sizes <= 30)).mean() > 0.75


def test_every_slice_cuts_the_largest_tumour_first_and_some_cut_several(patients) -> None:
    counts = [len(lesions) for _, slices in patients for lesions in slices]
    assert min(counts) == 1
    assert 0.1 < np.mean([count > 1 for count in counts]) < 0.4
    for _, slices in patients:
        middle = slices[1]
        assert middle[0].diameter_mm == max(lesion.diameter_mm for lesion in middle)


def test_tumours_lie_in_the_lung_and_some_touch_its_wall(patients) -> None:
    touching = 0
    for anatomy, slices in patients[:80]:
        grid = anatomy.grid(160)
        lung_distance = anatomy.lung_distance(grid, anatomy.level)
        lesion = slices[1][0]
        outline = lesion.distance(grid) < 0
        mask = lesion_mask(lesion, grid, lung_distance)
        if outline.any():
            assert mask.any()
            assert (lung_distance[mask] < 0).mean() > 0.5
            assert (mask & (lung_distance < 4)).sum() == mask.sum()
        touching += bool((lung_distance[outline] > 0).any())
    assert 8 <= touching <= 60


def test_a_tumour_brightens_the_lung_that_it_fills_and_changes_nothing_far_away() -> None:
    anatomy, slices = _patient(2)
    lesion = slices[1][0]
    plain, with_it = (
        paint_slice(anatomy, drawn, level=anatomy.level, size=128, generator=generator_for(0, "slice"))
        for drawn in ((), (lesion,))
    )
    mask = lesion_mask(lesion, with_it.grid, with_it.lung_distance) & with_it.lungs
    far = lesion.distance(with_it.grid) > 25
    assert mask.any()
    assert with_it.pixels[mask].mean() > plain.pixels[mask].mean() + 0.15
    assert np.array_equal(plain.pixels[far], with_it.pixels[far])


def test_a_slice_further_from_the_middle_cuts_a_smaller_disc(patients) -> None:
    for _, (above, middle, below) in patients[:50]:
        assert max(above[0].diameter_mm, below[0].diameter_mm) <= middle[0].diameter_mm


def test_a_tumour_has_the_same_place_in_mm_at_every_image_size() -> None:
    anatomy, slices = _patient(5)
    lesion = slices[1][0]
    areas = {}
    for size in (128, 256):
        grid: Grid = anatomy.grid(size)
        areas[size] = float((lesion.distance(grid) < 0).sum()) * grid.spacing_mm**2
    assert areas[128] == pytest.approx(areas[256], rel=0.08)
