"""Effect of half precision on the scores, measured on a few cases before an audit relies on it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import spearmanr

from xaudit.chunks import CaseSource, Chunk, explain, score
from xaudit.config import AuditFile, ExplainerSpec
from xaudit.counts import counted
from xaudit.records import Case, FloatArray, Prediction, Score, ScoreResult

if TYPE_CHECKING:
    from xaudit.models.classifier import Classifier

N_CASES = 3
"""Cases that are explained and scored in both precisions."""


def note_of_precision(
    audit: AuditFile,
    classifier: "Classifier",
    source: CaseSource,
    pairs: Sequence[tuple[Case, Prediction]],
) -> str:
    """By how much an audit's first cases are scored otherwise than in float32, as a sentence for the report.

    Everything else is as in the audit: the same seeds, maps and metrics. Costs nothing on the meter, and is empty for a
    classifier in float32 or without cases.
    """
    if classifier.precision == "float32" or not pairs:
        return ""
    chunk = Chunk(classifier, source, pairs[:N_CASES])
    with classifier.meter.paused():
        half = _scored(audit, chunk)
        with classifier.in_float32():
            whole = _scored(audit, chunk)
        moved = _probability_moved(chunk)
    likeness = [
        value
        for name, (maps, _) in half.items()
        for one, other in zip(maps, whole[name][0], strict=True)
        if np.isfinite(value := _rank_correlation(one, other))
    ]
    texts = [f"the target's probability moved by {moved:.2g} at most"]
    if likeness:
        texts.append(f"the least like map correlated {min(likeness):.3f} (Spearman)")
    shifts = _largest_shifts(half, whole)
    texts += [f"{metric} moved by {shift:.2g} at most" for metric, shift in shifts.items()]
    return (
        f"model '{classifier.id}' answers in {classifier.precision}; against float32, on {counted(len(chunk.subjects), 'case')}: "
        + "; ".join(texts)
    )


_Scored = tuple[list[FloatArray], list[ScoreResult]]


def _scored(audit: AuditFile, chunk: Chunk) -> Mapping[str, _Scored]:
    """The maps and scores of every explainer, by its id."""

    def of(spec: ExplainerSpec) -> _Scored:
        maps = explain(chunk, spec, seed=audit.seed)
        results = score(
            chunk, spec, maps, metrics=audit.metrics, reliances=(), ceilings=False, seed=audit.seed
        )
        return [one.values for one in maps], results

    return {spec.id: of(spec) for spec in audit.explainers}


def _probability_moved(chunk: Chunk) -> float:
    import torch

    if not chunk.subjects:
        return 0.0
    classifier = chunk.classifier
    images = torch.stack([subject.image for subject in chunk.subjects])
    half = classifier.logits(images).softmax(1)
    with classifier.in_float32():
        whole = classifier.logits(images).softmax(1)
    targets = torch.tensor([[subject.target_index] for subject in chunk.subjects])
    return float((half - whole).gather(1, targets).abs().max())


def _rank_correlation(one: FloatArray, other: FloatArray) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(spearmanr(one.ravel(), other.ravel()).statistic)


def _largest_shifts(half: Mapping[str, _Scored], whole: Mapping[str, _Scored]) -> dict[str, float]:
    """The largest change of each metric that moved at all, over explainers, cases and readers."""
    largest: dict[str, float] = {}
    for name, (_, results) in half.items():
        wanted = {result.key: result for result in whole[name][1]}
        for after in results:
            before = wanted[after.key]
            if isinstance(before, Score) and isinstance(after, Score):
                metric = after.key.metric_id
                largest[metric] = max(largest.get(metric, 0.0), abs(after.value - before.value))
    return {metric: shift for metric, shift in largest.items() if shift > 0}
