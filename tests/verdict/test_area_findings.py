"""Findings on areas of the reliance map, from tests made by hand."""

from dataclasses import replace

import pytest
from map_tests_by_hand import area, asked

from xaudit.verdict import area_findings

CORNER = area((0.5, 0.45, 0.55))
ON_THE_MARK = {("probability", "for", "all"): (0.34, 0.15, 0.49)}
BARE = {"scopes": ("all",), "kinds": ("border",)}
WITH_LUNGS = {"scopes": ("all",), "kinds": ("border", "outside-lungs")}


def only(tests):
    (verdict,) = area_findings(tests)
    assert verdict.gating is False
    return verdict


def for_all(areas, answer="probability", direction="for"):
    return {(answer, direction, scope): areas for scope in ("all", "outside-mark", "elsewhere")}


def test_an_area_outside_the_mark_fails():
    verdict = only(asked(for_all([CORNER])))
    assert (verdict.code, verdict.status, verdict.value, verdict.threshold) == ("XA207", "fail", 0.45, 0.02)
    assert verdict.sentence == (
        "net: On images of 'cancer', an area outside the mark and its lung matters. Hiding the upper right corner at the "
        "image border lowers P(cancer) by 0.50 [0.45, 0.55], seen in 100 % of the patients (20 patients)"
    )


def test_an_area_of_odd_images_says_so():
    odd, ordinary = (replace(CORNER, odd=share) for share in (0.4, 0.1))
    assert only(asked(for_all([odd]))).sentence.endswith(
        "seen in 100 % of the patients; 40 % of these in-filled images are odder to the model than 99 % of real images "
        "(20 patients)"
    )
    assert only(asked(for_all([ordinary]))).sentence == only(asked(for_all([CORNER]))).sentence


def test_areas_are_named_the_strongest_first_and_the_rest_is_counted():
    areas = [CORNER, *(area((0.1 * n, 0.05, 0.4), "thorax", "lower part") for n in (4, 3, 2, 1))]
    sentence = only(asked(for_all(areas))).sentence
    assert (
        "Hiding the lower part of the image, in the rest of the thorax lowers P(cancer) by 0.40" in sentence
    )
    assert "2 further areas" in sentence


def test_nothing_outside_the_mark_passes_with_the_bound():
    mark = area((0.6, 0.4, 0.8), "mark", "centre", on_mark=0.9)
    verdict = only(
        asked(
            {("probability", "for", "all"): [mark]},
            bounds={("probability", "for", "outside-mark"): (0.01, 0.004, 0.03)},
        )
    )
    assert (verdict.code, verdict.status, verdict.value, verdict.threshold) == ("XA208", "pass", 0.03, 0.05)
    assert verdict.sentence == (
        "net: On images of 'cancer', no single place outside the mark and its lung matters. Hiding any window there lowers P(cancer) by "
        "at most 0.03 (20 patients)"
    )


def test_a_wide_bound_is_no_pass():
    verdict = only(asked(bounds={("probability", "for", "outside-mark"): (0.05, 0.0, 0.3)}))
    assert (verdict.code, verdict.status) == ("XA208", "error")
    assert (
        "no area outside the mark and its lung is shown to matter, but an effect of up to 0.30"
        in verdict.sentence
    )


def test_the_marked_lung_is_named_and_no_fault():
    around = area((0.2, 0.1, 0.3), "same-lung", "left part", same_lung=0.9)
    verdict = only(asked({("probability", "for", "outside-mark"): [around]}))
    assert (verdict.code, verdict.status) == ("XA208", "pass")
    assert (
        ". In the marked lung: Hiding the left part of the image, in the same lung lowers P(cancer) by 0.20 [0.10, 0.30], seen "
        "in 100 % of the patients; that may be the mark's surroundings (20 patients)"
    ) in verdict.sentence


def test_without_lungs_only_the_mark_is_left_out():
    tests = asked(
        {("probability", "for", "outside-mark"): [area((0.2, 0.1, 0.3), "outside", "centre")]},
        scopes=("all", "outside-mark"),
        kinds=("border", "outside-mark"),
    )
    verdict = only(tests)
    assert (verdict.code, verdict.status) == ("XA207", "fail")
    assert "an area outside the mark matters. Hiding the centre of the image lowers" in verdict.sentence


