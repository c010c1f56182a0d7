"""Reliance maps of single cases, made again from the stored effects of their windows."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from xaudit.catalog import MARGIN
from xaudit.records import FloatArray, WindowEffects
from xaudit.stages.views.mean_reliance import reliance_values
from xaudit.store.parts import RELIANCE_MAP, iter_parts, part_keys
from xaudit.store.run_folder import RunFolder

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
    for part in iter_parts(run, RELIANCE_MAP, part_keys(run, RELIANCE_MAP)):
        effects: dict[tuple[str, str], list[WindowEffects]] = defaultdict(list)
        for one in part.rows or ():
            hidden = one.question == "hide" and not np.isnan(one.probability_drop).all()
            if hidden and one.case_id in wanted.get(one.model_id, ()):
                effects[one.model_id, one.case_id].append(one)
        for (model_id, case_id), own in effects.items():
            values = reliance_values(own, "for")
            highest = float(values.max())
            yield RelianceOfCase(
                model_id, case_id, values if highest >= MARGIN else np.zeros_like(values), highest
            )
