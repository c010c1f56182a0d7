"""Planted evidence: its strength is the difference of two shares, and it follows the patient."""

import numpy as np
import pytest

from xaudit.cases.phantom.anatomy import draw_anatomy
from xaudit.cases.phantom.evidence import (
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
    for plant in PLANTS:
        assert drawn.count(plant) / len(drawn) == pytest.approx(0.25, abs=0.04)
    assert sum(drawn[::2][n] == drawn[1::2][n] for n in range(1000)) / 1000 == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize("on_right", [True, False])
def test_the_tag_lies_over_the_other_lung(on_right: bool) -> None:
    anatomy = draw_anatomy(generator_for(0, "anatomy"))
    blank = np.full((128, 128), 0.3, dtype=np.float32)
    tagged = plant_evidence(
        blank, "opposite-tag", anatomy=anatomy, tumour_on_right=on_right, generator=generator_for(0, "tag")
    )
    columns = np.nonzero(tagged > 0.6)[1]
    assert (columns < 64).all() if on_right else (columns >= 64).all()
    assert columns.size > 0


def test_none_plants_nothing_and_returns_a_copy() -> None:
    blank = np.zeros((64, 64), dtype=np.float32)
    anatomy = draw_anatomy(generator_for(0, "anatomy"))
    same = plant_evidence(
        blank, "none", anatomy=anatomy, tumour_on_right=True, generator=generator_for(0, "none")
    )
    assert np.array_equal(same, blank)
    assert same is not blank


def test_the_border_tone_brightens_a_ring_and_leaves_the_middle() -> None:
    blank = np.full((100, 100), 0.2, dtype=np.float32)
    anatomy = draw_anatomy(generator_for(0, "anatomy"))
    toned = plant_evidence(
        blank, "border-tone", anatomy=anatomy, tumour_on_right=True, generator=generator_for(0, "tone")
    )
    # The ring is .045 of the side wide, which is pixels 0 to 3 and half of pixel 4.
    assert np.allclose(toned[:4], 0.29, atol=1e-6)
    assert np.array_equal(toned[6:94, 6:94], blank[6:94, 6:94])
