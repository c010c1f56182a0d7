"""How much of a machine others use, so that a benchmark does not take their load for its own cost."""

import os
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

STAT = Path("/proc/stat")
MOST = 0.1
"""Share of all cores that others may use while a benchmark measures."""


@dataclass(frozen=True)
class Reading:
    """CPU seconds since the machine and this process began.

    Attributes:
        busy: of everybody, over all cores; NaN where the system does not tell.
        own: of this process and of its children that have ended.
    """

    wall: float
    busy: float
    own: float


def reading() -> Reading:
    """Read the clock, everybody's CPU seconds and ours."""
    busy = float("nan")
    if STAT.exists():
        user, nice, system, _, _, irq, softirq, *_ = map(int, STAT.read_text().split()[1:9])
        busy = (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return Reading(time.monotonic(), busy, sum(one.ru_utime + one.ru_stime for one in used))


def share_of_others(before: Reading, after: Reading) -> float:
    """Return the share of all cores, 0 to 1, that others used between two readings; NaN if the system does not tell."""
    spent = (after.busy - before.busy) - (after.own - before.own)
    return max(0.0, spent) / ((after.wall - before.wall) * (os.cpu_count() or 1)) if spent == spent else spent


def require_idle(*, busy_anyway: bool, seconds: float = 3.0) -> None:
    """Stop the benchmark if others use the machine now.

    Args:
        busy_anyway: True to print a warning instead.
        seconds: how long the machine is watched.
    """
    before = reading()
    time.sleep(seconds)
    share = share_of_others(before, reading())
    if not share > MOST:
        return
    text = f"others use {share:.0%} of this machine's cores (at most {MOST:.0%}): times would be theirs too"
    if not busy_anyway:
        sys.exit(
            f"error: {text}\nhint: wait until the machine is idle, or add --busy-anyway and quote no time"
        )
    print(f"warning: {text}", flush=True)


def report_others(before: Reading) -> None:
    """Print what others used since a reading, and whether the figures can be quoted."""
    share = share_of_others(before, reading())
    if share != share:
        print("how much others used the machine meanwhile is not known here")
    else:
        verdict = "do not quote these times" if share > MOST else "quiet enough"
        print(f"others used {share:.0%} of the cores meanwhile: {verdict}")
