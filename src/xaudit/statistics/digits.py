"""Numbers for people: few digits, but enough to see on which side of a limit a number lies."""

from dataclasses import replace

from xaudit.counts import counted
from xaudit.records import Interval

__all__ = ["SMALLEST", "counted", "shown", "shown_difference", "shown_interval"]

_DIGITS = 2
_MOST_DIGITS = 17

SMALLEST = 0.001
"""Numbers nearer to zero than this are given as a bound if they must be told from zero."""


def shown(value: float, *, beside: float | None = None) -> str:
    """Format a number with two decimals, or as many more as tell it from ``beside``.

    Numbers nearer to zero than :data:`SMALLEST` become a bound instead of getting more digits to tell them from zero.

    Example:
        >>> shown(0.2996), shown(0.2996, beside=0.3), shown(0.305, beside=0.305), shown(4e-7, beside=0.0)
        ('0.30', '0.2996', '0.305', 'under 0.001')
    """
    if beside == 0 and 0 < abs(value) < SMALLEST:
        return f"under {SMALLEST:g}" if value > 0 else f"over -{SMALLEST:g}"
    for digits in range(_DIGITS, _MOST_DIGITS + 1):
        rounded = round(value, digits)
        if beside is None or (
            (rounded < beside) == (value < beside) and (rounded > beside) == (value > beside)
        ):
            return _with_digits(value, digits)
    return repr(value)


def shown_interval(interval: Interval, *, beside: float | None = None, estimate_too: bool = True) -> str:
    """Format an estimate and its limits, ``0.41 [0.34, 0.48]``; without limits the estimate alone.

    An estimate within its limits also lies within them as displayed: if a limit has more digits, the
    estimate gets as many as that takes.

    Args:
        beside: the number that the limits must be told from.
        estimate_too: True if the estimate must be told from it too; False if only its limits decide.

    Example:
        >>> shown_interval(Interval(0.41, 0.2996, 0.48, "bca"), beside=0.3)
        '0.41 [0.2996, 0.48]'
        >>> shown_interval(Interval(0.0241, 0.0201, 0.06, "bca"), beside=0.02, estimate_too=False)
        '0.024 [0.0201, 0.06]'
    """
    estimate = shown(interval.estimate, beside=beside if estimate_too else None)
    if interval.low is None or interval.high is None:
        return estimate
    low, high = shown(interval.low, beside=beside), shown(interval.high, beside=beside)
    if interval.low <= interval.estimate <= interval.high:
        estimate = _between(interval.estimate, low, high, estimate)
    return f"{estimate} [{low}, {high}]"


def shown_difference(difference: Interval, *, negated: bool = False) -> str:
    """Format a difference, with limits that can be told from 0; ``negated`` changes its sign.

    Example:
        >>> shown_difference(Interval(-0.2, -0.3, -0.1, "bca"), negated=True)
        '0.20 [0.10, 0.30]'
    """
    if negated:
        low, high = (None if end is None else -end for end in (difference.high, difference.low))
        difference = replace(difference, estimate=-difference.estimate, low=low, high=high)
    return shown_interval(difference, beside=0.0, estimate_too=False)


def _between(value: float, low: str, high: str, text: str) -> str:
    """Add digits to a value while its text lies outside its limits."""
    if _reads_between(text, low, high):
        return text
    if abs(value) < SMALLEST and (low.startswith(("under", "over")) or high.startswith(("under", "over"))):
        return shown(value, beside=0.0)
    for digits in range(_DIGITS, _MOST_DIGITS + 1):
        longer = _with_digits(value, digits)
        if _reads_between(longer, low, high):
            return longer
    return repr(value)


def _reads_between(text: str, low: str, high: str) -> bool:
    number = _read(text)
    return _read(low) <= number <= _read(high)


def _read(text: str) -> float:
    """Return the number that a text stands for; a bound stands for half of it."""
    word, _, number = text.rpartition(" ")
    return float(number) / 2 if word else float(number)


def _with_digits(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    # "-0.00" would claim a sign that the digits do not show.
    return text.removeprefix("-") if float(text) == 0 else text
