"""The curves behind scores of faithfulness, averaged over the cases of one model."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.catalog import METRICS
from xaudit.errors import RunFolderError
from xaudit.records import FloatArray, Interval, ScoreCurve
from xaudit.seeds import seed_for
from xaudit.stages.outcome.stored_run import StoredRun
from xaudit.statistics.bootstrap import ClusterBootstrap, Sample
from xaudit.store.parts import CURVES, iter_parts, part_keys
from xaudit.store.schema_version import AUDIT_AGAIN

MOST_POINTS = 33
"""Of a curve with more points so many are kept, as evenly spread as may be, both ends among them."""


@dataclass(frozen=True, slots=True)
class MeanCurve:
    """The mean curve of a metric over the cases of one model and explainer.

    Attributes:
        share: rising, 0 to 1.
        means: as many; over the cases that have a value at that share.
        n_cases: with a curve.
        n_patients: likewise; of cases where patients are not known.
    """

    model_id: str
    explainer_id: str
    metric_id: str
    share: tuple[float, ...]
    means: tuple[Interval, ...]
    n_cases: int
    n_patients: int


@dataclass(frozen=True, slots=True)
class CaseCurve:
    """The curve of a case; both (n,)."""

    case_id: str
    share: FloatArray
    value: FloatArray


About = tuple[str, str, str]
"""Model, metric and explainer."""


def mean_curves(run: StoredRun) -> tuple[MeanCurve, ...]:
    """Every curve that the run stored, by model, metric and explainer; none where `run.curves` was not set.

    Raises:
        RunFolderError: where stored curves are damaged or newer than this program.
    """
    found: dict[About, list[CaseCurve]] = defaultdict(list)
    for part in iter_parts(run.folder, CURVES, part_keys(run.folder, CURVES)):
        if part.notice:
            raise RunFolderError(f"{run.run_id}: {part.notice}", hint=AUDIT_AGAIN)
        for one in part.rows or ():
            found[one.model_id, one.metric_id, one.explainer_id].append(case_curve(one))
    if not found:
        return ()
    clusters = {case.case_id: case.cluster for case in run.cases}
    settings = run.statistics
    bootstrap = ClusterBootstrap(
        replicates=settings.replicates, confidence=settings.confidence, seed=seed_for(0, "curves")
    )
    rows = {row.id: row for row in METRICS}
    names = {metric: run.metric_names.get(metric, metric) for _, metric, _ in found}
    shares = {metric for metric, name in names.items() if name in rows and rows[name].is_share}
    return averaged(found, clusters, bootstrap, are_shares=shares)


def case_curve(one: ScoreCurve) -> CaseCurve:
    """A stored curve without all that its group has in common."""
    return CaseCurve(one.case_id, np.array(one.share, np.float32), np.array(one.value, np.float32))


def averaged(
    curves: Mapping[About, Sequence[CaseCurve]],
    clusters: Mapping[str, str],
    bootstrap: ClusterBootstrap,
    *,
    are_shares: Collection[str] = (),
) -> tuple[MeanCurve, ...]:
    """The mean of each group of curves with its interval; results do not depend on the cases' order.

    Args:
        clusters: what is resampled, by case.
        are_shares: ids of the metrics all of whose values lie between 0 and 1.
    """
    about, shares, samples = [], [], []
    for key, own in curves.items():
        by_case = sorted(own, key=lambda one: one.case_id)
        share = common_shares([one.share for one in by_case])
        values = np.array([_at(share, one) for one in by_case])
        about.append((key, by_case))
        shares.append(share)
        for column in values.T:
            there = np.isfinite(column)
            names = [clusters[one.case_id] for one, is_there in zip(by_case, there, strict=True) if is_there]
            samples.append(Sample(column[there], names, key[1] in are_shares))
    intervals = iter(bootstrap.means(samples))
    return tuple(
        MeanCurve(
            model_id=model,
            explainer_id=explainer,
            metric_id=metric,
            share=tuple(round(float(one), 6) for one in share),
            means=tuple(next(intervals) for _ in share),
            n_cases=len(own),
            n_patients=len({clusters[one.case_id] for one in own}),
        )
        for ((model, metric, explainer), own), share in zip(about, shares, strict=True)
    )


def common_shares(shares: Iterable[FloatArray]) -> FloatArray:
    """Return the shares at which the curves of several cases are averaged.

    Where one case has all the points that any has, it is at these. Otherwise, as with superpixels, of which each image
    has its own number, it is at even steps over what all have in common.

    Example:
        >>> common_shares([np.array([0, 0.5, 1]), np.array([0, 0.5])]).tolist()
        [0.0, 0.5, 1.0]
        >>> len(common_shares([np.array([0, 0.5, 1]), np.array([0, 0.3, 1])]))
        33
    """
    each = list({one.tobytes(): one for one in shares}.values())
    longest = max(each, key=len)
    if all(np.isin(one, longest).all() for one in each):
        kept = np.unique(np.linspace(0, len(longest) - 1, min(MOST_POINTS, len(longest))).round().astype(int))
        return np.asarray(longest[kept], dtype=np.float64)
    first, last = max(float(one[0]) for one in each), min(float(one[-1]) for one in each)
    return np.unique(np.linspace(first, max(first, last), MOST_POINTS))


def _at(share: FloatArray, one: CaseCurve) -> FloatArray:
    """A case's values at these shares: its own where it has one, between two of its own in line; NaN beyond its ends."""
    values: FloatArray = np.interp(
        share, one.share.astype(np.float64), one.value.astype(np.float64), left=np.nan, right=np.nan
    )
    return values
