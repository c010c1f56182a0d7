"""The section "Where the answer comes from": pictures in characters, areas, and what is said where there are none."""

from dataclasses import replace

import numpy as np
import outcomes
import pytest
import reliance_maps
from reliance_maps import area, map_test, mean
from test_reports import screen

from xaudit.records import Interval
from xaudit.report.files.json_report import outcome_as_json
from xaudit.report.files.markdown_report import markdown_report
from xaudit.report.hashed_ids import HashedIds
from xaudit.report.sections.maps.mean_maps import drawn_means, outlined_test, scale_top, sketch
from xaudit.report.sections.reliance_areas import areas_section, no_area_sentence


def outcome(tests=(), means=()):
    return replace(outcomes.phantom_outcome(), map_tests=tuple(tests), mean_reliance=tuple(means))


def texts(section):
    found = []
    for block in section.blocks:
        found += [getattr(block, "text", "")]
        found += [cell.text for row in getattr(block, "rows", ()) for cell in row.cells]
    return "\n".join(found)


def test_a_sketch_shows_each_place_where_it_lies_in_the_frame():
    quarter = mean(box=(0, 0, 64, 64), peak=0.5)
    lines = sketch(quarter, outcome(), 0.5, plain=True)
    assert lines == (
        "+----------------+",
        *["|########        |"] * 4,
        *["|                |"] * 4,
        "+----------------+",
    )


def test_shades_follow_the_scale_and_not_the_map():
    # Four steps above nothing: 0.2 of 0.5 is 1.6 steps, 0.05 is 0.4 steps and 0.1 is 0.8.
    for peak, shade in ((0.2, "-"), (0.05, " "), (0.1, "."), (0.5, "#"), (0.9, "#")):
        assert (
            sketch(mean(peak=peak, box=(0, 0, 128, 128)), outcome(), 0.5, plain=True)[1] == f"|{shade * 16}|"
        )


def test_a_number_stands_at_the_strongest_window_of_each_area():
    shown = outcome([map_test(areas=(area(), area(2, box=(0.0, 0.875, 0.125, 1.0))))])
    lines = sketch(mean(), shown, 0.5, plain=False)
    assert lines[1] == "│              █1│"
    assert lines[8] == "│ 2              │"


def test_areas_relative_to_the_lungs_are_not_drawn_on_the_image():
    shown = outcome([map_test(areas=(area(),), frame="lungs"), map_test()])
    assert outlined_test(shown, mean()) == map_test()
    assert "1" not in "".join(sketch(mean(), shown, 0.5, plain=True))
    assert "relative to the lungs" in texts(areas_section(shown))


@pytest.mark.parametrize(
    ("highest", "top"), [(0.0, 0.02), (0.02, 0.02), (0.021, 0.05), (0.3, 0.5), (0.51, 1.0)]
)
def test_one_round_number_ends_the_scale_of_all_maps(highest, top):
    assert scale_top([mean(peak=0.0), mean(peak=highest)]) == top


def test_falls_are_drawn_always_and_rises_where_an_area_shows_them():
    falls, rises = mean(), mean(direction="against")
    copied, copied_falls = (
        mean(images="normal", question="transplant", direction=way) for way in ("against", "for")
    )
    everything = (rises, falls, copied_falls, copied)
    assert drawn_means(outcome(means=everything)) == (falls, copied)
    test = map_test(direction="against", areas=(area(),))
    assert drawn_means(outcome([test], everything)) == (falls, rises, copied)


def test_no_area_is_said_with_its_bound_and_few_patients_are_no_test():
    none = map_test(largest=Interval(0.01, 0.002, 0.024, "bca"), net=Interval(0.3, 0.2, 0.4, "bca"))
    assert no_area_sentence(none) == (
        "24 cancer images, 20 patients: no place stands out. Fall of P(cancer) when a place is hidden: at most 0.02 at any place (upper end "
        "for the window with the largest, 0.01 [0.00, 0.02]). All places together: 0.30 [0.20, 0.40], spread over the image."
    )
    tiny = map_test(largest=Interval(0.001, 0.0, 0.004, "bca"))
    assert "Fall of P(cancer) when a place is hidden: under 0.01 at any place" in no_area_sentence(tiny)
    few = map_test(p=None, n_patients=3, n_cases=4, largest=Interval(0.4, None, None, "none"))
    assert no_area_sentence(few) == (
        "4 cancer images, 3 patients: fewer than 5 patients are too few to test where. Fall of P(cancer) when a place is hidden: up to 0.40."
    )


def test_long_headings_take_two_lines_on_a_narrow_screen_and_one_on_the_page():
    shown = outcome([map_test(images="a class with a long name", areas=(area(),))])
    narrow, wide = (
        [row.cells[0].text for row in areas_section(shown, wide=wide).blocks[0].rows if row.heading]
        for wide in (False, True)
    )
    assert narrow == [
        "shortcut, 24 a class with a long name images, 20 patients:",
        "fall of P(cancer) when a place is hidden",
    ]
    assert wide == [" ".join(narrow)]


def test_without_patients_images_are_counted_and_named():
    test = map_test(cluster="case", n_patients=24, areas=(area(),))
    shown = outcome([test], [mean(cluster="case")])
    for brief in (True, False):
        text = texts(areas_section(shown, brief=brief))
        assert "24 cancer images, patients unknown:" in text
        assert "patients: share" not in text
        assert "mean over images" in text
    assert areas_section(shown).blocks[2].columns[3].title == "images"


