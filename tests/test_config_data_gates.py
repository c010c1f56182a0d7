"""Gates on values of the data: how they are written, and what is refused."""

import pytest

from xaudit.catalog import METRICS
from xaudit.config import Gate, MaxDrop, SettingError
from xaudit.stages.data_audit import CHECKS


def test_a_gate_on_the_data_names_no_explainer_and_no_part():
    gate = Gate.parse("ece <= 0.1")
    assert (gate.metric, gate.at_least, gate.value, gate.is_of_data) == ("ece", False, 0.1, True)
    assert str(Gate.parse("brier = 0.2")) == "brier <= 0.2"
    assert not Gate.parse("iou >= 0.3").is_of_data


def test_equality_asks_for_the_best_value_only():
    assert str(Gate.parse("brier == 0")) == "brier <= 0"
    assert str(Gate.parse("iou@lime == 1")) == "iou@lime >= 1"


@pytest.mark.parametrize(
    ("text", "error", "hint"),
    [
        (
            "ece == .1",
            "'ece == .1': a measured value is held against a limit, and is hardly ever equal to one",
            "write ece <= .1; == is for the best value there is, such as leakage == 0",
        ),
        (
            "iou == 0",
            "'iou == 0': a measured value is held against a limit, and is hardly ever equal to one",
            "write iou >= 0; == is for the best value there is, such as leakage == 0",
        ),
        (
            "reliance-mark == 0",
            "'reliance-mark == 0': a measured value is held against a limit, and is hardly ever equal to one",
            "write reliance-mark <= or >= 0; == is for the best value there is, such as leakage == 0",
        ),
        (
            "ece@lime <= .1",
            "'ece@lime <= .1': ece is a value of the data and takes no @explainer",
            "leave out `@lime`",
        ),
        (
            "ece%site=a <= .1",
            "'ece%site=a <= .1': ece is measured on all images together, and not in strata",
            "leave out `%site=a`",
        ),
    ],
)
def test_what_a_gate_on_the_data_cannot_say(text, error, hint):
    with pytest.raises(SettingError) as refused:
        Gate.parse(text)
    assert (str(refused.value), refused.value.hint) == (error, hint)


def test_a_largest_drop_needs_scores():
    with pytest.raises(
        SettingError, match="ece is a value of the data, and has no scores of cases to compare"
    ):
        MaxDrop.parse("ece=0.1")


def test_each_value_of_the_data_is_measured_by_one_check():
    measured = [metric for check in CHECKS for metric in check.metrics]
    assert sorted(measured) == sorted(row.id for row in METRICS if row.family == "data")
