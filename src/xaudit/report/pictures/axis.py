"""A horizontal axis: where a value lies on it, in percent of its width."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from xaudit.records import Interval


@dataclass(frozen=True, slots=True)
class Axis:
    """From ``low`` to ``high``, with ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Percent of the axis's width; what lies beyond an end stands at the end.

        Example:
            >>> Axis(-1, 1, ()).at(0.5), Axis(0, 1, ()).at(1.2)
            (75.0, 100.0)
        """
        return round(100 * min(1.0, max(0.0, (value - self.low) / (self.high - self.low))), 3)


def axis_for(intervals: Iterable[Interval]) -> Axis:
    """From 0 to 1, or to the next round number where anything is larger; by quarters below 0 where anything is.

    Example:
        >>> axis_for([Interval(0.2, 0.1, 0.3, "bca")]).ticks
        (0.0, 0.25, 0.5, 0.75, 1.0)
        >>> axis_for([Interval(37.0, None, None, "none")]).high
        50.0
        >>> axis_for([Interval(-0.1, -0.3, 0.3, "bca")]).ticks
        (-0.5, 0.0, 0.5, 1.0)
    """
    known = [end for one in intervals for end in (one.estimate, one.low, one.high) if end is not None]
    lowest, highest = min(known, default=0.0), max(known, default=1.0)
    high = 1.0
    while highest > high:
        high *= 2 if str(high)[0] in "15" else 2.5
    step = high / 4
    low = 0.0 - step * math.ceil(-min(0.0, lowest) / step)
    n_steps = round((high - low) / step)
    every = -(-n_steps // 5)
    return Axis(low, high, tuple(high - step * back for back in range(n_steps, -1, -1) if back % every == 0))
