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
        (1e-30, 0.0, "under 0.001"),
        (4e-7, 0.0, "under 0.001"),
        (-4e-7, 0.0, "over -0.001"),
        (4e-7, 0.1, "0.00"),
        (0.1000004, 0.1, "0.1000004"),
        (0.0, 0.0, "0.00"),
    ],
)
def test_a_number_shows_two_decimals_or_enough_to_tell_it_from_the_limit(value, beside, text):
    assert shown(value, beside=beside) == text


@given(st.floats(-2, 2), st.floats(-2, 2))
def test_the_digits_never_move_a_number_to_the_other_side_of_its_limit(value, beside):
    rounded = read(shown(value, beside=beside))
    assert (rounded < beside, rounded == beside) == (value < beside, value == beside)


def read(text):
    """What a reader takes a text for: a bound such as "under 0.001" for a number on its side of zero."""
    word, _, number = text.rpartition(" ")
    return float(number) / 2 if word else float(number)


@given(
    st.lists(st.one_of(st.floats(-1, 1), st.floats(-1e-3, 1e-3)), min_size=3, max_size=3),
    st.sampled_from([None, 0.0, 0.02, 0.5]),
    st.booleans(),
)
def test_no_estimate_is_shown_outside_its_own_interval(numbers, beside, estimate_too):
    low, estimate, high = sorted(numbers)
    text = shown_interval(Interval(estimate, low, high, "bca"), beside=beside, estimate_too=estimate_too)
    before, _, limits = text.partition(" [")
    shown_low, _, shown_high = limits.removesuffix("]").partition(", ")
    assert read(shown_low) <= read(before) <= read(shown_high)


def test_an_estimate_gets_the_digits_that_its_limits_have():
    tiny = Interval(0.0024, 0.00003, 0.01, "bca")
    assert shown_interval(tiny, beside=0.0, estimate_too=False) == "0.002 [under 0.001, 0.01]"
    near = Interval(0.0203, 0.0201, 0.06, "bca")
    assert shown_interval(near, beside=0.02, estimate_too=False) == "0.0203 [0.0201, 0.06]"


def test_an_interval_shows_its_limits_and_without_limits_none():
    assert shown_interval(Interval(0.123, 0.1, 0.2, "bca")) == "0.12 [0.10, 0.20]"
    assert shown_interval(Interval(0.123, None, None, "none")) == "0.12"


def test_zero_and_many_take_the_plural():
    assert (counted(0, "case"), counted(1, "case"), counted(12, "case")) == ("0 cases", "1 case", "12 cases")
    assert (counted(1, "study", "studies"), counted(2, "study", "studies")) == ("1 study", "2 studies")


def test_where_only_the_limits_decide_a_rounding_error_of_the_estimate_stays_hidden():
    interval = Interval(-1e-17, -0.001, 0.2, "bca")
    assert shown_interval(interval, beside=0.0, estimate_too=False) == "0.00 [-0.001, 0.20]"
