"""Readers held against each other, and explainers against readers, on the cases of one run."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from xaudit.cases.dataset import Dataset
from xaudit.catalog import MetricRow, metric_row
from xaudit.config import MetricSpec, StatisticsSection
from xaudit.geometry import Fit, fit_geometry, map_to_original, rasterise
from xaudit.metrics.absent import Absent
from xaudit.metrics.human import leave_one_out
from xaudit.records import BoolArray, Case, Ceiling, ReaderAgreement, Score, ScoreResult
from xaudit.seeds import seed_for
from xaudit.statistics.agreement import ReadCase, reader_agreement
from xaudit.statistics.bootstrap import ClusterBootstrap


def agreement_of(dataset: Dataset, cases: Sequence[Case]) -> tuple[ReaderAgreement, ...]:
    """Measure the agreement of a data set's readers on these cases; empty if no case has two readers."""
    return reader_agreement(_read_cases(dataset, cases), dataset_id=dataset.id)


def _read_cases(dataset: Dataset, cases: Sequence[Case]) -> Iterator[ReadCase]:
    for case in cases:
        marks: dict[str, list[BoolArray]] = defaultdict(list)
        for mark in dataset.marks(case):
            own = marks[mark.reader_id]
            if mark.region is not None:
                own.append(rasterise(mark.region, (case.height, case.width)))
        if len(marks) > 1:
            yield marks


def ceilings_of(
    dataset: Dataset,
    cases: Sequence[Case],
    scores: Sequence[ScoreResult],
    *,
    metrics: Sequence[MetricSpec],
    explainers: Sequence[str],
    settings: StatisticsSection,
    seed: int,
    seen: Callable[[Case], BoolArray] | None = None,
) -> tuple[Ceiling, ...]:
    """Each explainer of one model beside the readers, on the cases that two or more readers have read.

    A case's score of the readers is that of :func:`xaudit.metrics.human.leave_one_out`, which the control ``human`` has
    as well.

    Args:
        scores: of one model.
        metrics: those of the audit; only localization metrics for which higher is better count.
        explainers: those that are no controls.
        seen: the pixels of a case that the model saw; by default all.
    """
    specs = [spec for spec in metrics if _has_ceiling(metric_row(spec.name))]
    human = _human_scores(dataset, cases, specs, seen or _all_of)
    clusters = {case.case_id: case.cluster for case in cases}
    bootstrap = ClusterBootstrap(
        replicates=settings.replicates, confidence=settings.confidence, seed=seed_for(seed, "summaries")
    )
    own: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    models = {result.key.model_id for result in scores}
    for result in scores:
        key = result.key
        if isinstance(result, Score) and (key.metric_id, key.reader) in human:
            own[key.explainer_id, key.metric_id, key.reader][key.case_id] = result.value
    found: list[Ceiling] = []
    for model_id in sorted(models):
        for (metric, reader), by_case in human.items():
            for explainer in explainers:
                values = own[explainer, metric, reader]
                common = sorted(values.keys() & by_case.keys())
                if not common:
                    continue
                theirs = np.array([by_case[case] for case in common])
                mine = np.array([values[case] for case in common])
                names = [clusters[case] for case in common]
                found.append(
                    Ceiling(
                        model_id=model_id,
                        explainer_id=explainer,
                        metric_id=metric,
                        reader=reader,
                        human=bootstrap.share(theirs, names),
                        score=float(mine.mean()),
                        share=bootstrap.ratio(mine, theirs, names) if theirs.any() else None,
                        difference=bootstrap.difference(mine, theirs, names),
                        n_cases=len(common),
                        n_patients=len(set(names)),
                    )
                )
    return tuple(found)


def _has_ceiling(row: MetricRow) -> bool:
    return row.family == "localization" and row.higher_is_better is True and row.is_share


def _human_scores(
    dataset: Dataset, cases: Sequence[Case], specs: Sequence[MetricSpec], seen: Callable[[Case], BoolArray]
) -> Mapping[tuple[str, str], Mapping[str, float]]:
    """By metric and reader policy, what the readers of each case score on the mean."""
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for case in cases:
        masks = dataset.reader_masks(case)
        if len(masks) < 2:
            continue
        valid = seen(case)
        for spec in specs:
            reached = leave_one_out(spec, masks, valid, policy=dataset.readers, votes=dataset.votes)
            for reader, value in reached.items():
                if not isinstance(value, Absent):
                    found[spec.id, reader][case.case_id] = value
    return found


def _all_of(case: Case) -> BoolArray:
    """(H, W), every pixel of a case."""
    return np.ones((case.height, case.width), dtype=bool)


def seen_by(model_hw: tuple[int, int], fit: Fit) -> Callable[[Case], BoolArray]:
    """Return a function for the mask (H, W) of a case that a model sees, false where the image is cropped."""

    def seen(case: Case) -> BoolArray:
        geometry = fit_geometry((case.height, case.width), model_hw, fit)
        return map_to_original(np.zeros(model_hw, dtype=np.float32), geometry)[1]

    return seen