@pytest.mark.parametrize(
    ("place", "settings", "status", "words"),
    [
        ("border", BARE, "fail", "depends on the image border. Hiding the upper right corner at the image border"),
        ("empty", WITH_LUNGS, "fail", "depends on the area outside the body. Hiding the upper right corner of the image, in"),
        ("lungs", WITH_LUNGS, "pass", "depends on the lungs. Hiding the upper right corner of the image, in the lungs"),
        ("outside", WITH_LUNGS, "fail", "depends on the area outside the lungs. Hiding the upper right corner of the image, out"),
        ("outside", BARE, "error", "depends on the upper right corner of the image. Hiding the upper right corner of the image lo"),
        ("body", BARE, "error", "depends on the rest of the body. Hiding"),
    ],
)  # fmt: skip
def test_without_marks_the_place_decides(place, settings, status, words):
    shown = {("probability", "for", "all"): [area((0.5, 0.45, 0.55), place)]}
    verdict = only(asked(shown, **settings))
    assert (verdict.code, verdict.status) == ("XA207", status)
    assert words in verdict.sentence
    assert ("whether evidence lies there is not known" in verdict.sentence) == (status == "error")


def test_without_marks_a_fault_beside_the_organ_still_fails_and_comes_first():
    shown = {("probability", "for", "all"): [area((0.6, 0.5, 0.7), "lungs", "left part"), CORNER]}
    verdict = only(asked(shown, **WITH_LUNGS))
    assert (verdict.status, verdict.value) == ("fail", 0.45)
    assert "depends on the image border and the lungs. Hiding the upper right corner" in verdict.sentence


def test_an_effect_under_one_infill_is_undecided():
    verdict = only(asked(for_all([replace(CORNER, infills=("blur",))])))
    assert (verdict.code, verdict.status) == ("XA207", "error")
    assert (
        "undecided if the upper right corner at the image border matters: its effect is shown under blur but not under noise."
    ) in verdict.sentence


def test_a_rise_inside_the_body_is_not_judged():
    """The in-fill may look like a lesion: it is named beside what is judged, and alone it is undecided."""
    rises = for_all([area((0.9, 0.8, 1.0), "thorax", "left edge")], direction="against")
    verdict = only(asked(rises, net=ON_THE_MARK))
    assert (verdict.code, verdict.status) == ("XA208", "pass")
    assert verdict.sentence.endswith(
        "Hiding the left edge of the image, in the rest of the thorax raises P(cancer) by 0.90 [0.80, 1.00], seen in 100 % of the "
        "patients. Either it holds evidence against 'cancer', or the in-fill looks like evidence (20 patients)"
    )
    verdict = only(
        asked({("probability", "against", "all"): rises["probability", "against", "all"]}, **WITH_LUNGS)
    )
    assert (verdict.code, verdict.status) == ("XA207", "error")
    assert "undecided what the answer depends on. Hiding the left edge" in verdict.sentence


def test_a_rise_at_the_border_fails():
    verdict = only(asked(for_all([CORNER], direction="against")))
    assert (verdict.code, verdict.status) == ("XA207", "fail")
    assert "at the image border raises P(cancer) by 0.50" in verdict.sentence


def test_saturated_answers_are_decided_by_the_log_odds():
    verdict = only(asked(for_all([area((2.5, 2.0, 3.0))], "log-odds")))
    assert (verdict.code, verdict.status) == ("XA207", "fail")
    assert verdict.sentence == (
        "net: On images of 'cancer', an area outside the mark and its lung matters. Hiding the upper right corner at the "
        "image border lowers the log odds of 'cancer' by 2.50 [2.00, 3.00], seen in 100 % of the patients. P(cancer) itself "
        "changes by at most 0.01: it is too near 0 or 1 to show it (20 patients)"
    )


def test_log_odds_are_silent_where_the_probability_moves():
    """Around the mark the probability falls, so it can show what matters; the corner's log odds do not count."""
    shown = for_all([area((0.3, 0.2, 0.4))], "log-odds")
    shown["probability", "for", "mark"] = [area((0.6, 0.5, 0.7), "mark", "on the mark")]
    verdict = only(asked(shown))
    assert (verdict.code, verdict.status) == ("XA208", "pass")


def test_an_answer_spread_over_the_image_is_said_so():
    bounds = {
        ("log-odds", "for", "any"): (0.4, 0.3, 0.5),
        ("log-odds", "for", "border"): (0.005, 0.001, 0.015),
    }
    verdict = only(asked(net={("log-odds", "for"): (8.0, 7.0, 9.0)}, bounds=bounds, **WITH_LUNGS))
    assert (verdict.code, verdict.status) == ("XA209", "pass")
    assert verdict.sentence == (
        "net: On images of 'cancer', the answer is spread over the image. Hiding one window after the other lowers the log "
        "odds of 'cancer' by 8.00 [7.00, 9.00], added up over the image, and no window stands out: the strongest by 0.40 "
        "[0.30, 0.50], the strongest at the border by 0.01 [0.00, 0.01]. P(cancer) itself changes by at most 0.01: it is too "
        "near 0 or 1 to show it (20 patients)"
    )
    at_border = {**bounds, ("log-odds", "for", "border"): (0.3, 0.2, 0.4)}
    verdict = only(asked(net={("log-odds", "for"): (8.0, 7.0, 9.0)}, bounds=at_border, **WITH_LUNGS))
    assert verdict.status == "error"


