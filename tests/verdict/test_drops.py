"""Largest drops against a baseline, on moves made by hand."""

import pytest

from xaudit.config import MaxDrop
from xaudit.records import Interval, Move
from xaudit.verdict import Baseline, Strictness, judge_drops


def move(difference, means=(0.5, 0.4), *, metric="iou", explainer="lime", better=True, **changes):
    plain = {
        "model_id": "net",
        "explainer_id": explainer,
        "metric_id": metric,
        "family": "localization",
        "reader": "union",
        "higher_is_better": better,
        "means": means,
        "difference": None if difference is None else Interval(*difference, "bca"),
        "p_value": 0.01,
        "p_adjusted": 0.01,
        "n_cases": 40,
        "n_patients": 20,
        "n_unpaired": 0,
        "cluster": "patient",
        "conclusion": "lower",
        "sentence": "",
    }
    return Move(**{**plain, **changes})


def judged(moves, *limits, gate_on="lower", explainers=("lime",), models=("net",), changed=()):
    return judge_drops(
        Baseline("old", tuple(moves), changed),
        limits=[MaxDrop.parse(limit) for limit in limits],
        models=models,
        explainers=explainers,
        strictness=Strictness(gate_on),
    )


# head minus base is -0.10 [-0.16, -0.04], so the drop is 0.10 [0.04, 0.16]
FELL = (-0.1, -0.16, -0.04)


@pytest.mark.parametrize(
    ("limit", "gate_on", "status", "value", "end"),
    [
        ("iou@lime=0.2", "lower", "pass", 0.16, "the drop's upper end 0.16 stays within 0.20"),
        ("iou@lime=0.16", "lower", "pass", 0.16, "the drop's upper end 0.16 stays within 0.16"),
        (
            "iou@lime=0.12",
            "lower",
            "fail",
            0.16,
            "the drop's upper end 0.16 is above 0.12, though its mean is not",
        ),
        ("iou@lime=0.05", "lower", "fail", 0.16, "the drop's upper end 0.16 is above 0.05"),
        ("iou@lime=0.12", "mean", "pass", 0.1, "the drop's mean 0.10 stays within 0.12"),
        ("iou@lime=0.05", "mean", "fail", 0.1, "the drop's mean 0.10 is above 0.05"),
    ],
)
def test_a_drop_is_held_against_the_unfavourable_end_of_its_interval(limit, gate_on, status, value, end):
    (found,) = judged([move(FELL)], limit, gate_on=gate_on)
    assert (found.code, found.status, found.value, found.gating) == ("XA104", status, value, True)
    figures = "0.10 [0.04, 0.16]"
    assert found.sentence == (
        f"iou of lime on net: 0.50 in old, 0.40 here, worse by {figures} on the same 20 patients; {end}"
    )
    assert (found.subject, found.n_patients, found.kind) == ("net/lime", 20, "gate")
    assert found.rule == f"drop of iou@lime <= {limit.partition('=')[2]}"


def test_a_metric_of_which_lower_is_better_drops_where_it_rises():
    rose = move((0.1, 0.04, 0.16), (0.2, 0.3), metric="pixel-flipping", better=False)
    (found,) = judged([rose], "pixel-flipping=0.05")
    assert (found.status, found.value) == ("fail", 0.16)
    fell = move(FELL, (0.3, 0.2), metric="pixel-flipping", better=False)
    (found,) = judged([fell], "pixel-flipping=0")
    assert (found.status, found.value) == ("pass", -0.04)


def test_a_gain_is_within_every_drop():
    (found,) = judged([move((0.1, 0.04, 0.16), (0.4, 0.5))], "iou=0")
    assert (found.status, found.value) == ("pass", -0.04)
    assert "worse by -0.10 [-0.16, -0.04]" in found.sentence


def test_two_runs_that_are_the_same_drop_by_nothing_and_no_zero_has_a_sign():
    (found,) = judged([move((0.0, 0.0, 0.0), (0.4, 0.4), conclusion="same")], "iou=0")
    assert (found.status, str(found.value)) == ("pass", "0.0")


def test_reliance_asks_the_model_and_drops_where_it_falls():
    fell = move(FELL, metric="reliance-mark", explainer="-", better=None, family="reliance")
    (found,) = judged([fell], "reliance-mark=0.05")
    assert (found.subject, found.status) == ("net", "fail")
    assert "reliance-mark of net: 0.50 in old, 0.40 here, less by 0.10" in found.sentence


