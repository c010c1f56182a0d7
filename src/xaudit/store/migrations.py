"""Migration of runs that an older version wrote, in memory; nothing on disk is changed.

A step adds the keys that a JSON file of an older version lacks, and is applied to such files only.
A column that a table lacks is empty; a column that may not be empty has its value in ``COLUMNS``.
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
    """A migration of one file to a version.

    Attributes:
        file: its name in the run folder.
        version: the first version that wrote the file as the step leaves it.
    """

    file: str
    version: str
    apply: Callable[[Plain], Plain]


def _outcome_before_1_1(plain: Plain) -> Plain:
    """Add the keys that versions called 1.0 introduced one after the other."""
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
    """Add the kind of each verdict: at first, exactly the gates decided the exit code."""
    rows = [{"kind": "gate" if row["gating"] else "finding", **row} for row in plain["verdicts"]]
    return {**plain, "verdicts": rows}


def _outcome_before_1_3(plain: Plain) -> Plain:
    """Add what is said of images of every class, and of every place of the image."""
    later = ("by_class", "by_infill", "map_tests", "explainers_judged", "image_changes", "mean_reliance")
    return {**{key: [] for key in later}, **plain}


STEPS: tuple[Step, ...] = (
    Step("outcome.json", "1.1", _outcome_before_1_1),
    Step("gates.json", "1.1", _gates_before_1_1),
    Step("outcome.json", "1.3", _outcome_before_1_3),
)
"""All steps, in the order in which they are applied."""


def migrated(name: str, plain: Plain, shown: str, steps: tuple[Step, ...] = STEPS) -> Plain:
    """Return a file's content as this version writes it.

    Args:
        name: name of the file.
        shown: its name in an error.
        steps: the steps to choose from.

    Raises:
        RunFolderError: if a newer version wrote it, or it carries no version.
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
    ("reliance", "rise_beyond_random"): math.nan,
    ("reliance", "logit_rise_beyond_random"): math.nan,
    ("reliance", "label"): "",
    ("reliance", "percentile"): math.nan,
}
"""The value of a column in tables written before the column existed, by table and column."""


def _number(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)
