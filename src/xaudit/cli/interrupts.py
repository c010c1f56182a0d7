"""Ctrl-C that is heard even where it is lost: Python drops an interrupt that is raised within a destructor or a hook."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from xaudit.records import Progress


@contextmanager
def heeding_interrupts(report: Callable[[Progress], None]) -> Iterator[Callable[[Progress], None]]:
    """The report of progress, which raises KeyboardInterrupt at the next news where an interrupt came and was lost.

    An interrupt that is not lost ends the work at once, as ever. Whoever handles SIGINT otherwise is left alone.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield report
        return
    heard: list[int] = []

    def on_interrupt(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        raise KeyboardInterrupt

    def heeding(progress: Progress) -> None:
        if heard:
            raise KeyboardInterrupt
        report(progress)

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield heeding
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
