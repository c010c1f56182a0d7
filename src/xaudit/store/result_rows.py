"""The tables of what came out: predictions, saliency maps, scores, reliance, summaries."""

import math
from collections.abc import Mapping
from typing import Any, assert_never

import numpy as np

from xaudit.records import (
    CategorisedMap,
    Interval,
    MapFacts,
    Prediction,
    Reliance,
    SaliencyMap,
    Score,
    ScoreCurve,
    ScoreKey,
    ScoreResult,
    Summary,
    TunedThreshold,
    TuningCurve,
    Unscored,
)
from xaudit.store import schemas
from xaudit.store.quantise import from_half, to_half
from xaudit.store.table import Table


def _prediction_row(prediction: Prediction) -> dict[str, object]:
    return {
        "case_id": prediction.case_id,
        "patient_id": prediction.patient_id,
        "model": prediction.model_id,
        "split": prediction.split,
        "label": prediction.label,
        "predicted": prediction.predicted,
        "target": prediction.target,
        "correct": prediction.correct,
        "class_names": list(prediction.class_names),
        "logits": list(prediction.logits),
        "probabilities": list(prediction.probabilities),
    }


def _prediction(row: Mapping[str, Any]) -> Prediction:
    return Prediction(
        case_id=row["case_id"],
        patient_id=row["patient_id"],
        model_id=row["model"],
        split=row["split"],
        label=row["label"],
        predicted=row["predicted"],
        target=row["target"],
        logits=tuple(row["logits"]),
        probabilities=tuple(row["probabilities"]),
        class_names=tuple(row["class_names"]),
    )


def _map_row(saliency: SaliencyMap) -> dict[str, object]:
    height, width = saliency.values.shape
    fractions, scale = to_half(saliency.values)
    return {
        "case_id": saliency.case_id,
        "model": saliency.model_id,
        "explainer": saliency.explainer_id,
        "explainer_hash": saliency.explainer_hash,
        "target": saliency.target,
        "height": height,
        "width": width,
        "scale": scale,
        "values": fractions.ravel(),
        "seed": saliency.seed,
        "n_evals": saliency.n_evals,
        "seconds": saliency.seconds,
    }


def _map(row: Mapping[str, Any]) -> SaliencyMap:
    fractions = np.asarray(row["values"], dtype=np.float16).reshape(row["height"], row["width"])
    return SaliencyMap(
        case_id=row["case_id"],
        model_id=row["model"],
        explainer_id=row["explainer"],
        explainer_hash=row["explainer_hash"],
        target=row["target"],
        values=from_half(fractions, np.float32(row["scale"])),
        seed=row["seed"],
        n_evals=row["n_evals"],
        seconds=row["seconds"],
    )


def _score_row(result: ScoreResult) -> dict[str, object]:
    match result:
        case Score(key=key, value=value, n_evals=n_evals, seconds=seconds):
            if not math.isfinite(value):
                raise ValueError(
                    f"{key.metric_id} of {key.case_id} is {value}: that is Unscored, not a Score"
                )
            outcome = {"value": value, "status": "scored", "n_evals": n_evals, "seconds": seconds}
        case Unscored(key, reason):
            outcome = {"status": "unscored", "reason": reason, "n_evals": 0, "seconds": 0.0}
        case _:
            assert_never(result)
    return {
        "case_id": key.case_id,
        "patient_id": key.patient_id,
        "reader": key.reader,
        "model": key.model_id,
        "explainer": key.explainer_id,
        "explainer_hash": key.explainer_hash,
        "target": key.target,
        "correct": key.correct,
        "metric": key.metric_id,
        "metric_hash": key.metric_hash,
        "family": key.family,
        **outcome,
    }


def _curve_row(curve: ScoreCurve) -> dict[str, object]:
    return {
        "case_id": curve.case_id,
        "model": curve.model_id,
        "explainer": curve.explainer_id,
        "explainer_hash": curve.explainer_hash,
        "metric": curve.metric_id,
        "metric_hash": curve.metric_hash,
        "share": list(curve.share),
        "value": list(curve.value),
    }


