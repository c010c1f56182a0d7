import pytest
from hand_made import MARK_COUNTS, MARK_IDLE, judged, reliances, summary

from xaudit.verdict import ELSEWHERE, MARGIN


@pytest.mark.parametrize(
    ("intervals", "code", "sentence"),
    [
        (
            {"mark": MARK_IDLE, "border": (0.91, 0.86, 0.95), "outside": (0.0, -0.02, 0.01)},
            "XA201",
            "honest: uses the border and is not shown to use the marked lesion. Hiding the border lowers P(cancer) by 0.91 "
            "[0.86, 0.95] more than hiding a random area of its size, hiding the lesion by 0.01 [-0.01, 0.03] (41 patients)",
        ),
        (
            {"mark": (0.0, -0.01, 0.02), "border": (0.91, 0.86, 0.95)},
            "XA201",
            "honest: uses the border, not the marked lesion. Hiding the border lowers P(cancer) by 0.91 [0.86, 0.95] more "
            "than hiding a random area of its size, hiding the lesion by 0.00 [-0.01, 0.02] (41 patients)",
        ),
        (
            {"mark": MARK_IDLE, "border": (0.3, 0.2, 0.4), "opposite_lung": (0.5, 0.4, 0.6)},
            "XA201",
            "honest: uses the opposite lung and the border and is not shown to use the marked lesion. Hiding the opposite "
            "lung lowers P(cancer) by 0.50 [0.40, 0.60] more than hiding a random area of its size, hiding the border by "
            "0.30 [0.20, 0.40], hiding the lesion by 0.01 [-0.01, 0.03] (41 patients)",
        ),
        (
            {"mark": MARK_COUNTS, "same_lung": (0.2, 0.1, 0.3), "outside": (0.1, 0.05, 0.2)},
            "XA201",
            "honest: uses the marked lesion and the area outside the lungs. Hiding the marked lesion lowers P(cancer) by "
            "0.42 [0.33, 0.51] more than hiding a random area of its size, hiding the area outside the lungs by 0.10 "
            "[0.05, 0.20]. The marked lesion has the largest effect, by 0.32 (41 patients)",
        ),
        (
            {"mark": MARK_COUNTS, "outside": (0.1, 0.05, 0.2), "border": (0.2, 0.1, 0.3)},
            "XA201",
            "honest: uses the marked lesion, the border and the rest of the image. Hiding the marked lesion lowers "
            "P(cancer) by 0.42 [0.33, 0.51] more than hiding a random area of its size, hiding the border by 0.20 "
            "[0.10, 0.30], hiding the rest of the image by 0.10 [0.05, 0.20]. The marked lesion has the largest effect, "
            "by 0.22 (41 patients)",
        ),
        (
            {"mark": (0.05, 0.03, 0.07), "border": (0.90, 0.85, 0.95)},
            "XA201",
            "honest: uses the marked lesion and the border. Hiding the border lowers P(cancer) by 0.90 [0.85, 0.95] more "
            "than hiding a random area of its size, hiding the marked lesion by 0.05 [0.03, 0.07]. The border has the "
            "largest effect, by 0.85 (41 patients)",
        ),
        (
            {"mark": MARK_COUNTS, "border": (0.5, 0.4, 0.6)},
            "XA201",
            "honest: uses the marked lesion and the border. Hiding the border lowers P(cancer) by 0.50 [0.40, 0.60] more "
            "than hiding a random area of its size, hiding the marked lesion by 0.42 [0.33, 0.51]. Neither the border nor "
            "the marked lesion clearly has the larger effect (41 patients)",
        ),
        (
            {"mark": MARK_IDLE, "border": (0.0, -0.01, 0.01)},
            "XA201",
            "honest: the marked lesion is not shown to affect the answer. Hiding it lowers P(cancer) by 0.01 [-0.01, 0.03] "
            "more than hiding a random area of its size; the lower end would have to be above 0.02. No other measured "
            "region stands out (41 patients)",
        ),
        (
            {"mark": (0.003, 0.001, 0.005), "border": (0.0, -0.01, 0.01)},
            "XA201",
            "honest: the marked lesion does not affect the answer. Hiding it lowers P(cancer) by 0.00 [0.00, 0.01] more "
            "than hiding a random area of its size; the lower end would have to be above 0.02. No other measured region "
            "stands out (41 patients)",
        ),
        (
            {"mark": MARK_COUNTS, "border": (-0.2, -0.3, -0.1), "outside": (0.015, 0.004, 0.03)},
            "XA202",
            "honest: uses the marked lesion. Hiding it lowers P(cancer) by 0.42 [0.33, 0.51] more than hiding a random "
            "area of its size. No other measured region stands out, which does not prove that there is no shortcut "
            "(41 patients)",
        ),
        (
            {"mark": MARK_COUNTS, "same_lung": (0.2, 0.1, 0.3)},
            "XA202",
            "honest: uses the marked lesion. Hiding it lowers P(cancer) by 0.42 [0.33, 0.51] more than hiding a random "
            "area of its size. No other measured region stands out, which does not prove that there is no shortcut "
            "(41 patients)",
        ),
    ],
)
def test_reliance_says_what_the_model_uses(intervals, code, sentence):
    (found,) = judged(reliances(**intervals), positive={"honest": "cancer"})
    assert (found.code, found.sentence) == (code, sentence)
    assert (found.status, found.gating) == ("pass" if code == "XA202" else "fail", False)
    assert (found.subject, found.value) == ("honest", intervals["mark"][1])


