"""One map scored without a run: the right number, or an error that says what to do."""

import numpy as np
import pytest

import xaudit
from xaudit.errors import AuditFileError, DataError, UsageError

# Row sums of the positive part: 4 + 1 + 1 + 2 = 8, of which 4 + 1 lie in the mark.
SALIENCY = np.array([[4.0, 1.0, -3.0], [0.0, 1.0, 2.0]])
MARK = np.array([[True, True, False], [False, False, False]])


def refusal(kind, *args, **options):
    with pytest.raises(kind) as caught:
        xaudit.score_map(*args, **options)
    return str(caught.value), caught.value.hint


def test_the_metrics_of_an_audit_are_the_default_and_worked_by_hand():
    scores = xaudit.score_map(SALIENCY, MARK)
    assert list(scores) == [
        "pointing-game",
        "iou",
        "relevance-mass-accuracy",
        "relevance-rank-accuracy",
        "pixel-auroc",
    ]
    assert scores["pointing-game"] == 1
    assert scores["relevance-mass-accuracy"] == 5 / 8
    assert scores["relevance-rank-accuracy"] == 1 / 2  # the two highest are 4 (marked) and 2 (not)
    # 8 pairs of a marked and an unmarked pixel: 4 beats all four; 1 beats two zeros, ties with 1, loses to 2.
    assert scores["pixel-auroc"] == (4 + 2.5) / 8


def test_settings_and_ids_are_those_of_an_audit_file():
    cut = {"name": "iou", "binarisation": "fixed", "threshold": 0.1}
    scores = xaudit.score_map(
        SALIENCY, MARK, metrics=["iou", {**cut, "id": "low"}, {**cut, "id": "high", "threshold": 0.4}]
    )
    assert scores["low"] == 2 / 4  # 4, 1, 1 and 2 exceed 0.4; two of them are marked
    assert scores["high"] == 1 / 3  # 4 and 2 exceed 1.6; the union holds the two marked pixels and the 2
    assert list(scores) == ["iou", "low", "high"]


def test_a_name_alone_is_one_metric():
    assert xaudit.score_map(SALIENCY, MARK, metrics="pointing-game") == {"pointing-game": 1.0}


def test_complexity_needs_no_mark_and_counts_magnitudes():
    scores = xaudit.score_map(SALIENCY, metrics=["effective-complexity", "complexity"])
    assert scores["effective-complexity"] == 5
    shares = np.array([4, 1, 3, 1, 2]) / 11
    assert scores["complexity"] == pytest.approx(-(shares * np.log(shares)).sum())
    assert list(xaudit.score_map(SALIENCY)) == ["sparseness", "complexity", "effective-complexity"]


@pytest.mark.parametrize(
    "mark",
    [
        MARK.tolist(),
        MARK.astype(np.uint8) * 255,
        MARK.astype(int) * 2,
        MARK.astype(float),
        [[1, 1, 0], [0, 0, 0]],
    ],
    ids=["lists", "0 and 255", "0 and 2", "0.0 and 1.0", "integers"],
)
def test_a_mark_may_be_any_array_of_whole_numbers(mark):
    assert xaudit.score_map(SALIENCY.tolist(), mark) == xaudit.score_map(SALIENCY, MARK)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.int64])
def test_a_map_may_be_of_any_kind_of_number(kind):
    assert xaudit.score_map(SALIENCY.astype(kind), MARK) == xaudit.score_map(SALIENCY, MARK)


def test_what_the_model_did_not_see_is_left_out():
    seen = [[True, True, True], [True, True, False]]  # without the 2: 5 of 6 lie in the mark
    blank = np.where(seen, SALIENCY, np.nan)
    assert xaudit.score_map(blank, MARK, valid=seen)["relevance-mass-accuracy"] == 5 / 6


def test_millimetres_need_the_spacing():
    metrics = ["peak-distance-mm"]
    mark = [[0, 0, 0], [0, 0, 1]]  # the peak is one row and two columns away: 3 mm and 4 mm
    assert xaudit.score_map(SALIENCY, mark, metrics=metrics, spacing_mm=(3, 2)) == {"peak-distance-mm": 5.0}
    absent = xaudit.score_map(SALIENCY, mark, metrics=metrics)["peak-distance-mm"]
    assert isinstance(absent, xaudit.Absent)
    assert "pixel spacing" in absent.reason


