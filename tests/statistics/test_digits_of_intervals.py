"""An interval is written with more digits where its estimate, too, is held against a limit."""

from xaudit.records import Interval
from xaudit.statistics.digits import shown_interval


def test_an_estimate_is_told_apart_from_the_limit_unless_only_its_ends_decide():
    interval = Interval(0.2996, 0.25, 0.3004, "bca")
    assert shown_interval(interval, beside=0.3) == "0.2996 [0.25, 0.3004]"
    assert shown_interval(interval, beside=0.3, estimate_too=False) == "0.30 [0.25, 0.3004]"
    assert shown_interval(interval) == "0.30 [0.25, 0.30]"
