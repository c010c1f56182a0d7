"""Gates on values of the data: what they are compared with, and what they say."""

from dataclasses import replace

from xaudit.config import Gate
from xaudit.records import DataCheck, Interval
from xaudit.verdict import Strictness, data_gate_verdicts


def check(dataset_id="data", *, ece=None, brier=None, skipped=()):
    return DataCheck(
        "calibration",
        "Calibration",
        dataset_id,
        values={} if brier is None else {"brier": brier},
        model_values={} if ece is None else {"net": {"ece": ece}},
        skipped=skipped,
        n_patients=12,
    )


def judged(text, *checks, gate_on="lower", informational=False):
    gates = [Gate.parse("iou >= 0.5"), Gate.parse(text, informational=informational)]
    return data_gate_verdicts(gates, checks, Strictness(gate_on))


def test_an_interval_is_held_by_its_less_favourable_end():
    (verdict,) = judged("ece <= 0.1", check(ece=Interval(0.04, 0.02, 0.19, "bca")))
    assert (verdict.status, verdict.value, verdict.threshold) == ("fail", 0.19, 0.1)
    assert verdict.sentence == "ece of net: 0.04 [0.02, 0.19]; its upper end 0.19 is above 0.10"
    assert (verdict.model_id, verdict.rule, verdict.n_patients, verdict.kind) == (
        "net",
        "ece <= 0.1",
        12,
        "gate",
    )

    (verdict,) = judged("ece <= 0.1", check(ece=Interval(0.04, 0.02, 0.19, "bca")), gate_on="mean")
    assert (verdict.status, verdict.value) == ("pass", 0.04)

    (verdict,) = judged("ece >= 0.02", check(ece=Interval(0.04, 0.02, 0.19, "bca")))
    assert (verdict.status, verdict.value) == ("pass", 0.02)


def test_a_count_is_compared_as_it_is():
    (verdict,) = judged("brier == 0", check(brier=0.0))
    assert (verdict.status, verdict.code, verdict.model_id) == ("pass", "XA101", "the data")
    assert verdict.sentence == "brier of the data: 0.00, which stays within 0.00"
    (verdict,) = judged("brier == 0", check(brier=3.0))
    assert (verdict.status, verdict.sentence) == ("fail", "brier of the data: 3.00, which is above 0.00")


def test_several_data_sets_are_judged_apart():
    verdicts = judged("brier <= 1", check(brier=0.0), check("second", brier=2.0))
    assert [(one.model_id, one.status) for one in verdicts] == [
        ("data set 'data'", "pass"),
        ("data set 'second'", "fail"),
    ]


def test_a_gate_without_a_value_is_an_error_and_says_why():
    (verdict,) = judged("ece <= 0.1", check(skipped=("calibration: no model was asked",)))
    assert (verdict.status, verdict.code, verdict.gating) == ("error", "XA102", True)
    assert verdict.sentence == "ece was not measured: calibration: no model was asked"

    (verdict,) = judged("ece <= 0.1", check(ece=Interval(0.04, None, None, "none")), informational=True)
    assert (verdict.status, verdict.code, verdict.gating) == ("error", "XA102", False)
    assert verdict.sentence == (
        "ece of net: 0.04; an interval needs at least 5 patients, and the gate uses its upper end"
    )


def test_a_data_set_without_the_value_does_not_pass_with_the_other():
    verdicts = judged(
        "brier <= 1", check(brier=0.0), check("second", skipped=("leakage: no training images",))
    )
    assert [(one.model_id, one.status) for one in verdicts] == [
        ("data set 'data'", "pass"),
        ("data set 'second'", "error"),
    ]
    assert verdicts[1].sentence == "brier of data set 'second' was not measured: leakage: no training images"


def test_a_model_without_the_value_does_not_pass_with_the_other():
    skipped = ("attributes: sex cannot be told", "calibration of blind: it answered no test image")
    both = replace(check(ece=0.01, skipped=skipped), model_ids=("net", "blind"))
    verdicts = judged("ece <= 0.1", both)
    assert [(one.model_id, one.status) for one in verdicts] == [("net", "pass"), ("blind", "error")]
    assert (
        verdicts[1].sentence
        == "ece of blind was not measured: calibration of blind: it answered no test image"
    )
    # A value that a model's answers cannot give is missing in the same way.
    without = replace(both, model_values={"net": {"ece": 0.01}, "blind": {"brier": 0.1}})
    assert [one.status for one in judged("ece <= 0.1", without)] == ["pass", "error"]
