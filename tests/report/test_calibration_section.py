"""The sentence on top, the table and the pictures of a calibration."""

import re
import xml.etree.ElementTree as ET

from xaudit.records import (
    Calibration,
    CalibrationEffect,
    ExplainerJudgement,
    ExplainerOnPlant,
    Interval,
    PatientsNeeded,
    PlantOnMap,
    PowerPoint,
)
from xaudit.report.grid import Paragraph
from xaudit.report.html.calibration_page import calibration_page
from xaudit.report.pictures.power_curve import patients_curve, strength_curve
from xaudit.report.sections.calibration.explainers import explainer_blocks
from xaudit.report.sections.calibration.plant_maps import map_blocks
from xaudit.report.sections.calibration.sentences import headlines
from xaudit.report.sections.calibration.tables import calibration_section, flat_table, narrow_intervals


def share(hits, of=40):
    return Interval(hits / of, max(0.0, hits / of - 0.1), min(1.0, hits / of + 0.1), "wilson")


def effect(w, caught, failed=0, plant="corner-marker", **other):
    values = {
        "model_id": "net",
        "plant": plant,
        "place": "box",
        "share": w,
        "planted": 1.0,
        "n_patients": 30,
        "n_positive": 20,
        "truth": w,
        "reaction": 0.004,
        "effect": Interval(w + 0.01, w, w + 0.02, "bca"),
        "mean_effect": w + 0.012,
        "coverage": share(38) if w else None,
        "caught": share(caught),
        "failed": share(failed),
        "stopped": share(caught),
        "n_resamples": 40,
        "shown": share(40),
    }
    return CalibrationEffect(**(values | other))


def calibration(*effects, **other):
    points = (
        PowerPoint("net", "corner-marker", 0.2, 15, share(30), 40, False),
        PowerPoint("net", "corner-marker", 0.2, 30, share(39), 40, False),
    )
    needed = (PatientsNeeded("net", "corner-marker", 0.2, 30, False),)
    values = {
        "name": "study",
        "run_id": "20260101T000000Z-study-00000000",
        "positive": "cancer",
        "effects": effects,
        "power": points,
        "needed": needed,
        "left_out": ("blur on net: cannot be told",),
        "n_evals": 1234,
        "seconds": 61.0,
    }
    return Calibration(**(values | other))


def test_the_sentence_on_top_says_what_is_found_and_what_fails_without_a_plant():
    result = calibration(effect(0.0, 0, failed=1), effect(0.2, 39), effect(0.5, 40))
    assert headlines(result) == [
        "With these 30 patients (20 with 'cancer'), a plant that carries 20 % of the answer of net is found: corner-marker in "
        "39 of 40 audits; without one, net is failed in 1 of 40"
    ]


def test_a_model_that_depends_on_the_place_by_itself_is_said_to():
    result = calibration(effect(0.0, 40, codes=("XA207",)), effect(0.2, 40))
    (sentence,) = headlines(result)
    assert sentence.endswith(
        "and for a place that a plant was put into: corner-marker in 40 of 40. There, net depends on the place by itself"
    )
    rows = [[cell.text for cell in row.cells] for row in flat_table(result).rows]
    assert [row[5:7] for row in rows] == [["-", "-"], ["-", "-"]]


def test_a_plant_that_is_shown_and_not_judged_is_said_to_be():
    (sentence,) = headlines(calibration(effect(0.0, 0), effect(0.2, 0, plant="tag@same-lung")))
    assert (
        "is found: tag@same-lung in 0 of 40 (shown on the map, and not judged, in 40 of 40) audits;"
        in sentence
    )


def test_failures_without_a_plant_that_all_patients_together_do_not_show_may_be_chance():
    (sentence,) = headlines(calibration(effect(0.0, 4), effect(0.2, 40)))
    assert sentence.endswith(
        "and for a place that a plant was put into: corner-marker in 4 of 40. The audit of all patients fails for no such place "
        "at corner-marker: these may be false alarms"
    )


def on_map(w, *, marked=True, hidden=0.98, **other):
    return PlantOnMap(
        "net", "tag@same-lung", w, marked, w, Interval(w, w - 0.01, w + 0.01, "bca"), hidden, **other
    )


def test_the_map_at_a_plant_stands_beside_the_effect_at_the_source_with_marks_and_without():
    area = {"area": Interval(0.26, 0.17, 0.36, "bca"), "position": "lower left part", "patients": 0.57}
    copied = PlantOnMap(
        "net", "tag@same-lung", 0.5, True, None, None, None, Interval(0.23, 0.11, 0.38, "bca"), "right part", 0.6, 1, 0.5, "transplant"
    )  # fmt: skip
    grid, *rest = map_blocks([copied, on_map(0.5, n_areas=2, held=0.55, **area), on_map(0.5, marked=False)])
    assert rest == []
    assert [[cell.text for cell in row.cells] for row in grid.rows] == [
        ["0.5", "hidden", "used", "0.50", "0.50 [0.49, 0.51]", "0.26 [0.17, 0.36]", "0.28", "lower left part", "57 %"],
        ["0.5", "hidden", "left out", "0.50", "0.50 [0.49, 0.51]", "none", "-", "-", "-"],
        ["0.5", "copied", "used", "-", "-", "0.23 [0.11, 0.38]", "0.25", "right part", "60 %"],
    ]  # fmt: skip