def test_what_has_no_value_says_why():
    nothing = np.zeros((2, 3))
    scores = xaudit.score_map(SALIENCY, nothing)
    assert {one.reason for one in scores.values()} == {
        "the mark is empty: the readers left no pixel to be found"
    }
    # Decision 10: on a marked image a map that points nowhere found nothing, and AUROC gives it chance.
    assert xaudit.score_map(nothing, MARK) == {
        "pointing-game": 0.0,
        "iou": 0.0,
        "relevance-mass-accuracy": 0.0,
        "relevance-rank-accuracy": 0.0,
        "pixel-auroc": 0.5,
    }
    assert xaudit.score_map(SALIENCY, nothing, metrics=["false-focus"])["false-focus"] == 1 / 6


def test_a_map_that_is_not_finite_is_refused_with_a_way_out():
    message, hint = refusal(DataError, [[np.nan, 1], [np.inf, 0]], [[1, 0], [0, 0]])
    assert message == "saliency: 2 of 4 values are NaN or infinite"
    assert "valid=numpy.isfinite(saliency)" in hint


@pytest.mark.parametrize(
    ("saliency", "mark", "message"),
    [
        (SALIENCY, MARK.T, "mark: is of shape (3, 2), and the map of (2, 3)"),
        (SALIENCY[None], MARK, "saliency: expected an array of shape (H, W), got (1, 2, 3)"),
        (np.zeros((0, 3)), MARK, "saliency: expected an array of shape (H, W), got (0, 3)"),
        (SALIENCY, SALIENCY, "mark: expected true and false, or whole numbers from 0"),
        (SALIENCY, MARK * 0.3, "mark: expected true and false, or whole numbers from 0"),
        (SALIENCY + 1j, MARK, "saliency: expected numbers, got complex128"),
        ([["a", "b"]], MARK, "saliency: expected numbers, got <U1"),
        (np.ma.masked_less(SALIENCY, 0), MARK, "saliency: some of its values are masked"),
    ],
)
def test_a_wrong_array_is_refused_by_name(saliency, mark, message):
    assert refusal(DataError, saliency, mark)[0] == message


def test_ragged_lists_and_tensors_with_gradients_are_no_arrays():
    torch = pytest.importorskip("torch")
    assert refusal(DataError, [[1, 2], [3]], MARK)[0].startswith("saliency: is no array")
    message, hint = refusal(DataError, torch.zeros(2, 3, requires_grad=True), MARK)
    assert message.startswith("saliency: is no array")
    assert ".detach().float().cpu().numpy()" in hint
    assert xaudit.score_map(torch.tensor(SALIENCY), torch.tensor(MARK)) == xaudit.score_map(SALIENCY, MARK)


@pytest.mark.parametrize("spacing", [(1, -1), (1, float("nan")), 3, (1, 2, 3)])
def test_a_spacing_is_two_lengths(spacing):
    assert refusal(DataError, SALIENCY, MARK, spacing_mm=spacing)[0].startswith(
        "spacing_mm: expected two lengths"
    )


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("pixel-flipping", "score_map: 'pixel-flipping' needs the model, not a map and a mark alone"),
        ("mass-mark", "score_map: 'mass-mark' needs the case's anatomy, not a map and a mark alone"),
        (
            "iou-ceiling",
            "score_map: 'iou-ceiling' needs the explainer's native grid, not a map and a mark alone",
        ),
        (
            {"name": "iou", "binarisation": "tuned"},
            "score_map: 'iou' cuts at a threshold that is tuned on other maps",
        ),
    ],
)
def test_a_metric_that_needs_more_is_refused_by_name(metric, message):
    assert refusal(UsageError, SALIENCY, MARK, metrics=[metric])[0] == message


def test_a_metric_without_its_mark_and_one_named_twice_are_refused():
    assert refusal(UsageError, SALIENCY, metrics=["iou"])[0] == "score_map: 'iou' needs a mark"
    assert refusal(UsageError, SALIENCY, MARK, metrics=["iou", "iou"])[0] == "score_map: 'iou' stands twice"


def test_an_unknown_metric_or_setting_has_the_nearest_name():
    assert refusal(AuditFileError, SALIENCY, MARK, metrics=["iuo"]) == (
        "metrics: no metric is called 'iuo'",
        "did you mean 'iou'? `xaudit list metrics` shows all",
    )
    message, hint = refusal(AuditFileError, SALIENCY, MARK, metrics=[{"name": "iou", "treshold": 0.2}])
    assert message == "metrics: no option is called 'treshold'"
    assert hint.startswith("did you mean 'threshold'?")
    assert refusal(AuditFileError, SALIENCY, MARK, metrics=[3])[0].startswith("metrics: ")


def test_the_arrays_are_left_as_they_were():
    saliency, mark = SALIENCY.copy(), MARK.copy()
    xaudit.score_map(saliency, mark)
    np.testing.assert_array_equal(saliency, SALIENCY)
    np.testing.assert_array_equal(mark, MARK)
