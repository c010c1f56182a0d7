"""A verdict that holds under one in-fill and not under another is undecided."""

from dataclasses import replace

import pytest
from hand_made import MARK_COUNTS, MARK_IDLE, judged, reliances

from xaudit.records import InfillEffect, Interval
from xaudit.verdict.infills import INFILL_RULE, disputed_regions

UNUSED = (0.0, -0.01, 0.01)
USED = (0.3, 0.2, 0.4)


def effects(region, *, model="honest", **by_infill):
    return [
        InfillEffect(model, region, infill, Interval(*interval, "bca"), n_patients=41)
        for infill, interval in by_infill.items()
    ]


def findings(by_infill, **intervals):
    return judged(reliances(**intervals), positive={"honest": "cancer"}, by_infill=by_infill)


def test_a_mark_that_matters_under_one_infill_only_is_undecided():
    by_infill = effects("mark", blur=(0.24, 0.15, 0.33), noise=(0.02, -0.01, 0.05))
    (verdict,) = findings(by_infill, mark=(0.13, 0.07, 0.19), border=UNUSED)
    assert (verdict.code, verdict.status, verdict.gating) == ("XA212", "error", False)
    assert verdict.sentence == (
        "honest: it is undecided if the marked lesion affects the answer, because the in-fills do not agree. Hiding the "
        "marked lesion lowers P(cancer) by 0.24 [0.15, 0.33] with blur and by 0.02 [-0.01, 0.05] with noise, each beyond "
        "random areas of its size; the lower end would have to be above 0.02 with all of them or with none (41 patients)"
    )


@pytest.mark.parametrize("noise", [USED, (0.04, 0.021, 0.06)])
def test_infills_that_agree_dispute_nothing(noise):
    by_infill = [*effects("mark", blur=USED, noise=noise), *effects("border", blur=UNUSED, noise=UNUSED)]
    (verdict,) = findings(by_infill, mark=MARK_COUNTS, border=UNUSED)
    assert (verdict.code, verdict.status) == ("XA202", "pass")


def test_the_limit_itself_is_not_above_the_margin():
    # .02 is not above .02, so the in-fills differ.
    by_infill = effects("mark", blur=USED, noise=(0.04, 0.02, 0.06))
    assert list(disputed_regions(by_infill, "honest")) == ["mark"]


def test_a_pass_rests_on_no_region_that_is_disputed():
    by_infill = effects("border", blur=(0.1, 0.05, 0.15), noise=UNUSED)
    (verdict,) = findings(by_infill, mark=MARK_COUNTS, border=(0.05, 0.01, 0.09))
    assert verdict.code == "XA212"
    assert verdict.sentence.startswith("honest: it is undecided if the border affects the answer")


def test_a_region_that_every_infill_shows_is_named_beside_what_is_undecided():
    by_infill = [*effects("border", blur=USED, noise=USED), *effects("outside", blur=USED, noise=UNUSED)]
    shown, undecided = findings(
        by_infill, mark=MARK_IDLE, border=(0.91, 0.86, 0.95), outside=(0.15, 0.1, 0.2)
    )
    assert shown.code == "XA201"
    assert "uses the border and is not shown to use the marked lesion" in shown.sentence
    assert "rest of the image" not in shown.sentence
    assert (undecided.code, undecided.rule) == ("XA212", INFILL_RULE)
    assert "undecided if the rest of the image affects" in undecided.sentence


def test_the_surroundings_of_the_mark_may_be_disputed_without_a_verdict_on_them():
    by_infill = effects("same-lung", blur=USED, noise=UNUSED)
    (verdict,) = findings(by_infill, mark=MARK_COUNTS, border=UNUSED)
    assert verdict.code == "XA202"


def test_without_marks_each_disputed_region_is_undecided():
    by_infill = [*effects("border", blur=USED, noise=UNUSED), *effects("outside", blur=USED, noise=USED)]
    undecided, used = findings(by_infill, border=(0.15, 0.1, 0.2), outside=USED)
    assert (undecided.code, used.code) == ("XA212", "XA201")
    assert "undecided if the border affects the answer" in undecided.sentence


def test_too_few_patients_and_other_models_dispute_nothing():
    few = [
        InfillEffect("honest", "mark", "blur", Interval(0.3, None, None, "none"), n_patients=3),
        *effects("mark", noise=UNUSED),
    ]
    assert disputed_regions(few, "honest") == {}
    other = effects("mark", model="shortcut", blur=USED, noise=UNUSED)
    assert disputed_regions(other, "honest") == {}


def test_a_gate_on_the_finding_has_no_data_where_it_is_undecided():
    by_infill = effects("mark", blur=USED, noise=UNUSED)
    gate, _ = judged(
        reliances(mark=MARK_COUNTS, border=UNUSED),
        "uses-mark",
        positive={"honest": "cancer"},
        by_infill=by_infill,
    )
    assert (gate.code, gate.status, gate.kind, gate.gating) == ("XA102", "error", "gate", True)


def test_a_verdict_that_rests_on_odd_images_says_so():
    by_infill = [
        replace(one, odd=odd)
        for one, odd in zip(
            [*effects("mark", blur=USED, noise=USED), *effects("border", blur=UNUSED, noise=UNUSED)],
            (0.05, 0.625, 1.0, 1.0),
            strict=True,
        )
    ]
    (verdict,) = findings(by_infill, mark=MARK_COUNTS, border=UNUSED)
    # The border's images are odder still, and no verdict rests on them.
    assert verdict.sentence.endswith(
        "which does not prove that there is no shortcut. With noise in place of the marked lesion, 62 % of the images are "
        "odder to the model than 99 % of real images: the effect may be the in-fill's doing (41 patients)"
    )


@pytest.mark.parametrize("odd", [None, 0.0, 0.1])
def test_few_odd_images_are_not_worth_a_sentence(odd):
    by_infill = [replace(one, odd=odd) for one in effects("mark", blur=USED, noise=USED)]
    (verdict,) = findings(by_infill, mark=MARK_COUNTS, border=UNUSED)
    assert "odder" not in verdict.sentence