def test_few_patients_that_show_no_window_do_not_make_an_answer_spread():
    """The strongest window may hold all of the sum: nothing says that it is spread."""
    bounds = {("probability", "for", "any"): (0.45, 0.25, 0.6)}
    verdict = only(asked(net={("probability", "for"): (0.6, 0.4, 0.9)}, bounds=bounds, n_patients=6, **BARE))
    assert (verdict.code, verdict.status) == ("XA209", "error")
    assert (
        "undecided where the answer comes from; 6 patients show no single window. Hiding one window"
        in verdict.sentence
    )
    assert "spread" not in verdict.sentence


def test_a_probability_that_could_move_is_not_called_saturated():
    """Six patients: the probability shows nothing, but a window may well move it by half."""
    bounds = {("log-odds", "for", "any"): (0.4, 0.3, 0.5), ("probability", "for", "any"): (0.2, 0.0, 0.56)}
    verdict = only(asked(net={("log-odds", "for"): (8.0, 7.0, 9.0)}, bounds=bounds, **BARE))
    assert verdict.sentence.endswith("P(cancer) itself shows no area, and no clear sum (20 patients)")
    assert "too near 0 or 1" not in verdict.sentence


def test_a_mark_that_matters_wherever_it_lies_is_not_spread():
    shown = {("probability", "for", "mark"): [area((0.6, 0.5, 0.7), "mark", "on the mark")]}
    verdict = only(asked(shown, net={("probability", "for"): (0.8, 0.6, 1.0)}))
    assert verdict.code == "XA208"


def test_a_model_that_ignores_its_input_depends_on_nothing_measured():
    verdict = only(asked(**BARE))
    assert (verdict.code, verdict.status) == ("XA208", "error")
    assert verdict.sentence == (
        "net: On images of 'cancer', the answer depends on nothing that the map measures. Hiding any window changes P(cancer) "
        "by at most 0.01, and its log odds by at most 0.01 (20 patients)"
    )


def test_four_patients_are_too_few():
    verdict = only(asked(p=None, largest=None, n_patients=4, cluster="case"))
    assert (verdict.code, verdict.status) == ("XA102", "error")
    assert verdict.sentence == (
        "net: On images of 'cancer', 4 cases are too few to tell what the answer depends on; an area needs at least 5 "
        "(4 cases)"
    )


def test_a_transplant_says_where_the_window_comes_from():
    copied = for_all([replace(CORNER, infills=("donor",))], direction="against")
    tests = asked() + asked(copied, question="transplant", infills=("donor",))
    verdict = only([replace(one, images="normal") for one in tests])
    assert (verdict.code, verdict.status) == ("XA207", "fail")
    assert (
        "On images of 'normal', an area outside the mark and its lung matters. Copying the upper right corner at the image border "
        "from images of 'cancer' raises P(cancer) by 0.50"
    ) in verdict.sentence


def test_each_class_has_its_own_finding_and_refused_models_none():
    tests = asked() + asked(images="normal", **WITH_LUNGS)
    assert [one.sentence.split(",")[0] for one in area_findings(tests)] == [
        "net: On images of 'cancer'",
        "net: On images of 'normal'",
    ]
    assert area_findings(tests, refused=["net"]) == []


def test_log_odds_are_never_called_a_probability():
    for answer in ("log-odds", "probability"):
        for direction in ("for", "against"):
            verdict = only(asked(for_all([area((2.5, 2.0, 3.0))], answer, direction)))
            assert ("the log odds of 'cancer' by 2.50" in verdict.sentence) == (answer == "log-odds")
            assert ("P(cancer) by 2.50" in verdict.sentence) == (answer == "probability")


def test_regions_of_the_users_own_say_if_they_may_matter():
    own = {"net": {"tube": False, "heart": True}}
    for place, status in (("tube", "fail"), ("heart", "pass")):
        shown = area((0.5, 0.45, 0.55), place, "centre")
        for tests in (asked({("probability", "for", "all"): [shown]}, **BARE), asked(for_all([shown]))):
            (verdict,) = area_findings(tests, own_regions=own)
            assert (verdict.code, verdict.status) == ("XA207", status)
            assert f"Hiding the centre of the image, in the {place} lowers" in verdict.sentence


