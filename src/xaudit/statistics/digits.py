"""Numbers as a person reads them: few digits, but enough to see on which side of a limit a number lies."""

from xaudit.counts import counted
from xaudit.records import Interval

__all__ = ["SMALLEST", "counted", "shown", "shown_interval"]

_DIGITS = 2
_MOST_DIGITS = 17

SMALLEST = 0.001
"""A number that must be told from zero and is nearer to it than this is given as a bound."""


def shown(value: float, *, beside: float | None = None) -> str:
    """A number with two decimals, or as many more as tell it from the number it stands beside.

    Nothing nearer to zero than :data:`SMALLEST` gets more digits to be told from zero: a bound stands for it.

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
    """An estimate and its limits, ``0.41 [0.34, 0.48]``; without limits the estimate alone.

    An estimate that lies within its limits lies within them as they are shown: where a limit has more digits, the
    estimate gets as many as that takes.

    Args:
        beside: what the limits are told apart from.
        estimate_too: whether the estimate is, too; false where only its limits decide.

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


def _between(value: float, low: str, high: str, text: str) -> str:
    """The text of a value, with more digits while it reads as if the value lay outside its limits."""
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
    """The number that a text stands for; a bound stands for half of it."""
    word, _, number = text.rpartition(" ")
    return float(number) / 2 if word else float(number)


def _with_digits(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    # "-0.00" would claim a sign that the digits do not show.
    return text.removeprefix("-") if float(text) == 0 else text
