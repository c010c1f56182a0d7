"""Limits for a finished run, instead of its own gates or beside them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits that a command line sets on a finished run.

    Attributes:
        fail_under: gates instead of the run's own, as written; without any, its own hold.
        max_drop: largest drops against the baseline, as written.
        baseline: the earlier run's folder.
        gate_on: which number gates are held against; None as in the audit file.
        strict: whether an uninformative gate fails, beyond what the audit file says.
    """

    fail_under: tuple[str, ...] = ()
    max_drop: tuple[str, ...] = ()
    baseline: Path | None = None
    gate_on: Literal["lower", "mean"] | None = None
    strict: bool = False
