import pytest
from hypothesis import given
from hypothesis import strategies as st

from xaudit.records import Interval
from xaudit.statistics.digits import counted, shown, shown_interval


@pytest.mark.parametrize(
    ("value", "beside", "text"),
    [
        (0.4, None, "0.40"),
        (0.299, 0.3, "0.299"),
        (0.2996, 0.3, "0.2996"),
        (0.295, 0.3, "0.29"),
        (0.3, 0.3, "0.30"),
        (0.1 + 0.2, 0.3, "0.30000000000000004"),
        (0.305, 0.305, "0.305"),
        (-0.001, None, "0.00"),
        (-0.001, 0.0, "-0.001"),
        (1e-30, 0.0, "1e-30"),
    ],
)
def test_a_number_shows_two_decimals_or_enough_to_tell_it_from_the_limit(value, beside, text):
    assert shown(value, beside=beside) == text


@given(st.floats(-2, 2), st.floats(-2, 2))
def test_the_digits_never_move_a_number_to_the_other_side_of_its_limit(value, beside):
    rounded = float(shown(value, beside=beside))
    assert (rounded < beside, rounded == beside) == (value < beside, value == beside)


def test_an_interval_shows_its_limits_and_without_limits_none():
    assert shown_interval(Interval(0.123, 0.1, 0.2, "bca")) == "0.12 [0.10, 0.20]"
    assert shown_interval(Interval(0.123, None, None, "none")) == "0.12"


def test_zero_and_many_take_the_plural():
    assert (counted(0, "case"), counted(1, "case"), counted(12, "case")) == ("0 cases", "1 case", "12 cases")


def test_where_only_the_limits_decide_a_rounding_error_of_the_estimate_stays_hidden():
    interval = Interval(-1e-17, -0.001, 0.2, "bca")
    assert shown_interval(interval, beside=0.0, estimate_too=False) == "0.00 [-0.001, 0.20]"
