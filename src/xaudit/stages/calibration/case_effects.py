"""The effects that an audit measures on one case, and the effects of cases whose patients are drawn anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xaudit.records import ImageChange, Reliance, Score, ScoreResult, WindowEffects


@dataclass(frozen=True, slots=True)
class CaseEffects:
    """All that an audit measures of a wrapped model on one case.

    Attributes:
        plant_window: number of the window that hides the plant of this image; None for one that does not show it.
    """

    windows: Sequence[WindowEffects] = ()
    reliances: Sequence[Reliance] = ()
    scores: Sequence[ScoreResult] = ()
    changes: Sequence[ImageChange] = ()
    plant_window: int | None = None


def resampled(
    effects: Mapping[str, CaseEffects],
    groups: Sequence[Sequence[Sequence[str]]],
    sizes: Sequence[int],
    generator: np.random.Generator,
) -> list[CaseEffects]:
    """Draw patients anew, with replacement, within each group; a patient who is drawn twice counts as two.

    Args:
        groups: of patients, each with the ids of the patient's cases.
        sizes: patients to draw from each group.
    """
    drawn: list[CaseEffects] = []
    for patients, size in zip(groups, sizes, strict=True):
        for turn, index in enumerate(generator.integers(len(patients), size=size).tolist()):
            drawn += [_renamed(effects[case], turn, case) for case in patients[index]]
    return drawn


def _renamed(effects: CaseEffects, turn: int, case: str) -> CaseEffects:
    """Return a case's effects under another name of case and patient."""
    known = next((one.patient_id for one in effects.reliances), None)
    name, patient = f"{case}~{turn}", None if known is None else f"{known}~{turn}"
    return CaseEffects(
        windows=[replace(one, case_id=name, patient_id=patient) for one in effects.windows],
        reliances=[replace(one, case_id=name, patient_id=patient) for one in effects.reliances],
        scores=[
            replace(one, key=replace(one.key, case_id=name, patient_id=patient))
            for one in effects.scores
            if isinstance(one, Score)
        ],
        changes=[replace(one, case_id=name, patient_id=patient) for one in effects.changes],
        plant_window=effects.plant_window,
    )
