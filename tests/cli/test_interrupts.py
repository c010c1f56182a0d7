import os
import signal
from contextlib import suppress

import pytest

from xaudit.cli.interrupts import heeding_interrupts
from xaudit.records import Progress

NEWS = Progress("work", 1, 2)


@pytest.fixture(autouse=True)
def ordinary_interrupts():
    """Python's own handler, also where the tests run in the background of a shell, which has them ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_that_a_library_drops_is_heard_at_the_next_news():
    told = []
    with heeding_interrupts(told.append) as report:
        report(NEWS)
        with suppress(KeyboardInterrupt):  # as Python does within a destructor
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            report(NEWS)
    assert told == [NEWS]


def test_afterwards_everything_is_as_it_was():
    before = signal.getsignal(signal.SIGINT)
    with heeding_interrupts(print):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_somebody_elses_handler_is_left_alone():
    mine = lambda *_: None  # noqa: E731
    before = signal.signal(signal.SIGINT, mine)
    try:
        with heeding_interrupts(print) as report:
            assert report is print
            assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, before)