def _curve(row: Mapping[str, Any]) -> ScoreCurve:
    return ScoreCurve(
        case_id=row["case_id"],
        model_id=row["model"],
        explainer_id=row["explainer"],
        explainer_hash=row["explainer_hash"],
        metric_id=row["metric"],
        metric_hash=row["metric_hash"],
        share=tuple(row["share"]),
        value=tuple(row["value"]),
    )


def _score(row: Mapping[str, Any]) -> ScoreResult:
    key = ScoreKey(
        case_id=row["case_id"],
        patient_id=row["patient_id"],
        reader=row["reader"],
        model_id=row["model"],
        explainer_id=row["explainer"],
        explainer_hash=row["explainer_hash"],
        target=row["target"],
        correct=row["correct"],
        metric_id=row["metric"],
        metric_hash=row["metric_hash"],
        family=row["family"],
    )
    match row["status"]:
        case "scored":
            return Score(key, row["value"], row["n_evals"], row["seconds"])
        case "unscored":
            return Unscored(key, row["reason"])
        case status:
            raise ValueError(f"no score has the status {status!r}")


_FACTS_SAME = (
    "case_id",
    "patient_id",
    "explainer_hash",
    "target",
    "label",
    "predicted",
    "no_map",
    "no_mark",
    "spread",
    "map_share",
    "coverage",
    "precision",
    "mass_lift",
    "place",
    "border_mass",
)


def _facts_row(facts: MapFacts) -> dict[str, object]:
    same = {name: getattr(facts, name) for name in _FACTS_SAME}
    return {"model": facts.model_id, "explainer": facts.explainer_id, **same}


def _facts(row: Mapping[str, Any]) -> MapFacts:
    same = {name: row[name] for name in _FACTS_SAME}
    return MapFacts(model_id=row["model"], explainer_id=row["explainer"], **same)


def _category_row(one: CategorisedMap) -> dict[str, object]:
    decided = {"category": one.category, "cell": one.cell, "wrong_reason": one.wrong_reason}
    return {**_facts_row(one.facts), **decided}


def _category(row: Mapping[str, Any]) -> CategorisedMap:
    return CategorisedMap(_facts(row), row["category"], row["cell"], row["wrong_reason"])


_RELIANCE_SAME = (
    "case_id",
    "patient_id",
    "target",
    "correct",
    "region",
    "infill",
    "fraction",
    "probability",
    "probability_drop",
    "logit_drop",
    "control_probability_drop",
    "control_logit_drop",
    "beyond_random",
    "logit_beyond_random",
)


def _reliance_row(reliance: Reliance) -> dict[str, object]:
    same = {name: getattr(reliance, name) for name in _RELIANCE_SAME}
    return {"model": reliance.model_id, **same}


def _reliance(row: Mapping[str, Any]) -> Reliance:
    return Reliance(model_id=row["model"], **{name: row[name] for name in _RELIANCE_SAME})


def _tuning_row(curve: TuningCurve) -> dict[str, object]:
    return {
        "case_id": curve.case_id,
        "patient_id": curve.patient_id,
        "model": curve.model_id,
        "explainer": curve.explainer_id,
        "explainer_hash": curve.explainer_hash,
        "target": curve.target,
        "thresholds": list(curve.thresholds),
        "ious": list(curve.ious),
    }


def _tuning(row: Mapping[str, Any]) -> TuningCurve:
    return TuningCurve(
        case_id=row["case_id"],
        patient_id=row["patient_id"],
        model_id=row["model"],
        explainer_id=row["explainer"],
        explainer_hash=row["explainer_hash"],
        target=row["target"],
        thresholds=tuple(row["thresholds"]),
        ious=tuple(row["ious"]),
    )


_THRESHOLD_SAME = ("explainer_hash", "target", "split", "threshold", "iou", "n_cases", "n_patients")


def _threshold_row(one: TunedThreshold) -> dict[str, object]:
    same = {name: getattr(one, name) for name in _THRESHOLD_SAME}
    return {"model": one.model_id, "explainer": one.explainer_id, **same}


