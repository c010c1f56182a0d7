"""Findings on whole-image properties: following a property, being sensitive to it, and neither."""

import pytest

from xaudit.catalog.image_changes import IMAGE_MARGIN
from xaudit.records import Interval, PropertyEffect
from xaudit.verdict import image_findings


def bounds(low, high, estimate=None):
    return Interval((low + high) / 2 if estimate is None else estimate, low, high, "bca")


def effect(images, probability, *, name="brightness", movement=None, whole=None, **further):
    low, high = probability
    moved = movement or (min(abs(low), abs(high)), max(abs(low), abs(high)))
    fields = {
        "model_id": "m",
        "property": name,
        "images": images,
        "target": "cancer",
        "less": "darker-10" if name == "brightness" else "blur-1",
        "more": "brighter-10" if name == "brightness" else "sharpen-100",
        "n_cases": 40,
        "n_patients": 20,
        "n_marked": 40 if images == "cancer" else 0,
        "cluster": "patient",
        "probability": bounds(low, high),
        "log_odds": bounds(low * 4, high * 4),
        "movement": bounds(*moved),
        "with_finding": bounds(*(whole or moved)),
        "n_spreads": 3.0,
    }
    return PropertyEffect(**{**fields, **further})


def codes(*effects):
    return [finding.code for finding in image_findings(effects)]


def test_a_model_whose_answer_rises_with_brightness_on_both_classes_follows_it():
    (finding,) = image_findings([effect("cancer", (0.42, 0.48)), effect("normal", (0.40, 0.50))])
    assert (finding.code, finding.status, finding.gating) == ("XA210", "fail", False)
    assert finding.value == 0.40  # the nearer limit of the two classes
    assert finding.threshold == IMAGE_MARGIN
    assert finding.sentence == (
        "m: the answer follows the brightness of the whole image. From 10 % of the range darker to 10 % of the range brighter, "
        "P(cancer) rises by 0.45 [0.42, 0.48] on images of cancer with the marked finding left as it is (20 patients), and "
        "rises by 0.45 [0.40, 0.50] on images of normal (20 patients)"
    )


def test_a_fall_on_both_classes_is_followed_as_well():
    (finding,) = image_findings([effect("cancer", (-0.5, -0.3)), effect("normal", (-0.4, -0.2))])
    assert finding.code == "XA210"
    assert "P(cancer) falls by 0.40 [0.30, 0.50] on images of cancer" in finding.sentence


@pytest.mark.parametrize(
    ("cancer", "normal"),
    [
        ((-0.19, -0.02), (0.11, 0.32)),  # an honest network and sharpening: opposite ways
        ((0.11, 0.30), (-0.02, 0.30)),  # one class alone
        ((0.09, 0.30), (0.11, 0.30)),  # one lower end within the margin
    ],
)
def test_a_move_that_is_not_one_way_on_every_class_is_fragility_and_no_evidence(cancer, normal):
    found = image_findings(
        [
            effect("cancer", cancer, name="sharpness"),
            effect("normal", normal, name="sharpness", movement=(0.11, 0.33)),
        ]
    )
    assert [finding.code for finding in found] == ["XA214"]
    assert "the answer is sensitive to the quality of the image" in found[0].sentence
    assert "no proof that the model takes its answer from it" in found[0].sentence


def test_nothing_is_said_where_nothing_moves_the_answer():
    assert codes(effect("cancer", (-0.05, 0.08)), effect("normal", (-0.03, 0.0))) == []
    assert codes() == []


def test_a_finding_that_blur_hides_is_fragility_though_the_rest_of_the_image_moves_nothing():
    assert codes(
        effect("cancer", (-0.02, 0.02), name="sharpness", whole=(0.3, 0.5)),
        effect("normal", (-0.02, 0.02), name="sharpness"),
    ) == ["XA214"]


def test_one_class_alone_shows_sensitivity_and_leaves_open_what_it_comes_from():
    (finding,) = image_findings([effect("cancer", (0.4, 0.5))])
    assert finding.code == "XA214"
    assert "Only images of cancer were asked of enough patients" in finding.sentence
    assert "no proof" not in finding.sentence


def test_a_class_with_too_few_patients_for_an_interval_decides_nothing():
    few = effect("normal", (0.4, 0.5), n_patients=3)
    few = PropertyEffect(
        **{name: getattr(few, name) for name in PropertyEffect.__dataclass_fields__}
        | {
            name: Interval(0.45, None, None, "none")
            for name in ("probability", "log_odds", "movement", "with_finding")
        }
    )
    assert codes(few) == []
    assert codes(effect("cancer", (0.4, 0.5)), few) == ["XA214"]
    # A third class with enough patients decides, and the small one is named.
    (finding,) = image_findings([effect("cancer", (0.4, 0.5)), few, effect("other", (0.4, 0.5))])
    assert finding.code == "XA210"
    assert "3 patients with normal are too few for an interval" in finding.sentence


def test_the_strongest_property_is_named_first_and_the_others_after_it():
    (finding,) = image_findings(
        [
            effect("cancer", (0.15, 0.2)),
            effect("normal", (0.15, 0.2)),
            effect("cancer", (0.45, 0.5), name="sharpness"),
            effect("normal", (0.40, 0.5), name="sharpness"),
        ]
    )
    assert finding.sentence.startswith("m: the answer follows the sharpness of the whole image")
    assert finding.sentence.endswith("It also moves with brightness (by at least 0.15)")


def test_targets_are_not_mixed():
    # Each image's own class is explained: brightness raises one class's probability and lowers the other's.
    assert codes(
        effect("cancer", (0.4, 0.5), target="cancer"), effect("normal", (0.4, 0.5), target="normal")
    ) == ["XA214"]


def test_models_are_judged_apart():
    found = image_findings(
        [
            effect("cancer", (0.4, 0.5), model_id="a"),
            effect("normal", (0.4, 0.5), model_id="a"),
            effect("cancer", (0.0, 0.01), model_id="b"),
            effect("normal", (0.0, 0.01), model_id="b"),
        ]
    )
    assert [(finding.model_id, finding.code) for finding in found] == [("a", "XA210")]
