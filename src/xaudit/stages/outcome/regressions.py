"""Localization scores of a run regressed on the size of the lesion and the confidence of the model."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from xaudit.records import Regression, Score, ScoreResult
from xaudit.statistics.regression import NoFit, clustered_regression
from xaudit.statistics.strata import CaseFacts


def regressions_of(
    scores: Sequence[ScoreResult], facts: Mapping[str, Mapping[str, CaseFacts]], *, confidence: float
) -> tuple[Regression, ...]:
    """Fit a regression per model, explainer, localization metric and reader, in that order.

    The area is in mm² where every marked case has a spacing, else the share of the image; doubling it moves the
    score by the slope of ``log2-lesion-area``. Confidence is the probability of the class that is explained. Cases
    without marks have no lesion and do not count.

    Args:
        facts: by model and case.
    """
    groups: dict[tuple[str, str, str, str], list[Score]] = defaultdict(list)
    for result in scores:
        key = result.key
        if isinstance(result, Score) and key.family == "localization":
            known = facts.get(key.model_id, {}).get(key.case_id)
            if known is not None and known.shape is not None:
                groups[key.model_id, key.explainer_id, key.metric_id, key.reader].append(result)
    found: list[Regression] = []
    for (model, explainer, metric, reader), group in sorted(groups.items()):
        rows = sorted(group, key=lambda score: score.key.case_id)
        own = [facts[model][score.key.case_id] for score in rows]
        in_mm = all(one.area_mm2 is not None for one in own)
        areas = [
            one.area_mm2 or 0.0
            if in_mm
            else (one.shape.area_px if one.shape else 0.0) / (one.case.height * one.case.width)
            for one in own
        ]
        clusters = [one.case.cluster for one in own]
        fit = clustered_regression(
            np.array([score.value for score in rows]),
            {
                "log2-lesion-area": np.log2(np.array(areas)),
                "confidence": np.array([one.confidence for one in own]),
            },
            clusters,
            confidence=confidence,
        )
        found.append(
            Regression(
                model_id=model,
                explainer_id=explainer,
                metric_id=metric,
                reader=reader,
                coefficients=() if isinstance(fit, NoFit) else fit,
                n_cases=len(rows),
                n_patients=len(set(clusters)),
                reason=fit.reason if isinstance(fit, NoFit) else "",
            )
        )
    return tuple(found)