def test_the_first_screen_draws_some_maps_and_counts_the_others():
    many = [mean(images=f"class {number}") for number in range(11)]
    first, whole = (areas_section(outcome(means=many), brief=brief).blocks for brief in (True, False))
    assert (len(first[0].sketches), len(whole[0].sketches)) == (8, 11)
    assert first[1].text.startswith("3 more maps in the whole report. Shade")


def test_maps_of_several_targets_name_theirs():
    titles = [
        one.title
        for one in areas_section(outcome(means=[mean(), mean(images="normal", target="normal")]))
        .blocks[0]
        .sketches
    ]
    assert titles == ["shortcut, cancer, P(cancer)", "shortcut, normal, P(normal)"]


def test_log_odds_are_never_called_a_probability():
    shown = texts(
        areas_section(
            outcome([map_test(answer="log-odds", areas=(area(effect=Interval(2.1, 1, 3, "bca")),))])
        )
    )
    assert "fall of the log odds of cancer" in shown
    assert "P(cancer)" not in shown


def test_an_area_that_holds_under_one_in_fill_is_undecided():
    shown = texts(areas_section(outcome([map_test(areas=(area(infills=("noise",)), area(2)))])))
    assert shown.count("undecided") == 1
    assert "undecided, holds with noise only" in shown


def test_tests_that_add_no_area_are_counted_in_the_whole_report_alone():
    everywhere = map_test(areas=(area(),))
    tests = [
        everywhere,
        replace(everywhere, answer="log-odds"),
        map_test(scope="outside-mark"),
        map_test(direction="against"),
    ]
    whole, first = (texts(areas_section(outcome(tests), brief=brief)) for brief in (False, True))
    counted = (
        "shortcut, 24 cancer images, 20 patients: 1 test of log odds or fewer windows repeats these areas; 2 other tests (rises and falls, log "
        "odds, other frames, places outside the mark) show no area."
    )
    assert counted in whole
    assert counted not in first
    assert whole.count("upper right corner") == first.count("upper right corner") == 1


def test_a_test_of_fewer_windows_stands_in_the_table_if_it_shows_another_area():
    everywhere = map_test(areas=(area(),))
    repeated = map_test(scope="outside-mark", areas=(area(),))
    another = map_test(
        scope="elsewhere", areas=(area(), area(2, box=(0.0, 0.0, 0.125, 0.125), position="upper left corner"))
    )
    shown = texts(areas_section(outcome([everywhere, repeated, another])))
    assert "outside the mark and its lung" in shown
    assert shown.count("upper right corner") == 2
    assert "1 test of log odds or fewer windows repeats these areas." in shown


def test_log_odds_stand_in_the_table_where_probabilities_are_too_saturated_to_show_it():
    tests = [map_test(), map_test(answer="log-odds", areas=(area(),))]
    for brief in (True, False):
        assert "fall of the log odds of cancer" in texts(areas_section(outcome(tests), brief=brief))


def test_the_first_screen_takes_the_test_that_covers_most():
    tests = [
        map_test(scope="outside-mark", areas=(area(),)),
        map_test(areas=(area(),)),
        map_test(direction="against", areas=(area(),)),
        map_test(frame="lungs", areas=(area(),)),
    ]
    first = texts(areas_section(outcome(tests), brief=True))
    assert first.count("upper right corner") == 2
    assert "rise of P(cancer) when a place is hidden" in first
    assert "lungs" not in first
    assert "outside the mark" not in first


def test_the_first_screen_counts_areas_that_it_leaves_out():
    shown = outcome([map_test(areas=tuple(area(number) for number in range(1, 6)))])
    assert "and 2 more" in texts(areas_section(shown, brief=True))
    assert "and 2 more" not in texts(areas_section(shown))


def test_a_run_that_measured_no_windows_has_no_section():
    assert areas_section(outcome()) is None


def test_in_ascii_no_other_sign_is_printed():
    text = screen(outcomes.phantom_outcome(), 80, encoding="ascii")
    assert "+----------------+" in text
    assert "|   --1-" in text


def test_markdown_draws_in_code_blocks():
    text = markdown_report(outcomes.phantom_outcome())
    assert "```text\nshortcut, cancer\n┌────────────────┐\n│              █1│\n" in text


def test_json_names_every_map_without_its_values():
    plain = outcome_as_json(outcomes.phantom_outcome())["mean_reliance"]
    assert [one["model_id"] for one in plain] == ["honest", "honest", "shortcut", "shortcut"]
    assert not any("rows" in one for one in plain)


def test_hashed_reports_name_no_example_case():
    hashed = HashedIds(b"key", ["P0003-1"])
    shown = hashed.outcome(outcomes.phantom_outcome())
    examples = {name for test in shown.map_tests for one in test.areas for name in one.examples}
    assert all(name.startswith("id-") for name in examples)
    assert hashed.id("P0003-1") in examples
    assert {one.typical for one in shown.mean_reliance} == {hashed.id("P01")}


def test_made_up_maps_are_what_they_claim():
    values = np.array(mean(box=(32, 0, 64, 16), peak=0.4).rows)
    assert values.sum() == pytest.approx(0.4 * 16 * 8)
    assert reliance_maps.SIDE == 128