def test_a_drop_without_an_explainer_asks_each_that_is_no_control():
    found = judged(
        [move(FELL), move((0.0, -0.01, 0.01), explainer="gradcam"), move(FELL, explainer="random")],
        "iou=0.05",
        explainers=("gradcam", "lime"),
    )
    assert [(v.subject, v.status) for v in found] == [("net/gradcam", "pass"), ("net/lime", "fail")]


def test_every_reader_and_every_model_has_its_verdict():
    found = judged(
        [move(FELL, reader="r1"), move((0.0, -0.01, 0.01), reader="r2")],
        "iou=0.05",
        models=("net", "other"),
    )
    assert [(v.subject, v.code, v.status) for v in found] == [
        ("net/lime/r1", "XA104", "fail"),
        ("net/lime/r2", "XA104", "pass"),
        ("other/lime", "XA102", "error"),
    ]
    assert found[2].sentence == "iou of lime on other: no case has a value both here and in old"


def test_no_common_case_and_too_few_patients_are_errors():
    alone = move(None, None, n_cases=0, n_patients=0, conclusion="none")
    few = move((-0.1, None, None), n_patients=4, n_cases=8)
    for one, sentence in (
        (alone, "iou of lime on net: no case has a value both here and in old"),
        (
            few,
            "iou of lime on net: 0.50 in old, 0.40 here, worse by 0.10 on the same 4 patients; an interval needs "
            "at least 5, and the gate uses its upper end",
        ),
    ):
        (found,) = judged([one], "iou@lime=0.5")
        assert (found.code, found.status, found.gating, found.sentence) == ("XA102", "error", True, sentence)
    (on_mean,) = judged([few], "iou@lime=0.5", gate_on="mean")
    assert (on_mean.code, on_mean.status) == ("XA104", "pass")


def test_a_reader_learns_of_unpaired_cases_and_other_settings():
    (found,) = judged([move(FELL, n_unpaired=3)], "iou@lime=0.5", changed=("lime",))
    assert "on the same 20 patients (3 cases in one run only) (lime had other settings there); " in (
        found.sentence
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("iou", "'iou' is not a largest drop; write it like 'iou@gradcam=0.05'"),
        ("iou>=0.1", "'iou>=0.1' is not a largest drop; write it like 'iou@gradcam=0.05'"),
        (
            "iou%lesion-size=0.1",
            "'iou%lesion-size=0.1' is not a largest drop; write it like 'iou@gradcam=0.05'",
        ),
        ("iou=-0.1", "'iou=-0.1': a drop is 0 or more; a gain is asked for with a gate"),
        ("iou=1e999", "'iou=1e999': a drop is 0 or more; a gain is asked for with a gate"),
        (
            "reliance-mark@lime=0.1",
            "'reliance-mark@lime=0.1': reliance-mark asks the model itself and takes no @explainer",
        ),
    ],
)
def test_what_is_no_drop_is_refused(text, message):
    with pytest.raises(ValueError) as refused:
        MaxDrop.parse(text)
    assert str(refused.value) == message


def test_a_drop_within_a_stratum_asks_the_moves_of_that_stratum():
    limit = MaxDrop.parse("iou@lime % lesion-size = small = 0.2")
    assert (limit.stratum, str(limit)) == ("lesion-size=small", "drop of iou@lime%lesion-size=small <= 0.2")
    small = move((-0.1, -0.3, 0.1), (0.4, 0.3), stratum="lesion-size=small", n_patients=6)
    inside, overall = judged([move(FELL), small], "iou@lime%lesion-size=small=0.2", "iou@lime=0.2")
    assert (inside.status, inside.value, inside.n_patients) == ("fail", 0.3, 6)
    assert inside.sentence == (
        "iou of lime on net (lesion-size=small): 0.40 in old, 0.30 here, worse by 0.10 [-0.10, 0.30] on the same "
        "6 patients; the drop's upper end 0.30 is above 0.20, though its mean is not"
    )
    assert (overall.status, overall.value) == ("pass", 0.16)


def test_a_drop_within_a_stratum_that_no_case_is_in_is_an_error_that_names_the_others():
    baseline = Baseline("old", (move(FELL),), (), {"net": ("lesion-size=middle", "lesion-size=large")})
    (found,) = judge_drops(
        baseline,
        limits=[MaxDrop.parse("iou@lime%lesion-size=small=0.2")],
        models=("net",),
        explainers=("lime",),
        strictness=Strictness(),
    )
    assert (found.code, found.status, found.rule) == (
        *("XA102", "error", "drop of iou@lime%lesion-size=small <= 0.2"),
    )
    assert found.sentence == (
        "iou of lime on net (lesion-size=small): no case has a value both here and in old; there are values for "
        "%lesion-size=large, %lesion-size=middle"
    )