@pytest.mark.parametrize(("low", "code", "shown"), [(0.02, "XA202", ""), (0.0201, "XA201", "[0.0201, 0.06]")])
def test_another_region_counts_only_beyond_the_margin(low, code, shown):
    assert MARGIN == 0.02
    (found,) = judged(reliances(mark=MARK_COUNTS, border=(0.04, low, 0.06)))
    assert found.code == code
    assert shown in found.sentence
    assert found.rule == "lower end of reliance-mark > 0.02, and of no other region"


@pytest.mark.parametrize("region", ELSEWHERE)
def test_each_region_without_a_lesion_can_be_a_shortcut(region):
    (found,) = judged(reliances(**{"mark": MARK_IDLE, region: (0.5, 0.4, 0.6)}))
    assert found.code == "XA201"
    assert "lowers the target's probability by 0.50 [0.40, 0.60]" in found.sentence


@pytest.mark.parametrize(("low", "code"), [(0.001, "XA201"), (0.02, "XA201"), (0.0201, "XA202")])
def test_the_mark_is_held_to_the_margin_of_every_other_region(low, code):
    (found,) = judged(reliances(mark=(0.03, low, 0.05)))
    assert (found.code, found.threshold) == (code, MARGIN)


def test_without_marks_a_region_is_named_as_a_place_of_the_image():
    (found,) = judged(reliances(outside=(0.5, 0.4, 0.6)), positive={"honest": "cancer"})
    assert found.sentence == (
        "honest: uses the rest of the image. Hiding it lowers P(cancer) by 0.50 [0.40, 0.60] more than hiding a random "
        "area of its size. Without marks, the effect of the lesion is not known (41 patients)"
    )


def test_reliance_of_few_patients_decides_nothing():
    few = summary("reliance-mark", interval=(0.5, None, None), n=4)
    (found,) = judged([few])
    assert (found.code, found.status, found.gating) == ("XA102", "error", False)
    assert (
        found.sentence
        == "honest: 4 patients are too few to tell what the model uses; an interval needs at least 5"
    )


def test_without_reliance_nothing_is_said_of_the_model():
    assert judged([summary()]) == ()


def test_a_lung_with_a_clearly_larger_effect_than_its_mark_leaves_the_use_of_the_mark_undecided():
    (verdict,) = judged(
        reliances(mark=(0.06, 0.03, 0.14), same_lung=(0.86, 0.78, 0.91)), positive={"honest": "cancer"}
    )
    assert (verdict.code, verdict.status) == ("XA202", "error")
    assert verdict.sentence == (
        "honest: undecided if the answer rests on the marked lesion. Hiding it lowers P(cancer) by 0.06 [0.03, 0.14] more "
        "than hiding a random area of its size, hiding the rest of its lung by 0.86 [0.78, 0.91], clearly more. That may be "
        "the lesion's surroundings, or something else in that lung; look at the areas of the reliance map (41 patients)"
    )
    # Intervals that overlap say nothing of the order; a fault elsewhere is the graver finding.
    (close,) = judged(reliances(mark=MARK_COUNTS, same_lung=(0.6, 0.50, 0.7)))
    assert (close.code, close.status) == ("XA202", "pass")
    (fault,) = judged(
        reliances(mark=(0.06, 0.03, 0.14), same_lung=(0.86, 0.78, 0.91), border=(0.2, 0.1, 0.3))
    )
    assert (fault.code, fault.status) == ("XA201", "fail")


def test_the_gate_on_the_use_of_the_mark_does_not_pass_where_its_lung_counts_more():
    use, gate = judged(reliances(mark=(0.06, 0.03, 0.14), same_lung=(0.86, 0.78, 0.91)), "uses-mark")
    assert {use.status, gate.status} == {"error"}
