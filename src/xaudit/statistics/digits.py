"""Numbers as a person reads them: few digits, but enough to see on which side of a limit a number lies."""

from xaudit.records import Interval

_MOST_DIGITS = 17


def shown(value: float, *, beside: float | None = None) -> str:
    """A number with two decimals, or as many more as tell it from the number it stands beside.

    Example:
        >>> shown(0.2996), shown(0.2996, beside=0.3), shown(0.305, beside=0.305)
        ('0.30', '0.2996', '0.305')
    """
    for digits in range(2, _MOST_DIGITS + 1):
        text = f"{value:.{digits}f}"
        rounded = float(text)
        if beside is None or (
            (rounded < beside) == (value < beside) and (rounded > beside) == (value > beside)
        ):
            # "-0.00" would claim a sign that the digits do not show.
            return text.removeprefix("-") if rounded == 0 else text
    return repr(value)


def shown_interval(interval: Interval, *, beside: float | None = None, estimate_too: bool = True) -> str:
    """An estimate and its limits, ``0.41 [0.34, 0.48]``; without limits the estimate alone.

    Args:
        beside: what the limits are told apart from.
        estimate_too: whether the estimate is, too; false where only its limits decide.

    Example:
        >>> shown_interval(Interval(0.41, 0.2996, 0.48, "bca"), beside=0.3)
        '0.41 [0.2996, 0.48]'
    """
    estimate = shown(interval.estimate, beside=beside if estimate_too else None)
    if interval.low is None or interval.high is None:
        return estimate
    return f"{estimate} [{shown(interval.low, beside=beside)}, {shown(interval.high, beside=beside)}]"


def counted(n: int, noun: str) -> str:
    """A count with its noun.

    Example:
        >>> counted(1, "patient"), counted(2, "patient")
        ('1 patient', '2 patients')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
