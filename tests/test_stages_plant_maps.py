"""The reliance map at a plant: a known share of the answer, read in the window that hides it, with marks and without."""

import numpy as np
import pytest

from test_stages_calibration import AUDIT, planted_model
from xaudit.records import Area, Interval, MapTest, PlantOnMap
from xaudit.stages.calibration.judging import PlantedPlace, areas_at_plant, audit_for, judged_audit
from xaudit.stages.calibration.plant_on_map import PlantMaps
from xaudit.store.rows.calibration import CALIBRATION_MAPS

TWO_SCALES = AUDIT | {
    "reliance": AUDIT["reliance"]
    | {"map": {"scales": [0.125, 0.25], "infills": ["blur"], "transplant": False}}
}


def read(tmp_path, plant, region, shares):
    """Return for each share the map at the plant, with marks and without."""
    model = planted_model(tmp_path, plant, region, audit=TWO_SCALES)
    answers, place = model.ask(lambda *_: None), PlantedPlace(model.place, model.regions, whole=False)
    audit, _ = audit_for(model.audit, "quadrant")
    maps = PlantMaps(model, model.effects(answers, 1.0), place)
    rows = []
    for share in shares:
        effects = model.effects(answers, share)
        judged = judged_audit(audit, effects.values(), place, patients_known=True, draws=199)
        truth, _ = model.at_source(answers, share)
        rows.append(maps.read(effects, judged.dependence.tests, share, truth))
    return rows


def test_a_plant_changes_its_own_pixels_and_no_other_bit(tmp_path):
    """The plate has 6 rows and 9 columns at 64 pixels; rounding of the others would make every place the plant's."""
    model = planted_model(tmp_path, "tag", "opposite-lung")
    counts = [int(changed.sum()) for _, changed in model.changed()]
    assert counts == [54] * 8 + [0] * 6
    assert model.place.sum() == 54
    assert model.regions == {"opposite-lung"}


@pytest.mark.parametrize("region", ["same-lung", pytest.param("opposite-lung", marks=pytest.mark.slow)])
def test_a_tag_over_either_lung_has_its_share_in_the_window_that_hides_it(tmp_path, region):
    for with_marks, without in read(tmp_path, "tag", region, (0.0, 0.4)):
        for one in (with_marks, without):
            assert one.truth == pytest.approx(one.share, abs=0.01)
            assert one.effect.estimate == pytest.approx(one.truth, abs=0.03)
            assert one.hidden > 0.9
            assert (one.area is not None) == (one.share > 0)
        if with_marks.area is not None:
            assert with_marks.area.estimate == pytest.approx(with_marks.share, abs=0.03)
            assert with_marks.area.estimate == pytest.approx(with_marks.share * with_marks.held, abs=0.005)


@pytest.mark.slow
def test_no_window_hides_a_border_that_all_of_it_shows(tmp_path):
    ((with_marks, without),) = read(tmp_path, "border-tone", "", (0.5,))
    for one in (with_marks, without):
        assert one.truth == pytest.approx(0.5, abs=0.01)
        assert one.hidden < 0.1
        assert one.effect.estimate < 0.03
        assert one.area is None


@pytest.mark.slow
def test_a_plant_that_is_copied_into_images_of_another_class_raises_the_answer_there(tmp_path):
    """Donors show the box, and a window of a quarter holds it: its answer rises by w where it is copied."""
    audit = TWO_SCALES | {"reliance": AUDIT["reliance"] | {"map": {"scales": [0.25], "infills": ["blur"]}}}
    model = planted_model(tmp_path, "obstruction", audit=audit)
    model.model.may_donate = [*model.model.pairs, *model.model.others]
    answers, place = model.ask(lambda *_: None), PlantedPlace(model.place, model.regions, whole=False)
    maps = PlantMaps(model, model.effects(answers, 1.0), place)
    for share in (0.0, 0.5):
        effects = model.effects(answers, share)
        judged = judged_audit(model.audit, effects.values(), place, patients_known=True, draws=199)
        rows = maps.read(effects, judged.dependence.tests, share, model.at_source(answers, share)[0])
        copied = [one for one in rows if one.question == "transplant"]
        assert [one.marked for one in copied] == [True, False]
        for one in copied:
            assert (one.truth, one.effect, one.hidden) == (None, None, None)
            assert (one.area is not None) == (share > 0)
            if one.area is not None:
                assert one.area.estimate == pytest.approx(share * one.held, abs=0.03)
                assert one.area.estimate > 0.2


def area(box, effect):
    return Area(
        1, box, 1, box, Interval(effect, effect, effect, "bca"), 0.01, 1.0, "same-lung", (), windows=(box,)
    )


def a_test(scope, *areas, images="cancer", direction="for", question="hide"):
    return MapTest(
        "net", images, "cancer", question, direction, "probability", "image", scope, 9, 9, 9, "patient", 0.01, None, None, areas
    )  # fmt: skip


def test_areas_at_a_plant_are_of_the_narrowest_windows_that_show_one():
    pixels = np.zeros((8, 8), dtype=bool)
    pixels[1, 1] = True
    place = PlantedPlace(pixels, frozenset(), whole=False)
    here, there = (0.0, 0.0, 0.25, 0.25), (0.5, 0.5, 0.75, 0.75)
    tests = [
        a_test("all", area(here, 0.9)),
        a_test("outside-mark", area(here, 0.3), area(here, 0.4), area(there, 0.6)),
        a_test("elsewhere", area(there, 0.6)),
        a_test("elsewhere", area(here, 0.8), images="normal"),
        a_test("elsewhere", area(here, 0.8), direction="against"),
    ]
    assert [one.effect.estimate for _, one in areas_at_plant(tests, place)] == [0.4, 0.3]
    assert [one.effect.estimate for _, one in areas_at_plant(tests[:1], place)] == [0.9]
    assert areas_at_plant(tests[2:], place) == []
    copied = a_test("all", area(here, 0.2), images="normal", direction="against", question="transplant")
    assert [one.effect.estimate for _, one in areas_at_plant([*tests, copied], place, copied=True)] == [0.2]


def test_a_row_of_the_table_is_read_as_it_was_written():
    rows = [
        PlantOnMap("net", "tag@body", 0.2, True, 0.2, Interval(0.2, 0.1, 0.3, "bca"), 0.9),
        PlantOnMap(
            "net", "tag@body", 0.5, False, 0.5, Interval(0.5, 0.4, 0.6, "bca"), 0.9,
            Interval(0.4, None, None, "too-few-clusters"), "centre", 0.8, 2, 0.75,
        ),
        PlantOnMap("net", "tag@body", 0.5, False, None, None, None, question="transplant"),
    ]  # fmt: skip
    decoded = [CALIBRATION_MAPS.decode(CALIBRATION_MAPS.encode(one)) for one in rows]
    assert decoded == rows