def _threshold(row: Mapping[str, Any]) -> TunedThreshold:
    same = {name: row[name] for name in _THRESHOLD_SAME}
    return TunedThreshold(model_id=row["model"], explainer_id=row["explainer"], **same)


def _summary_row(summary: Summary) -> dict[str, object]:
    interval, difference = summary.interval, summary.control_difference
    row: dict[str, object] = {
        "model": summary.model_id,
        "explainer": summary.explainer_id,
        "metric": summary.metric_id,
        "family": summary.family,
        "reader": summary.reader,
        "stratum": summary.stratum,
        "estimate": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "method": interval.method,
        "n_replicates_dropped": interval.n_replicates_dropped,
        "n_cases": summary.n_cases,
        "n_patients": summary.n_patients,
        "n_unscored": summary.n_unscored,
        "cluster": summary.cluster,
        "control": summary.control_id,
    }
    if difference is not None:
        row |= {
            "difference": difference.estimate,
            "difference_low": difference.low,
            "difference_high": difference.high,
            "difference_method": difference.method,
            "difference_n_replicates_dropped": difference.n_replicates_dropped,
        }
    return row


def _summary(row: Mapping[str, Any]) -> Summary:
    method = row["difference_method"]
    difference = None
    if method is not None:
        low, high = row["difference_low"], row["difference_high"]
        dropped = row["difference_n_replicates_dropped"]
        difference = Interval(row["difference"], low, high, method, dropped)
    return Summary(
        model_id=row["model"],
        explainer_id=row["explainer"],
        metric_id=row["metric"],
        family=row["family"],
        reader=row["reader"],
        interval=Interval(
            row["estimate"], row["low"], row["high"], row["method"], row["n_replicates_dropped"]
        ),
        n_cases=row["n_cases"],
        n_patients=row["n_patients"],
        n_unscored=row["n_unscored"],
        cluster=row["cluster"],
        control_id=row["control"],
        control_difference=difference,
        stratum=row["stratum"],
    )


PREDICTIONS = Table[Prediction](
    "predictions", "what one model said of one case", schemas.PREDICTIONS, _prediction_row, _prediction
)

MAPS = Table[SaliencyMap](
    "maps",
    "one explainer's map of one case, in the model's frame",
    schemas.MAPS,
    _map_row,
    _map,
    in_parts=True,
)

TUNING_MAPS = Table[SaliencyMap](
    "tuning_maps",
    "one explainer's map of one case of the tuning split, which is never scored",
    schemas.MAPS,
    _map_row,
    _map,
    in_parts=True,
)

TUNING = Table[TuningCurve](
    "tuning",
    "how well one map of the tuning split meets its marks at each threshold",
    schemas.TUNING,
    _tuning_row,
    _tuning,
    in_parts=True,
)

THRESHOLDS = Table[TunedThreshold](
    "thresholds",
    "the threshold that was tuned for one model, explainer and class",
    schemas.THRESHOLDS,
    _threshold_row,
    _threshold,
)

SCORES = Table[ScoreResult](
    "scores",
    "one metric on one map, with a value or a reason",
    schemas.SCORES,
    _score_row,
    _score,
    in_parts=True,
)

CURVES = Table[ScoreCurve](
    "curves",
    "the curve from which one score was read; written where `run.curves` is set",
    schemas.CURVES,
    _curve_row,
    _curve,
    in_parts=True,
)

RELIANCE = Table[Reliance](
    "reliance",
    "how much one model's answer on one case depends on one region",
    schemas.RELIANCE,
    _reliance_row,
    _reliance,
    in_parts=True,
)

MAP_FACTS = Table[MapFacts](
    "map_facts",
    "what the failure category of one map is decided from",
    schemas.MAP_FACTS,
    _facts_row,
    _facts,
    in_parts=True,
)

CATEGORIES = Table[CategorisedMap](
    "categories",
    "one map with its failure category",
    schemas.CATEGORIES,
    _category_row,
    _category,
)

SUMMARY = Table[Summary](
    "summary",
    "one metric over all cases of one model, explainer and reader",
    schemas.SUMMARY,
    _summary_row,
    _summary,
)
