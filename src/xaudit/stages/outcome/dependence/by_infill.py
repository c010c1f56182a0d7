"""Reliance on regions under each in-fill alone."""

from collections.abc import Sequence

import numpy as np

from xaudit.catalog import ALL_BUT_MARK
from xaudit.config import StatisticsSection
from xaudit.metrics.oddness import ODD
from xaudit.records import InfillEffect, Reliance, Score, ScoreResult
from xaudit.seeds import seed_for
from xaudit.statistics.bootstrap import ClusterBootstrap, Sample


def reliance_by_infill(
    reliances: Sequence[Reliance],
    scores: Sequence[ScoreResult],
    *,
    settings: StatisticsSection,
    seed: int,
) -> tuple[InfillEffect, ...]:
    """Summarise the effect of each region under each in-fill, over the cases whose reliance on it is scored.

    So the mean over the in-fills of a region is the estimate of its summary.

    Returns:
        Sorted by model, then in the order of the rows.
    """
    groups = scored_effects(reliances, scores)
    ordered = sorted(groups.items(), key=lambda item: item[0][0])
    clusters = [[row.patient_id or row.case_id for row in rows] for _, rows in ordered]
    bootstrap = ClusterBootstrap(
        replicates=settings.replicates, confidence=settings.confidence, seed=seed_for(seed, "by in-fill")
    )
    samples = [
        Sample(np.array([row.beyond_random for row in rows]), own)
        for (_, rows), own in zip(ordered, clusters, strict=True)
    ]
    return tuple(
        InfillEffect(*group, effect, n_patients=len(set(own)), odd=_odd([row.percentile for row in rows]))
        for (group, rows), own, effect in zip(ordered, clusters, bootstrap.means(samples), strict=True)
    )


def scored_effects(
    reliances: Sequence[Reliance], scores: Sequence[ScoreResult]
) -> dict[tuple[str, str, str], list[Reliance]]:
    """Group the effects of the cases whose reliance is scored by model, region and in-fill."""
    scored = {
        (one.key.model_id, one.key.case_id, one.key.metric_id)
        for one in scores
        if isinstance(one, Score) and one.key.family == "reliance"
    }
    groups: dict[tuple[str, str, str], list[Reliance]] = {}
    for row in reliances:
        metric = "kept-mark" if row.region == ALL_BUT_MARK else f"reliance-{row.region}"
        if (row.model_id, row.case_id, metric) in scored:
            groups.setdefault((row.model_id, row.region, row.infill), []).append(row)
    return groups


def _odd(percentiles: Sequence[float | None]) -> float | None:
    """Return the share of images beyond the percentile that makes one odd; None where not one was measured."""
    known = [value for value in percentiles if value is not None]
    return sum(value > ODD for value in known) / len(known) if known else None
