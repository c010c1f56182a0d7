"""Readers held against each other, and explainers against readers, on the cases of one run."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from xaudit.cases.dataset import Dataset
from xaudit.cases.readers import under_policy
from xaudit.catalog import MetricRow, metric_row
from xaudit.config import MetricSpec, StatisticsSection
from xaudit.geometry import rasterise
from xaudit.metrics import score_localization
from xaudit.metrics.absent import Absent
from xaudit.records import BoolArray, Case, Ceiling, FloatArray, ReaderAgreement, Score, ScoreResult
from xaudit.seeds import seed_for
from xaudit.statistics.agreement import ReadCase, reader_agreement
from xaudit.statistics.bootstrap import ClusterBootstrap


def agreement_of(dataset: Dataset, cases: Sequence[Case]) -> tuple[ReaderAgreement, ...]:
    """How far the readers of a data set agree on these cases; nothing where no case has two of them."""
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
) -> tuple[Ceiling, ...]:
    """Each explainer of one model beside the readers, on the cases that two or more readers have read.

    A reader's score is that of their own marks, taken as a map, against the consensus of the others under the audit's
    reader policy; a case's is the mean over its readers. Under the policy ``each``, where maps are held against one
    reader's marks, so are the other readers. A reader who found nothing where the others mark something missed it: a
    score of 0, or of chance for a metric whose chance level is ½.

    Args:
        scores: of one model.
        metrics: those of the audit; only localization metrics for which higher is better count.
        explainers: those that are no controls.
    """
    specs = [spec for spec in metrics if _has_ceiling(metric_row(spec.name))]
    human = _human_scores(dataset, cases, specs)
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
    dataset: Dataset, cases: Sequence[Case], specs: Sequence[MetricSpec]
) -> Mapping[tuple[str, str], Mapping[str, float]]:
    """By metric and reader policy, what the readers of each case score on the mean."""
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for case in cases:
        masks = dataset.reader_masks(case)
        if len(masks) < 2:
            continue
        for reader, trials in _trials(dataset, masks).items():
            for spec in specs:
                values = [_human_score(spec, mask, truth) for mask, truth in trials if truth.any()]
                known = [value for value in values if value is not None]
                if known:
                    found[spec.id, reader][case.case_id] = float(np.mean(known))
    return found


def _trials(
    dataset: Dataset, masks: Mapping[str, BoolArray]
) -> Mapping[str, list[tuple[BoolArray, BoolArray]]]:
    """Under the name that the tables give the marks: each reader's mask beside what it is held against."""
    trials: dict[str, list[tuple[BoolArray, BoolArray]]] = defaultdict(list)
    for reader, mask in masks.items():
        others = {other: theirs for other, theirs in masks.items() if other != reader}
        if dataset.readers == "each":
            for other, theirs in others.items():
                trials[other].append((mask, theirs))
        else:
            for name, consensus in under_policy(others, dataset.readers, votes=dataset.votes).items():
                trials[name].append((mask, consensus))
    return trials


def _human_score(spec: MetricSpec, mask: BoolArray, truth: BoolArray) -> float | None:
    if not mask.any():
        return 0.5 if spec.name == "pixel-auroc" else 0.0
    saliency: FloatArray = mask.astype(np.float32)
    value = score_localization(spec, saliency, truth, np.ones_like(mask))
    return None if isinstance(value, Absent) else float(value)
