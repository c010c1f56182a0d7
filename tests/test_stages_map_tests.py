"""The tests of the reliance map: planted areas, their place, extent and effect, by hand."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.special import logit

from xaudit.config import StatisticsSection
from xaudit.metrics.reliance_map.windows import window_grid
from xaudit.records import MapTest, WindowEffects
from xaudit.stages.outcome.dependence.map_tests import map_tests
from xaudit.stages.outcome.read_outcome import map_test_of
from xaudit.store import RunFolder
from xaudit.store.tables import read_areas, write_areas

FRAME = (64, 64)
SETTINGS = StatisticsSection(replicates=500)


def window_effects(
    case, part, *, drop=0.5, noise=0.0, infills=("blur", "noise"), mark=None, place="outside", **changes
):
    """Return the effects of one image on which each window loses what it covers of a part, as a share, times a drop."""
    effects = []
    for scale in (0.125, 0.25):
        grid = window_grid(FRAME, scale, 0.5)
        region, marked = np.zeros(FRAME, dtype=bool), np.zeros(FRAME, dtype=bool)
        if part is not None:
            x0, y0, x1, y1 = part
            region[y0:y1, x0:x1] = True
        if mark is not None:
            x0, y0, x1, y1 = mark
            marked[y0:y1, x0:x1] = True
        covered = grid.shares(region) * (grid.height * grid.width) / max(region.sum(), 1)
        names = place(grid) if callable(place) else (place,) * covered.size
        for infill in infills:
            generator = np.random.default_rng([hash_of(case), len(infill), grid.height])
            values = drop * covered + noise * generator.normal(size=grid.shape)
            one = WindowEffects(
                f"{case}.png", case, "net", "cancer", "cancer", "cancer", "hide", infill, scale, 0.5, FRAME,
                0.9, float(logit(0.9)), values.astype(np.float32), (10 * values).astype(np.float32),
                grid.shares(marked), names,
            )  # fmt: skip
            effects.append(replace(one, **changes))
    return effects


def hash_of(text):
    return sum((index + 1) * ord(letter) for index, letter in enumerate(text))


def all_tests(effects):
    return map_tests(effects, settings=SETTINGS, seed=0)


def the(tests, **wanted) -> MapTest:
    wanted = {"answer": "probability", "direction": "for", "frame": "image", "scope": "all"} | wanted
    (test,) = [one for one in tests if all(getattr(one, name) == value for name, value in wanted.items())]
    return test


def patients(n, part, **settings):
    return [one for index in range(n) for one in window_effects(f"p{index:02}", part, **settings)]


def test_a_corner_is_the_only_area_and_has_its_effect():
    """A marker of 6 × 6 px in the upper left corner, worth .5: the corner windows of both scales cover it whole."""
    tests = all_tests(patients(12, (0, 0, 6, 6), noise=0.005))
    test = the(tests)
    (area,) = test.areas
    assert area.effect.estimate == pytest.approx(0.5, abs=0.01)
    assert (area.place, area.position) == ("border", "upper left corner")
    assert area.peak in ((0, 0, 0.125, 0.125), (0, 0, 0.25, 0.25))
    # Windows start every 4 and every 8 px: those at 0 and 4 of the fine scale, and only those at 0 of the coarse one.
    assert area.box == (0, 0, 0.25, 0.25)
    assert area.n_windows == 5
    assert area.share_of_patients == 1
    assert area.infills == ("blur", "noise")
    assert len(area.examples) == 3
    assert area.p < 0.05
    assert (test.n_cases, test.n_patients, test.n_windows, test.cluster) == (
        12,
        12,
        15 * 15 + 7 * 7,
        "patient",
    )
    assert the(tests, direction="against").areas == ()
    assert the(tests, answer="log-odds").areas[0].effect.estimate == pytest.approx(5, abs=0.1)


def test_an_area_says_how_many_of_its_changed_images_are_odd():
    """Four of sixteen images lose nothing; of the other twelve, under blur three are odd, and under noise all."""
    effects = []
    for index in range(16):
        for one in window_effects(f"p{index:02}", (0, 0, 6, 6), drop=0.5 if index < 12 else 0.0):
            odd = index < 3 or index >= 12 or one.infill == "noise"
            percentile = np.full(one.probability_drop.shape, 99.5 if odd else 99.0, dtype=np.float32)
            effects.append(replace(one, oddness=percentile))
    (area,) = the(all_tests(effects)).areas
    assert area.odd == (3 + 12) / 24
    (unknown,) = the(all_tests([replace(one, oddness=None) for one in effects])).areas
    assert unknown.odd is None
    assert replace(area, odd=None) == unknown


def test_evidence_against_the_target_is_shown_with_its_direction():
    tests = all_tests(patients(10, (28, 28, 36, 36), drop=-0.3, noise=0.005))
    assert the(tests).areas == ()
    (area,) = the(tests, direction="against").areas
    assert area.effect.estimate == pytest.approx(0.3, abs=0.01)
    assert area.position == "centre"


def test_noise_shows_no_area_and_bounds_what_it_may_hide():
    test = the(all_tests(patients(15, None, noise=0.02)))
    assert test.areas == ()
    assert test.p is not None
    assert test.p > 0.05
    assert test.largest is not None
    # Rises count as 0, so a window of pure noise has a mean effect of .02 / sqrt(2) / sqrt(2 pi) = .0056.
    assert 0.0056 < test.largest.estimate < 0.02
    # Chance falls add up and chance rises do not: what counts is the sum of both.
    assert test.summed is not None
    assert test.net is not None
    assert test.net.low is not None
    assert test.summed.low > 0.3
    assert test.net.low < 0.02


def test_effects_below_the_margin_make_no_area():
    test = the(all_tests(patients(15, (0, 0, 6, 6), drop=0.015, noise=0.0005)))
    assert test.p is not None
    assert test.p < 0.05
    assert test.areas == ()


def test_slices_of_a_patient_count_as_one():
    """Six patients; one has nine slices without the effect beside one with it: mean (5 × .5 + .05) / 6."""
    effects = patients(6, (0, 0, 6, 6))
    more = [
        replace(one, case_id=f"more{number}", patient_id="p00")
        for number in range(9)
        for one in window_effects("p00", None)
    ]
    test = the(all_tests(effects + more))
    assert (test.n_cases, test.n_patients) == (15, 6)
    assert test.largest is not None
    assert test.largest.estimate == pytest.approx((5 * 0.5 + 0.05) / 6)


def test_windows_near_a_patients_mark_are_left_out_for_that_patient():
    """Each patient depends on a mark of its own place only: nothing stands out outside the marks."""
    effects = []
    for index in range(12):
        x, y = 8 + 4 * (index % 4), 8 + 12 * (index // 4)
        box = (x, y, x + 8, y + 8)
        effects += window_effects(f"p{index:02}", box, mark=box, noise=0.003)
    tests = all_tests(effects)
    assert the(tests, scope="outside-mark").areas == ()
    assert {one.scope for one in tests if one.frame == "image"} == {"all", "outside-mark"}
    (area,) = the(tests, frame="mark").areas
    assert area.position == "on the mark"
    assert area.effect.estimate > 0.2
    assert not [one for one in tests if one.frame == "lungs"]


def _lungs(marked_on_the_left, with_lungs=True):
    def place(grid):
        names = []
        for top, left, bottom, right in grid.boxes():
            middle = (left + right) / 2
            inside = 8 <= (top + bottom) / 2 < 56
            side = "left" if 8 <= middle < 28 else "right" if 36 <= middle < 56 else None
            if not inside or side is None or not with_lungs:
                names.append("thorax")
            else:
                names.append("same-lung" if (side == "left") == marked_on_the_left else "opposite-lung")
        return tuple(names)

    return place


def test_the_marked_lung_is_no_fault_and_the_other_one_is():
    """Half of the patients have the mark in the left lung; all depend on a tag over the upper left one."""
    effects = []
    for index in range(24):
        on_left = index % 2 == 0
        mark = (12, 40, 20, 48) if on_left else (44, 40, 52, 48)
        effects += window_effects(
            f"p{index:02}", (12, 12, 20, 20), mark=mark, noise=0.003, place=_lungs(on_left)
        )
    tests = all_tests(effects)
    everywhere, elsewhere = the(tests, scope="outside-mark"), the(tests, scope="elsewhere")
    assert everywhere.areas[0].same_lung == pytest.approx(0.5)
    assert everywhere.n_patients == 24
    (area,) = elsewhere.areas
    assert (area.place, area.same_lung) == ("opposite-lung", 0)
    assert area.effect.estimate == pytest.approx(0.5, abs=0.02)
    assert dict(the(tests).bounds).keys() == {"border", "outside-mark", "outside-lungs"}
    assert dict(the(tests).bounds)["outside-mark"].estimate == pytest.approx(0.5, abs=0.02)
    assert dict(the(tests).bounds)["border"].estimate < 0.02


def test_an_effect_under_one_infill_only_says_so():
    effects = patients(12, (0, 0, 6, 6), noise=0.003, infills=("blur",))
    effects += patients(12, None, noise=0.003, infills=("noise",))
    (area,) = the(all_tests(effects)).areas
    assert area.infills == ("blur",)
    assert the(all_tests(effects)).infills == ("blur", "noise")
    assert area.effect.estimate == pytest.approx(0.25, abs=0.01)


def test_windows_over_an_organ_and_beside_it_make_two_areas():
    """A strip that crosses from the thorax, left, into an organ, right."""

    def place(grid):
        return tuple("lungs" if (left + right) / 2 >= 32 else "thorax" for _, left, _, right in grid.boxes())

    effects = []
    for index in range(12):
        left = window_effects(f"p{index:02}", (18, 28, 26, 36), noise=0.003, place=place)
        right = window_effects(f"p{index:02}", (32, 28, 40, 36), noise=0.0, place=place)
        effects += [
            replace(one, probability_drop=one.probability_drop + other.probability_drop)
            for one, other in zip(left, right, strict=True)
        ]
    areas = the(all_tests(effects)).areas
    assert sorted(area.place for area in areas) == ["lungs", "thorax"]


def test_large_windows_alone_do_not_stand_out():
    """Every pixel counts alike, so that a window of twice the side has four times the effect.

    On these maps chance lifts one window by .0008; that is surely more than the mean window, and no area.
    """
    effects = patients(12, (0, 0, 64, 64), drop=3.2, noise=0.002)
    test = the(all_tests(effects))
    assert test.p is not None
    assert test.p < 0.05
    assert test.areas == ()
    assert test.net is not None
    assert test.net.estimate == pytest.approx(3.2, abs=0.05)


def test_four_patients_are_not_tested():
    test = the(all_tests(patients(4, (0, 0, 6, 6))))
    assert (test.p, test.areas, test.largest, test.n_patients) == (None, (), None, 4)


def test_a_model_that_ignores_its_input_shows_nothing():
    tests = all_tests(patients(8, None))
    assert {one.p for one in tests} == {1.0}
    assert all(one.areas == () for one in tests)
    assert {one.largest.high for one in tests if one.largest is not None} == {0.0}


def test_images_of_each_class_are_tested_by_themselves():
    cancers = patients(6, (0, 0, 6, 6))
    normal = [replace(one, label="normal", case_id=f"n-{one.case_id}") for one in patients(7, None)]
    tests = all_tests(cancers + normal)
    assert [one.images for one in tests if one.answer == "probability" and one.direction == "for"] == [
        "cancer",
        "normal",
    ]
    assert the(tests, images="normal").n_patients == 7


def test_images_without_patients_count_by_themselves():
    effects = [replace(one, patient_id=None) for one in patients(6, (0, 0, 6, 6))]
    assert the(all_tests(effects)).cluster == "case"


def test_the_order_of_the_effects_does_not_matter():
    effects = patients(8, (0, 0, 6, 6), noise=0.01)
    assert all_tests(effects) == all_tests(effects[::-1])


def test_no_effects_no_tests():
    assert all_tests([]) == ()


def test_the_tests_and_their_areas_come_back_from_the_run_folder(tmp_path):
    tests = all_tests(patients(8, (0, 0, 6, 6), noise=0.005))
    assert any(test.areas for test in tests)
    stored = json.loads(json.dumps([asdict(test) for test in tests]))
    assert tuple(map_test_of(plain) for plain in stored) == tests
    areas = [area for test in tests for area in test.tested_areas]
    run = RunFolder.create(
        tmp_path, name="chest", config_hash="0123456789abcdef", now=datetime(2025, 3, 1, tzinfo=UTC)
    )
    write_areas(run, areas)
    assert list(read_areas(run)) == areas


@pytest.mark.parametrize("w", [0.05, 0.1, 0.2, 0.5, 0.9])
def test_the_effect_of_the_area_is_the_share_of_the_answer_that_rests_on_it(w):
    """p = (1 - w) p_honest + w p_marker, and each window's effect on p_honest varies by .01."""
    test = the(all_tests(patients(20, (0, 0, 6, 6), drop=w, noise=0.01 * (1 - w))))
    assert len(test.areas) == 1
    assert test.areas[0].effect.estimate == pytest.approx(w, abs=0.03)


@pytest.mark.slow
def test_without_dependence_at_most_one_of_20_populations_shows_an_area():
    shown = [
        any(
            test.areas
            for test in all_tests(
                [
                    one
                    for index in range(20)
                    for one in window_effects(f"p{population:02}{index:02}", None, noise=0.1)
                ]
            )
            if (test.answer, test.direction) == ("probability", "for")
        )
        for population in range(20)
    ]
    assert sum(shown) <= 1
