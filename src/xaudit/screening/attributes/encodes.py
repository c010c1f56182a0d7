"""Measure how well each model's features tell the levels of an attribute apart, overall and within each true class.

A network can encode what it does not use, so this says nothing of a risk by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from xaudit.counts import counted
from xaudit.records import Attribute, BoolArray, EncodingRow, ModelAnswers
from xaudit.screening.attributes.probe import Probed, kept_levels, probe_auroc, scaled
from xaudit.seeds import generator_for

ALL = "all"


def encodings(
    answers: ModelAnswers,
    attributes: Sequence[Attribute],
    clusters: Mapping[str, str],
    *,
    least_patients: int,
    seed: int,
) -> Iterator[EncodingRow]:
    """Yield, for each attribute, the AUROC on all images and on those of each true class.

    Levels of fewer patients than ``least_patients`` are left out. Images whose features are not finite are left out too.
    """
    if answers.features is None:
        return
    finite = np.asarray(np.isfinite(answers.features).all(axis=1))
    features = scaled(np.where(finite[:, None], answers.features, 0.0))
    labels = np.array([one.label for one in answers.predictions])
    names = [clusters.get(one.case_id, one.case_id) for one in answers.predictions]
    patients = np.unique(names, return_inverse=True)[1]
    for attribute in attributes:
        levels = np.array([attribute.by_case.get(one.case_id, "") for one in answers.predictions])
        for images in (ALL, *sorted(set(labels.tolist()))):
            inside = finite & (levels != "") & ((labels == images) | (images == ALL))
            kept = kept_levels(levels, patients, inside, least_patients)
            n_patients = len(np.unique(patients[kept]))
            row = EncodingRow(answers.model_id, attribute.name, images, n_patients, None, None, None, "")
            if len(set(levels[kept].tolist())) < 2:
                reason = f"fewer than two levels with {counted(least_patients, 'patient')}"
                yield replace(row, reason=reason)
                continue
            own = Probed(features[kept], _codes(levels, kept), _codes(patients, kept))
            generator = generator_for(seed, "attributes", answers.model_id, attribute.name, images)
            area = probe_auroc(own, generator)
            if area is None:
                yield replace(row, reason="the levels cannot be divided by patient")
            else:
                yield replace(row, auroc=area.estimate, low=area.low, high=area.high)


def _codes(values: np.ndarray, kept: BoolArray) -> np.ndarray:
    return np.unique(values[kept], return_inverse=True)[1]
