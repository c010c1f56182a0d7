"""Planted evidence: its strength is the difference of two shares, and it follows the patient."""

import numpy as np
import pytest

from xaudit.cases.phantom.anatomy import draw_anatomy
from xaudit.cases.phantom.evidence import (
    MIXED_PLANTS,
    PLANTS,
    evidence_probability,
    mixed_plant,
    plant_evidence,
    shows_evidence,
)
from xaudit.seeds import generator_for

N_PATIENTS = 2000


@pytest.mark.parametrize("strength", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_strength_is_the_share_of_cancer_minus_the_share_of_normal(strength: float) -> None:
    shares = [
        np.mean(
            [
                shows_evidence(0, f"{cancer}{number}", strength=strength, cancer=cancer)
                for number in range(N_PATIENTS)
            ]
        )
        for cancer in (True, False)
    ]
    # Standard error of the difference: at most √(2 · .25 / 2000) = .016.
    assert shares[0] - shares[1] == pytest.approx(strength, abs=0.05)
    assert evidence_probability(strength, cancer=True) - evidence_probability(
        strength, cancer=False
    ) == pytest.approx(strength)


def test_full_strength_marks_every_cancer_and_no_normal_patient() -> None:
    for number in range(200):
        assert shows_evidence(3, f"{number}", strength=1.0, cancer=True)
        assert not shows_evidence(3, f"{number}", strength=1.0, cancer=False)


def test_more_strength_never_takes_evidence_from_a_cancer_patient() -> None:
    for number in range(200):
        shown = [shows_evidence(0, f"{number}", strength=s / 10, cancer=True) for s in range(11)]
        assert shown == sorted(shown)


def test_a_slice_of_mixed_evidence_shows_each_kind_as_often_as_none() -> None:
    drawn = [mixed_plant(5, pair, number) for pair in range(1000) for number in range(2)]
    # Standard error of a share: √(.25 · .75 / 2000) = .01.
    for plant in MIXED_PLANTS:
        assert drawn.count(plant) / len(drawn) == pytest.approx(0.25, abs=0.04)
    assert sum(drawn[::2][n] == drawn[1::2][n] for n in range(1000)) / 1000 == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize("on_right", [True, False])
def test_the_tag_lies_over_the_other_lung(on_right: bool) -> None:
    anatomy = draw_anatomy(generator_for(0, "anatomy"))
    blank = np.full((128, 128), 0.3, dtype=np.float32)
    tagged = plant_evidence(
        blank,
        "opposite-tag",
        anatomy=anatomy,
        tumour=(60.0 if on_right else -60.0, 0.0),
        generator=generator_for(0, "tag"),
    )
    columns = np.nonzero(tagged > 0.6)[1]
    assert (columns < 64).all() if on_right else (columns >= 64).all()
    assert columns.size > 0


def test_none_plants_nothing_and_returns_a_copy() -> None:
    blank = np.zeros((64, 64), dtype=np.float32)
    anatomy = draw_anatomy(generator_for(0, "anatomy"))
    same = plant_evidence(
        blank, "none", anatomy=anatomy, tumour=(60.0, 0.0), generator=generator_for(0, "none")
    )
    assert np.array_equal(same, blank)
    assert same is not blank


def test_the_border_tone_brightens_a_ring_and_leaves_the_middle() -> None:
    blank = np.full((100, 100), 0.2, dtype=np.float32)
    anatomy = draw_anatomy(generator_for(0, "anatomy"))
    toned = plant_evidence(
        blank, "border-tone", anatomy=anatomy, tumour=(60.0, 0.0), generator=generator_for(0, "tone")
    )
    # The ring is .045 of the side wide, which is pixels 0 to 3 and half of pixel 4.
    assert np.allclose(toned[:4], 0.29, atol=1e-6)
    assert np.array_equal(toned[6:94, 6:94], blank[6:94, 6:94])


@pytest.mark.parametrize("on_right", [True, False])
@pytest.mark.parametrize("below", [True, False])
def test_the_tag_of_the_same_lung_lies_beside_the_tumour_and_never_on_it(on_right: bool, below: bool) -> None:
    for number in range(20):
        anatomy = draw_anatomy(generator_for(number, "anatomy"))
        lung = anatomy.lungs[1] if on_right else anatomy.lungs[0]
        tumour = lung.x, lung.y + (1.0 if below else -1.0)
        tagged = plant_evidence(
            np.full((192, 192), 0.3, dtype=np.float32), "same-tag", anatomy=anatomy, tumour=tumour,
            generator=generator_for(number, "tag"),
        )  # fmt: skip
        grid, shown = anatomy.grid(192), tagged > 0.6
        # The tag's middle is 40 +- 8 mm from the lung's, its half height 3 mm and the soft edge 2 mm: 27 mm are left.
        assert np.hypot(grid.x - tumour[0], grid.y - tumour[1])[shown].min() > 26
        assert (np.sign(grid.x[shown]) == np.sign(lung.x)).all()
        assert ((grid.y[shown] < tumour[1]) if below else (grid.y[shown] > tumour[1])).all()


def changed_by(plant, tone=0.3, size=256, number=0):
    anatomy = draw_anatomy(generator_for(number, "anatomy"))
    blank = np.full((size, size), tone, dtype=np.float32)
    planted = plant_evidence(
        blank, plant, anatomy=anatomy, tumour=(60.0, 0.0), generator=generator_for(number, "place")
    )
    return anatomy, planted - blank


def test_the_hyperintensity_is_a_soft_patch_in_the_middle_of_the_chest() -> None:
    anatomy, change = changed_by("hyperintensity")
    # A Gaussian of height .2 and deviation 18 mm holds .2 * 2 pi * 18^2 = 407 square millimetres' worth of brightness.
    spacing = anatomy.grid(256).spacing_mm
    assert change.max() == pytest.approx(0.2, abs=0.002)
    assert change.sum() * spacing**2 == pytest.approx(407, rel=0.06)
    row, column = np.unravel_index(change.argmax(), change.shape)
    grid = anatomy.grid(256)
    assert max(abs(grid.x[row, column]), abs(grid.y[row, column])) < 8


def test_the_obstruction_hides_what_lies_over_the_spine() -> None:
    first, bright = changed_by("obstruction", tone=0.9)
    _, dark = changed_by("obstruction", tone=0.2)
    hidden = np.isclose(bright, 0.05 - 0.9, atol=1e-6)
    # 64 by 34 mm; the rows and columns of the soft edge are only partly hidden, and the body's frame is gently bent.
    area = hidden.sum() * first.grid(256).spacing_mm ** 2
    assert area == pytest.approx((64 - 2.2) * (34 - 2.2), rel=0.12)
    assert np.allclose(dark[hidden], 0.05 - 0.2, atol=1e-6)
    y = first.grid(256).y[hidden]
    assert abs(y.mean() - 0.78 * first.lungs[0].b) < 6


@pytest.mark.parametrize("plant", [plant for plant in PLANTS if plant != "none"])
def test_every_plant_stands_at_the_same_place_of_the_patient_at_every_size(plant: str) -> None:
    for number in range(3):
        centres = []
        for size in (64, 256):
            _, change = changed_by(plant, size=size, number=number)
            weight = np.abs(change)
            along = (np.arange(size) + 0.5) / size
            centres.append(((weight.sum(0) @ along) / weight.sum(), (weight.sum(1) @ along) / weight.sum()))
        assert centres[0] == pytest.approx(centres[1], abs=0.01)