def test_a_plant_that_no_window_hides_is_said_to_be_invisible_to_the_map():
    _, sentence = map_blocks([on_map(0.0, hidden=0.1), on_map(0.5, hidden=0.1)])
    assert sentence.text.startswith(
        "No window of the map hides tag@same-lung: what is left of it keeps the answer up."
    )


def explained(name, w, estimate, state, *, sees):
    held = Interval(estimate, estimate - 0.1, estimate + 0.1, "bca")
    judged = ExplainerJudgement("net", name, held, held, None, 9, 9, 0, None, state, "chance may explain it")
    return ExplainerOnPlant("corner-marker", w, sees, judged)


def test_each_explainer_gets_a_sentence_that_says_what_it_cannot_see():
    blocks = explainer_blocks(
        [
            explained("gradcam", 0.0, 0.5, "undecided", sees=False),
            explained("gradcam", 0.5, 0.16, "does-not-show", sees=False),
            explained("lime", 0.5, 0.94, "shows", sees=True),
        ]
    )
    assert [block.text for block in blocks[:2]] == [
        "gradcam with corner-marker on net: its maps capture 0.50 at w = 0, 0.16 at w = 0.5 of the reliance; at w = 0.5 it does "
        "not show what the model uses; it sees the network alone, and not the plant's part of the answer.",
        "lime with corner-marker on net: its maps capture 0.94 at w = 0.5 of the reliance; at w = 0.5 it shows what the model uses.",
    ]
    assert [row.cells[1].text for row in blocks[2].rows] == [
        "network alone",
        "network alone",
        "all of the answer",
    ]
    assert blocks[3].text.startswith("Explainers that see the network alone read its gradients or layers.")
    assert len(explainer_blocks([explained("lime", 0.5, 0.94, "shows", sees=True)])) == 2


def test_intervals_that_surely_hold_the_truth_too_seldom_are_said_to_be_narrow():
    seldom = {"coverage": share(20), "largest_error": 0.008, "half_width": 0.002}
    (text,) = narrow_intervals(
        [effect(0.2, 40, **seldom), effect(0.5, 40, **seldom | {"largest_error": 0.007})]
    )
    assert text.startswith(
        "At w = 0.2, 0.5, fewer intervals than 95 of 100 hold the effect at the source. They are ± 0.002 wide at most on average, "
        "and no estimate is farther from it than 0.008."
    )
    assert narrow_intervals([effect(0.2, 40)]) == []
    section = calibration_section(
        calibration(effect(0.0, 0), effect(0.2, 40, **seldom), effect(0.5, 40, **seldom))
    )
    assert Paragraph(text, "dim") in section.blocks


def test_the_table_holds_bias_coverage_counts_and_patients():
    (row,) = flat_table(calibration(effect(0.2, 39))).rows
    assert [cell.text for cell in row.cells] == [
        "net",
        "corner-marker",
        "0.2",
        "0.20",
        "0.21 [0.20, 0.22]",
        "+0.012",
        "95 %",
        "40 of 40",
        "39 of 40 [0.88, 1.00]",
        "0 of 40 [0.00, 0.10]",
        "39 of 40",
        "30",
    ]


def test_patients_that_the_data_does_not_hold_are_said_to_be_more_than_there_are():
    beyond = PatientsNeeded("net", "corner-marker", 0.2, 45, True)
    never = PatientsNeeded("net", "corner-marker", 0.05, None, True)
    result = calibration(effect(0.05, 3), effect(0.2, 20), needed=(beyond, never))
    rows = flat_table(result).rows
    assert [row.cells[-1].text for row in rows] == ["more than tried", "45 (more than there are)"]


def test_what_was_left_out_stands_below():
    blocks = calibration_section(calibration(effect(0.0, 0), effect(0.2, 39))).blocks
    assert blocks[-1].text == "blur on net: cannot be told"


def test_the_curves_are_drawn_with_their_points_and_escaped_labels():
    picture = strength_curve(
        [effect(0.0, 0, plant="<b>"), effect(0.5, 20, plant="<b>"), effect(1.0, 40, plant="<b>")]
    )
    root = ET.fromstring(picture)
    points = next(one for one in root if one.tag.endswith("polyline")).get("points").split()
    # 48 to 450 across for w 0 to 1; 220 to 14 down for shares 0 to 1.
    assert points == ["48.0,220.0", "249.0,117.0", "450.0,14.0"]
    assert "&lt;b&gt;" in picture
    assert len(re.findall("<circle", patients_curve(calibration().power))) == 2


def test_the_page_has_the_sentence_the_pictures_and_no_script():
    page = calibration_page(calibration(effect(0.0, 0), effect(0.2, 39)))
    assert "corner-marker in 39 of 40 audits" in page
    assert page.count("<svg") == 2
    assert "<script" not in page
    assert "script-src &#39;none&#39;" in page
