import numpy as np
import pytest

from xaudit.config import MetricSpec
from xaudit.metrics import Absent, score_localization
from xaudit.metrics.guard import markable, positive_part, signal

LOCALIZATION = (
    "pointing-game",
    "iou",
    "relevance-mass-accuracy",
    "relevance-rank-accuracy",
    "pixel-auroc",
)
MARK = np.array([[True, False], [False, False]])
ALL = np.ones((2, 2), dtype=bool)
RISING = np.array([[4.0, 3.0], [2.0, 1.0]])


@pytest.mark.parametrize(
    ("saliency", "reason"),
    [
        (
            np.array([[np.nan, 1.0], [np.inf, 0.0]]),
            "the map is not finite: 50% of its values are NaN or infinite",
        ),
        (np.zeros((2, 2)), "the map is zero everywhere: it points nowhere"),
        (np.full((2, 2), 0.5), "the map is constant at 0.5: it points everywhere alike"),
        (
            np.array([[0.5, 0.5 + 1e-8], [0.5, 0.5]]),
            "the map is constant at 0.5: it points everywhere alike",
        ),
        (
            -RISING,
            "no pixel of the map speaks for the target: its positive part is zero everywhere",
        ),
    ],
)
def test_a_map_without_a_message_is_absent_and_says_why(saliency, reason):
    assert positive_part(saliency) == Absent(reason)


@pytest.mark.parametrize(
    ("mark", "valid", "reason"),
    [
        (~ALL, ALL, "the mark is empty: the readers left no pixel to be found"),
        (ALL, ALL, "the mark covers all that the model saw, so every map would meet it"),
        (MARK, ~MARK, "the mark lies wholly outside the part of the image that the model saw"),
        (
            MARK | MARK[::-1],
            np.array([[True, False], [True, False]]),
            "the mark covers all that the model saw, so every map would meet it",
        ),
        (MARK, ~ALL, "the mark lies wholly outside the part of the image that the model saw"),
    ],
)
@pytest.mark.parametrize("metric", LOCALIZATION)
def test_a_mark_that_can_not_be_met_or_missed_is_absent_and_says_why(metric, mark, valid, reason):
    assert score_localization(MetricSpec(name=metric), RISING, mark, valid) == Absent(reason)


def test_pixels_that_the_model_did_not_see_are_not_asked():
    saliency = np.array([[2.0, 1.0], [np.nan, np.inf]])
    top_row = np.array([[True, True], [False, False]])
    # Of the two valid pixels the marked one holds 2 of 3.
    assert score_localization(
        MetricSpec(name="relevance-mass-accuracy"), saliency, MARK, top_row
    ) == pytest.approx(2 / 3)


def test_shapes_that_differ_are_a_mistake_in_the_program():
    with pytest.raises(ValueError) as raised:
        score_localization(MetricSpec(name="iou"), RISING, MARK, np.ones((2, 3), dtype=bool))
    assert str(raised.value) == "map of (2, 2), mark of (2, 2) and valid pixels of (2, 3) do not match"


def test_a_metric_of_another_family_is_a_mistake_in_the_program():
    with pytest.raises(ValueError) as raised:
        score_localization(MetricSpec(name="pixel-flipping"), RISING, MARK, ALL)
    assert str(raised.value) == "'pixel-flipping' is not a metric of the family localization"


def test_the_signal_keeps_its_sign_and_the_positive_part_loses_it():
    saliency = np.array([-1.0, 0.0, 2.0], dtype=np.float32)
    assert signal(saliency).tolist() == [-1.0, 0.0, 2.0]
    assert positive_part(saliency).tolist() == [0.0, 0.0, 2.0]


def test_a_faint_map_is_not_mistaken_for_a_constant_one():
    # Values near 1e-30 that differ by half of themselves are a map; only the share of the difference counts.
    assert positive_part(np.array([1e-30, 2e-30])).tolist() == [1e-30, 2e-30]


def test_the_mark_is_read_in_row_order_of_the_valid_pixels():
    valid = np.array([[False, True], [True, True]])
    assert markable(np.array([[True, True], [False, True]]), valid).tolist() == [True, False, True]
