"""Reliance of single cases on windows, as maps, and on named regions, both from stored effects."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from xaudit.catalog import ALL_BUT_MARK, MARGIN
from xaudit.records import FloatArray, WindowEffects
from xaudit.stages.views.mean_reliance import reliance_values
from xaudit.store.parts import (
    MISCLASSIFIED_RELIANCE,
    MISCLASSIFIED_RELIANCE_MAP,
    RELIANCE,
    RELIANCE_MAP,
    iter_parts,
    part_keys,
)
from xaudit.store.rows.table import Table
from xaudit.store.run_folder import RunFolder

Row = TypeVar("Row")

NAME = "reliance map"
"""Name that stands beside those of the explainers; no explainer can be called so."""


@dataclass(frozen=True, slots=True, eq=False)
class RelianceOfCase:
    """Map of one case: the fall of the probability that one model gives the target when each place is hidden.

    Attributes:
        values: (H, W) of the model's frame; 0 everywhere if no place matters by more than the margin.
        highest: the largest fall, also where it is below the margin.
    """

    model_id: str
    case_id: str
    values: FloatArray
    highest: float

    @property
    def matters(self) -> bool:
        """True if hiding some place lowers the probability by the margin or more."""
        return self.highest >= MARGIN


def reliance_of_cases(run: RunFolder, wanted: Mapping[str, Collection[str]]) -> Iterator[RelianceOfCase]:
    """Yield the reliance maps of some cases, part by part.

    Args:
        wanted: cases by model.
    """
    for rows in _parts(run, RELIANCE_MAP, MISCLASSIFIED_RELIANCE_MAP):
        effects: dict[tuple[str, str], list[WindowEffects]] = defaultdict(list)
        for one in rows:
            hidden = one.question == "hide" and not np.isnan(one.probability_drop).all()
            if hidden and one.case_id in wanted.get(one.model_id, ()):
                effects[one.model_id, one.case_id].append(one)
        for (model_id, case_id), own in effects.items():
            values = reliance_values(own, "for")
            highest = float(values.max())
            yield RelianceOfCase(
                model_id, case_id, values if highest >= MARGIN else np.zeros_like(values), highest
            )


def regions_of_cases(
    run: RunFolder, wanted: Mapping[str, Collection[str]]
) -> dict[tuple[str, str], dict[str, float]]:
    """Return how much more hiding each region of some cases lowers the target's probability than hiding random areas.

    The mean over in-fills, by model and case, then by region.

    Args:
        wanted: cases by model.
    """
    falls: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for rows in _parts(run, RELIANCE, MISCLASSIFIED_RELIANCE):
        for one in rows:
            if one.case_id in wanted.get(one.model_id, ()) and one.region != ALL_BUT_MARK:
                falls[one.model_id, one.case_id][one.region].append(one.beyond_random)
    return {
        about: {region: sum(values) / len(values) for region, values in own.items()}
        for about, own in falls.items()
    }


def _parts(run: RunFolder, *tables: Table[Row]) -> Iterator[tuple[Row, ...]]:
    """Yield the rows of these tables, part by part."""
    for table in tables:
        for part in iter_parts(run, table, part_keys(run, table)):
            yield part.rows or ()
