"""The answers of one model to the images of one true class with every window replaced: what a test of the map is about."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.catalog import MARGIN
from xaudit.metrics.reliance_map.frames import LUNGS, CaseWindows, Windows, case_windows, windows_of
from xaudit.records import WindowEffects

LEAST_LOG_ODDS = 4 * MARGIN
"""Change of the log odds that moves a probability of one half by the margin."""

SHARE_OF_LOG_ODDS = 0.05
"""Share of the mean log odds of the untouched images below which a change of saturated answers does not count."""


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Answers of one model to the images of one true class, with every window replaced.

    Attributes:
        cases: sorted by id.
        margins: effect below which an area does not count, for each of :data:`ANSWERS`.
    """

    model_id: str
    images: str
    target: str
    question: str
    infills: tuple[str, ...]
    windows: Windows
    cases: tuple[CaseWindows, ...]
    cluster: str
    margins: tuple[float, ...]

    @property
    def is_marked(self) -> bool:
        """True if any of the images has a mark."""
        return any(case.mark_share.any() for case in self.cases)

    @property
    def knows_lungs(self) -> bool:
        """True if the lungs are known on any of the images."""
        return any(place in LUNGS for case in self.cases for place in case.place)


def populations(effects: Sequence[WindowEffects]) -> list[Population]:
    """Group the effects by model, true class, target and question; sorted."""
    groups: dict[tuple[str, str, str, str], list[WindowEffects]] = {}
    for one in effects:
        groups.setdefault((one.model_id, one.label, one.target, one.question), []).append(one)
    return [_population(key, groups[key]) for key in sorted(groups)]


def _population(key: tuple[str, str, str, str], effects: Sequence[WindowEffects]) -> Population:
    model_id, images, target, question = key
    windows = windows_of(effects)
    infills = tuple(sorted({one.infill for one in effects}))
    by_case: dict[str, list[WindowEffects]] = {}
    for one in effects:
        by_case.setdefault(one.case_id, []).append(one)
    known = all(one.patient_id is not None for one in effects)
    log_odds = float(np.mean([abs(own[0].log_odds) for own in by_case.values()]))
    return Population(
        model_id,
        images,
        target,
        question,
        infills,
        windows,
        tuple(case_windows(windows, by_case[case_id], infills) for case_id in sorted(by_case)),
        "patient" if known else "case",
        (MARGIN, max(LEAST_LOG_ODDS, SHARE_OF_LOG_ODDS * log_odds)),
    )
