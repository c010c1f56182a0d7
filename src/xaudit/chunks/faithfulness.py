"""The metrics that query the model on changed images, in shared batches."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from xaudit.catalog import EXTERNAL, explainer_row, metric_row
from xaudit.chunks.chunk import Chunk
from xaudit.chunks.explaining import explain_again
from xaudit.chunks.results import key_of, result_of
from xaudit.config import ExplainerSpec, MetricSpec
from xaudit.metrics import ask_faithfulness
from xaudit.metrics.curve import Curve
from xaudit.records import (
    FloatArray,
    SaliencyMap,
    Score,
    ScoreCurve,
    ScoreKey,
    ScoreResult,
)
from xaudit.seeds import seed_for


def faithfulness_of(
    chunk: Chunk,
    spec: ExplainerSpec,
    maps: Mapping[str, SaliencyMap],
    values_of: Mapping[str, FloatArray],
    metrics: Sequence[MetricSpec],
    *,
    seed: int,
) -> dict[tuple[str, str], ScoreResult]:
    """Compute the metrics that ask the model, by case and metric, in shared batches."""
    from xaudit.perturb.asking import answer

    pairs = [
        (subject, metric)
        for subject in chunk.subjects
        for metric in metrics
        if metric_row(metric.name).asks_model
    ]
    classifier = chunk.classifier
    blank = str(spec.options["baseline"]) if explainer_row(spec.name).sums_to_answer else None
    answers = answer(
        [
            ask_faithfulness(
                metric,
                classifier,
                subject.image,
                subject.target_index,
                values_of[subject.case.case_id],
                about=subject.case.case_id,
                seed=seed_for(seed, subject.case.image_id, "faithfulness"),
                blank=blank,
                explain_again=None
                if spec.name == EXTERNAL.id
                else explain_again(chunk, spec, maps[subject.case.case_id].seed),
            )
            for subject, metric in pairs
        ],
        classifier.logits,
        batch_size=classifier.batch_size,
    )
    results: dict[tuple[str, str], ScoreResult] = {}
    for (subject, metric), answered in zip(pairs, answers, strict=True):
        key = key_of(subject, maps[subject.case.case_id], metric)
        result = result_of(
            key, answered.value.value, answered.n_evals + answered.value.n_evals, answered.seconds
        )
        if isinstance(result, Score) and answered.value.curve is not None:
            result = replace(result, curve=_curve(key, answered.value.curve))
        results[subject.case.case_id, metric.id] = result
    return results


def curves_of(results: Sequence[ScoreResult]) -> list[ScoreCurve]:
    """Return the curves that freshly measured scores were computed from."""
    return [result.curve for result in results if isinstance(result, Score) and result.curve is not None]


def _curve(key: ScoreKey, curve: Curve) -> ScoreCurve:
    return ScoreCurve(
        case_id=key.case_id,
        model_id=key.model_id,
        explainer_id=key.explainer_id,
        explainer_hash=key.explainer_hash,
        metric_id=key.metric_id,
        metric_hash=key.metric_hash,
        share=tuple(np.asarray(curve.share, dtype=np.float32).tolist()),
        value=tuple(np.asarray(curve.value, dtype=np.float32).tolist()),
    )