def test_a_place_relative_to_the_lungs_is_no_dependence_on_nothing():
    inside = area((0.3, 0.2, 0.4), "lungs", "")
    bounds = {("probability", "for", "any"): (0.3, 0.2, 0.4)}
    verdict = only(asked({("probability", "for", "lungs"): [inside]}, bounds=bounds, **WITH_LUNGS))
    assert (verdict.code, verdict.status) == ("XA207", "pass")
    assert verdict.sentence == (
        "net: On images of 'cancer', the answer depends on a place relative to the lungs, mostly in the lungs. Hiding it lowers "
        "P(cancer) by 0.30 [0.20, 0.40]. No place of the image itself stands out (20 patients)"
    )


def test_a_large_effect_that_is_not_excluded_is_not_called_nothing():
    verdict = only(asked(bounds={("probability", "for", "any"): (0.2, -0.1, 0.44)}, **BARE))
    assert (verdict.code, verdict.status) == ("XA208", "error")
    assert "no place is shown to matter, and more patients are needed to exclude one" in verdict.sentence
    assert "nothing" not in verdict.sentence


def test_log_odds_are_never_printed_as_a_probability():
    bounds = {("log-odds", "for", "outside-mark"): (2.0, 0.1, 5.43)}
    net = {("log-odds", "for"): (3.0, 2.0, 4.0)}
    mark = area((3.0, 2.0, 4.0), "mark", "centre", on_mark=0.9)
    verdict = only(asked({("log-odds", "for", "all"): [mark]}, net=net, bounds=bounds))
    assert (verdict.code, verdict.status) == ("XA208", "error")
    assert verdict.sentence == (
        "net: On images of 'cancer', no area outside the mark and its lung is shown to matter. Hiding any window there changes "
        "P(cancer) by at most 0.01, and its log odds by at most 5.43: the answers are too near 0 or 1 to say that nothing does "
        "(20 patients)"
    )


def test_what_lies_on_the_mark_is_no_spread():
    """Windows on the mark move the answer in sum and none stands out; those elsewhere do not."""
    bounds = {("probability", "for", "any"): (0.32, 0.13, 0.47)}
    verdict = only(asked(net={("probability", "for", "all"): (0.34, 0.15, 0.49)}, bounds=bounds))
    assert (verdict.code, verdict.status) == ("XA208", "pass")
    assert "no single place outside the mark and its lung matters" in verdict.sentence


def test_where_no_place_matters_not_even_the_mark_nothing_is_settled():
    """Evidence that many windows hold at once, such as the tone of the border, shows at none of them."""
    verdict = only(asked())
    assert (verdict.code, verdict.status) == ("XA208", "error")
    assert verdict.sentence == (
        "net: On images of 'cancer', no single place matters, not the mark either. Hiding any window outside the mark and its "
        "lung lowers P(cancer) by at most 0.01, and no window on the mark stands out: the answer may rest on many places at "
        "once, or on the whole image (20 patients)"
    )


@pytest.mark.parametrize(
    ("place", "code", "status"), [("border", "XA207", "fail"), ("opposite-lung", "XA208", "pass")]
)
def test_copied_tissue_is_judged_only_where_it_cannot_look_like_evidence(place, code, status):
    copied = area((0.4, 0.2, 0.6), place, "upper part")
    tests = asked(net=ON_THE_MARK) + asked(for_all([copied], direction="against"), question="transplant")
    verdict = only(tests)
    assert (verdict.code, verdict.status) == (code, status)
    assert ("or the copied tissue looks like it" in verdict.sentence) == (place == "opposite-lung")
    assert "at no place beyond chance" not in verdict.sentence


def on_normal_slices(hidden, direction):
    """Tests of slices without a mark: all windows are hidden, those that come from a cancer's mark are not copied."""
    plain = {"images": "normal", "scopes": ("all",), "kinds": ("border", "outside-lungs")}
    hide = asked({("probability", direction, "all"): hidden}, **plain)
    return hide + asked(question="transplant", images="normal", scopes=("all", "outside-mark"))


@pytest.mark.parametrize("direction", ["for", "against"])
def test_a_hidden_border_of_images_without_marks_is_judged_beside_transplants(direction):
    verdict = only(on_normal_slices([CORNER], direction))
    assert (verdict.code, verdict.status) == ("XA207", "fail")
    assert "Hiding the upper right corner at the image border" in verdict.sentence


def test_a_hidden_chest_wall_of_images_without_marks_is_named_beside_transplants():
    verdict = only(on_normal_slices([area((0.9, 0.8, 1.0), "thorax", "left edge")], "against"))
    assert (verdict.code, verdict.status) == ("XA208", "pass")
    assert "raises P(cancer) by 0.90 [0.80, 1.00]" in verdict.sentence
    assert "or the in-fill looks like evidence" in verdict.sentence
    assert (
        "no place outside the mark is needed for the answer. Hiding any window there lowers"
        in verdict.sentence
    )
    assert "nothing" not in verdict.sentence
