"""Runs that an older version wrote, read as if this one had written them; nothing on the disk is changed.

A step says what a JSON file lacks that was written before some version, and is applied to files of older versions only.
A column that a table lacks is empty; one that may not be empty stands in ``COLUMNS`` with what it would have held.
Whoever adds such a column, or raises the major version, registers it here.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xaudit.records import ALL_CASES
from xaudit.store.schema_version import require_readable

Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """What brings one file up to a version.

    Attributes:
        file: its name in the run folder.
        version: the first that wrote it as the step leaves it.
    """

    file: str
    version: str
    apply: Callable[[Plain], Plain]


def _outcome_before_1_1(plain: Plain) -> Plain:
    """Keys that versions called 1.0 came to write one after the other; what they say was not there before them."""
    later: Plain = {
        "seed": 0,
        "gates": None,
        "levels_to_beat": plain["controls"],
        "survival": {},
        "tunes_thresholds": False,
        "agreements": [],
        "ceilings": [],
        "regressions": [],
        "plans": [],
        "causal": [],
        "unscored": [],
        "n_cases": None,
        "n_chosen": None,
        "external": [],
        "explained_by": {},
        "plugins": [],
    }
    return {**later, **plain}


def _gates_before_1_1(plain: Plain) -> Plain:
    """At first only gates decided the exit code, and no verdict said what it was."""
    rows = [{"kind": "gate" if row["gating"] else "finding", **row} for row in plain["verdicts"]]
    return {**plain, "verdicts": rows}


STEPS: tuple[Step, ...] = (
    Step("outcome.json", "1.1", _outcome_before_1_1),
    Step("gates.json", "1.1", _gates_before_1_1),
)
"""In the order in which they are applied."""


def migrated(name: str, plain: Plain, shown: str, steps: tuple[Step, ...] = STEPS) -> Plain:
    """A file's content as this version writes it.

    Args:
        name: of the file.
        shown: how it is called in an error.
        steps: those there are.

    Raises:
        RunFolderError: where a newer version wrote it, or it carries no version.
    """
    written = plain.get("schema_version")
    require_readable(written, shown)
    for step in steps:
        if step.file == name and _number(str(written)) < _number(step.version):
            plain = step.apply(plain)
    return plain


COLUMNS: Mapping[tuple[str, str], object] = {
    ("summary", "stratum"): ALL_CASES,
    ("reliance", "beyond_random"): math.nan,
    ("reliance", "logit_beyond_random"): math.nan,
}
"""By table and column: the value in every row of a table that was written before there was the column."""


def _number(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)
