"""Progress on stderr: bars on a terminal, occasional lines in a log."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from xaudit.api.progress import ProgressBars, ProgressReport, Silence
from xaudit.cli.output import say
from xaudit.records import Progress
from xaudit.report.wording import duration

LINE_EVERY_S = 60.0
"""At most one line in so many seconds within a stage, where stderr is no terminal."""

VERBOSE_LINE_EVERY_S = 1.0


def progress_report(*, quiet: bool, verbose: bool) -> ProgressReport:
    """Choose the progress report: none when quiet, bars on a terminal, else lines."""
    if quiet:
        return Silence()
    if sys.stderr.isatty() and not verbose:
        return ProgressBars()
    return ProgressLines(VERBOSE_LINE_EVERY_S if verbose else LINE_EVERY_S)


@dataclass
class ProgressLines:
    """A line when a stage starts, then at most one in ``every_s`` seconds.

    Attributes:
        clock: seconds, only ever rising.
    """

    every_s: float
    clock: Callable[[], float] = time.monotonic
    _stage: str = ""
    _started: float = 0.0
    _said: float = 0.0
    _first_done: int = field(default=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def __call__(self, progress: Progress) -> None:
        """Writes a line where one is due."""
        now = self.clock()
        if progress.stage != self._stage:
            self._stage, self._started, self._first_done = progress.stage, now, progress.done
        elif now - self._said < self.every_s:
            return
        self._said = now
        say(_line(progress, now - self._started, self._first_done))


def _line(progress: Progress, elapsed: float, first_done: int) -> str:
    """Format a line of progress.

    Example:
        >>> _line(Progress("explain", 30, 120, "lime on honest"), 60.0, 0)
        'explain: 30 of 120, about 3 min 0 s left (lime on honest)'
    """
    parts = [progress.stage]
    if progress.total:
        parts[0] += f": {progress.done} of {progress.total}"
    fresh = progress.done - first_done
    if fresh > 0 and 0 < progress.done < progress.total:
        parts.append(f"about {duration(elapsed / fresh * (progress.total - progress.done))} left")
    note = f" ({progress.note})" if progress.note else ""
    return ", ".join(parts) + note
