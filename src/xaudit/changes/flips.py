"""The differences between a model's answers in two runs."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from xaudit.config import StatisticsSection
from xaudit.records import Flips, Interval, Prediction
from xaudit.seeds import seed_for
from xaudit.statistics.bootstrap import MIN_CLUSTERS, ClusterBootstrap
from xaudit.statistics.digits import counted, shown, shown_difference
from xaudit.statistics.mcnemar import mcnemar


def flips(
    base: Sequence[Prediction],
    head: Sequence[Prediction],
    *,
    cases: Collection[str],
    settings: StatisticsSection,
    seed: int,
) -> tuple[Flips, ...]:
    """Compare the answers of each model on each split that both runs classified, sorted by model and split.

    The interval of the accuracies' difference resamples patients, and McNemar's test counts them, each for the side
    with more of its cases. The conclusion is ``higher`` or ``lower`` only if both exclude chance: the interval knows how
    large the difference is, and the test does not depend on the spread of the replicates.

    Args:
        cases: ids of the cases that both runs hold.
    """
    bootstrap = ClusterBootstrap(
        replicates=settings.replicates, confidence=settings.confidence, seed=seed_for(seed, "flips")
    )
    before = {(p.model_id, p.case_id): p for p in base if p.case_id in cases}
    pairs: dict[tuple[str, str], list[tuple[Prediction, Prediction]]] = defaultdict(list)
    for prediction in head:
        earlier = before.get((prediction.model_id, prediction.case_id))
        if earlier is not None:
            pairs[prediction.model_id, prediction.split].append((earlier, prediction))
    return tuple(
        _flips(model_id, split, pairs[model_id, split], bootstrap) for model_id, split in sorted(pairs)
    )


def _flips(
    model_id: str, split: str, pairs: Sequence[tuple[Prediction, Prediction]], bootstrap: ClusterBootstrap
) -> Flips:
    was_right = np.array([earlier.correct for earlier, _ in pairs], dtype=np.float64)
    is_right = np.array([later.correct for _, later in pairs], dtype=np.float64)
    patients_known = all(later.patient_id is not None for _, later in pairs)
    names = [later.patient_id or later.case_id for _, later in pairs]
    n_fixed = int(((was_right == 0) & (is_right == 1)).sum())
    n_broken = int(((was_right == 1) & (is_right == 0)).sum())
    test = mcnemar(is_right, was_right, names)
    record = Flips(
        model_id=model_id,
        split=split,
        accuracies=(float(was_right.mean()), float(is_right.mean())),
        difference=bootstrap.difference(is_right, was_right, names),
        n_fixed=n_fixed,
        n_broken=n_broken,
        n_changed=sum(earlier.predicted != later.predicted for earlier, later in pairs),
        n_cases=len(pairs),
        n_patients=len(set(names)),
        cluster="patient" if patients_known else "case",
        p_value=None if test is None else test.mid,
        conclusion="undecided",
        sentence="",
        p_exact=None if test is None else test.exact,
    )
    return _with_sentence(record, alpha=1 - bootstrap.confidence)


def _with_sentence(record: Flips, *, alpha: float) -> Flips:
    before, after = (shown(accuracy) for accuracy in record.accuracies)
    where = f"on the same {counted(record.n_patients, record.cluster)}"
    who = f"{record.model_id}'s {record.split} accuracy"
    turned = f"{counted(record.n_fixed, 'case')} put right, {record.n_broken} put wrong"
    if not record.n_fixed and not record.n_broken:
        others = f", though {counted(record.n_changed, 'answer')} changed" if record.n_changed else ""
        return replace(record, conclusion="same", sentence=f"{who} is {after} as before{others} ({where})")
    figures = f"from {before} to {after}, by {shown_difference(record.difference)} {where} ({turned})"
    if _leaves_out_zero(record.difference) and record.p_value is not None and record.p_value <= alpha:
        if record.difference.estimate > 0:
            return replace(record, conclusion="higher", sentence=f"{who} rose {figures}")
        return replace(record, conclusion="lower", sentence=f"{who} fell {figures}")
    if record.difference.low is None:
        few = f"too few to rule out chance; at least {MIN_CLUSTERS} are needed"
        return replace(record, sentence=f"{who} went {figures}: {few}")
    return replace(record, sentence=f"{who} went {figures}: chance may explain it")


def _leaves_out_zero(difference: Interval) -> bool:
    return (
        difference.low is not None
        and difference.high is not None
        and (difference.low > 0 or difference.high < 0)
    )
