"""Answers to images with planted evidence, and how often audits of them are right, as rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from xaudit.records import (
    CalibrationEffect,
    ExplainerJudgement,
    ExplainerOnPlant,
    Interval,
    PlantedAnswers,
    PlantOnMap,
    PowerPoint,
)
from xaudit.store.rows.columns import CASE_ID, MODEL, NUMBER, PATIENT, TEXT, TRUTH, WHOLE, Column, schema
from xaudit.store.rows.table import Table

_PLANT: Column = ("plant", TEXT, "the plant, with its region after `@`")
_SHARE: Column = ("share", NUMBER, "share of the answer that comes from the plant, w")
_RESAMPLES: Column = ("n_resamples", WHOLE, "audits of patients drawn anew")


def _with_interval(name: str, meaning: str) -> tuple[Column, Column, Column]:
    return (
        (name, NUMBER, meaning),
        (f"{name}_low", NUMBER, "lower end of its interval"),
        (f"{name}_high", NUMBER, "upper end of its interval"),
    )


def _ends(name: str, interval: Interval | None) -> dict[str, float | None]:
    if interval is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _interval(name: str, row: Mapping[str, Any], method: str) -> Interval | None:
    if row[name] is None:
        return None
    return Interval(row[name], row[f"{name}_low"], row[f"{name}_high"], method)


def _share(name: str, row: Mapping[str, Any]) -> Interval:
    return Interval(row[name], row[f"{name}_low"], row[f"{name}_high"], "wilson")


_ANSWERS = ("case_id", "patient_id", "plant", "is_planted", "plain")

PLANTED_ANSWERS = Table[PlantedAnswers](
    "planted_answers",
    "all answers of one model, and of a plant's detector, to the questions about one case",
    schema(
        CASE_ID,
        PATIENT,
        MODEL,
        _PLANT,
        ("is_planted", TRUTH, "whether the image shows the plant"),
        ("plain", NUMBER, "log odds of the positive class on the image without the plant"),
        ("answers", pa.list_(pa.float64()), "log odds of the positive class, in the order of the questions"),
        ("detector", pa.list_(pa.float64()), "log odds that the image shows the plant, in the same order"),
        empty=("patient_id",),
    ),
    lambda one: {
        "model": one.model_id,
        "answers": one.model,
        "detector": one.detector,
        **{name: getattr(one, name) for name in _ANSWERS},
    },
    lambda row: PlantedAnswers(
        model_id=row["model"],
        model=np.asarray(row["answers"], dtype=np.float64),
        detector=np.asarray(row["detector"], dtype=np.float64),
        **{name: row[name] for name in _ANSWERS},
    ),
    in_parts=True,
)

_SAME = (
    "plant",
    "place",
    "share",
    "planted",
    "n_patients",
    "n_positive",
    "truth",
    "reaction",
    "mean_effect",
    "largest_error",
    "half_width",
    "n_resamples",
)


def _effect_row(one: CalibrationEffect) -> dict[str, object]:
    return {
        "model": one.model_id,
        **{name: getattr(one, name) for name in _SAME},
        **_ends("effect", one.effect),
        "method": None if one.effect is None else one.effect.method,
        **_ends("coverage", one.coverage),
        **_ends("caught", one.caught),
        **_ends("failed", one.failed),
        **_ends("stopped", one.stopped),
        **_ends("shown", one.shown),
        "codes": list(one.codes),
        "other_codes": list(one.other_codes),
    }


def _effect(row: Mapping[str, Any]) -> CalibrationEffect:
    return CalibrationEffect(
        model_id=row["model"],
        **{name: row[name] for name in _SAME},
        effect=_interval("effect", row, row["method"]),
        coverage=_interval("coverage", row, "wilson"),
        caught=_share("caught", row),
        failed=_share("failed", row),
        stopped=_share("stopped", row),
        shown=_interval("shown", row, "wilson"),
        codes=tuple(row["codes"]),
        other_codes=tuple(row["other_codes"]),
    )


_OF_EFFECT = ("effect", "effect_low", "effect_high", "method")
_OF_SHARES = ("coverage", "coverage_low", "coverage_high", "shown", "shown_low", "shown_high")

CALIBRATION_EFFECTS = Table[CalibrationEffect](
    "calibration_effects",
    "what audits say of one model that takes a known share of its answer from one plant",
    schema(
        MODEL,
        _PLANT,
        ("place", TEXT, "`box`: one place of the frame; `ring`: the border; `region`; `image`: all of it"),
        _SHARE,
        ("planted", NUMBER, "share of the positive patients whose images show the plant"),
        ("n_patients", WHOLE, "patients asked"),
        ("n_positive", WHOLE, "patients asked with positive images"),
        (
            "truth",
            NUMBER,
            "change of the answer when the plant is taken out at the source, mean over positives",
        ),
        ("reaction", NUMBER, "the same for the model by itself"),
        *_with_interval("effect", "what the audit measures at the plant's place, on all patients"),
        ("method", TEXT, "how the interval of the effect was made"),
        ("mean_effect", NUMBER, "mean of what audits of resampled patients measure"),
        ("largest_error", NUMBER, "largest distance of such an effect to the truth"),
        ("half_width", NUMBER, "mean half-width of their intervals"),
        *_with_interval("coverage", "share of resamples whose interval holds the truth"),
        *_with_interval("caught", "share of resamples with a failing finding about the plant"),
        *_with_interval("failed", "share of resamples with a failing finding about something else"),
        *_with_interval("stopped", "share of resamples in which a gate fails"),
        *_with_interval("shown", "share of resamples whose reliance map shows an area at the plant"),
        _RESAMPLES,
        ("codes", pa.list_(TEXT), "failing findings about the plant, on all patients"),
        ("other_codes", pa.list_(TEXT), "failing findings about something else, on all patients"),
        empty=(*_OF_EFFECT, "mean_effect", "largest_error", "half_width", *_OF_SHARES),
    ),
    _effect_row,
    _effect,
)

_ON_MAP = (
    "plant",
    "share",
    "marked",
    "question",
    "truth",
    "hidden",
    "n_areas",
    "position",
    "patients",
    "held",
)


def _map_row(one: PlantOnMap) -> dict[str, object]:
    return {
        "model": one.model_id,
        **{name: getattr(one, name) for name in _ON_MAP},
        **_ends("effect", one.effect),
        "method": None if one.effect is None else one.effect.method,
        **_ends("area", one.area),
        "area_method": None if one.area is None else one.area.method,
    }


def _map(row: Mapping[str, Any]) -> PlantOnMap:
    return PlantOnMap(
        model_id=row["model"],
        **{name: row[name] for name in _ON_MAP},
        effect=_interval("effect", row, row["method"]),
        area=_interval("area", row, row["area_method"]),
    )


CALIBRATION_MAPS = Table[PlantOnMap](
    "calibration_maps",
    "what the reliance map of all patients shows at one plant that carries a known share of a model's answer",
    schema(
        MODEL,
        _PLANT,
        _SHARE,
        ("marked", TRUTH, "false: the same answers as if no reader had marked anything"),
        ("question", TEXT, "`hide`, or `transplant` for windows copied into images of another class"),
        ("truth", NUMBER, "change of the answer when the plant is taken out at the source"),
        *_with_interval(
            "effect", "effect of the window of each image that hides the plant, mean over patients"
        ),
        ("hidden", NUMBER, "fall of the plant's own answer in those windows; near 0 if no window hides it"),
        ("method", TEXT, "how the interval of the effect was made"),
        ("n_areas", WHOLE, "areas that the map shows at the plant"),
        *_with_interval("area", "effect of the largest area at the plant"),
        ("area_method", TEXT, "how its interval was made"),
        ("position", TEXT, "where its peak window lies, in words; an empty text without an area"),
        ("patients", NUMBER, "share of the patients whose effect there is above the margin"),
        (
            "held",
            NUMBER,
            "change of the plant's own answer in the peak window, mean over the patients whose window counts",
        ),
        empty=(
            *_OF_EFFECT,
            "truth",
            "hidden",
            "area",
            "area_low",
            "area_high",
            "area_method",
            "patients",
            "held",
        ),
    ),
    _map_row,
    _map,
)

_JUDGED = ("n_cases", "n_patients", "n_without_reliance", "n_needed", "state", "reason", "cluster")


def _explainer_row(one: ExplainerOnPlant) -> dict[str, object]:
    judged = one.judgement
    return {
        "model": judged.model_id,
        "explainer": judged.explainer_id,
        **{name: getattr(one, name) for name in ("plant", "share", "sees_plant")},
        **{name: getattr(judged, name) for name in _JUDGED},
        **_ends("captured", judged.captured),
        **_ends("prior", judged.prior),
        **_ends("difference", judged.difference),
        "method": None if judged.captured is None else judged.captured.method,
        "prior_method": None if judged.prior is None else judged.prior.method,
        "difference_method": None if judged.difference is None else judged.difference.method,
    }


def _explainer(row: Mapping[str, Any]) -> ExplainerOnPlant:
    judged = ExplainerJudgement(
        model_id=row["model"],
        explainer_id=row["explainer"],
        captured=_interval("captured", row, row["method"]),
        prior=_interval("prior", row, row["prior_method"]),
        difference=_interval("difference", row, row["difference_method"]),
        **{name: row[name] for name in _JUDGED},
    )
    return ExplainerOnPlant(row["plant"], row["share"], row["sees_plant"], judged)


_OF_CAPTURED: tuple[Column, ...] = (
    *_with_interval(
        "captured", "share of the best captured reliance that the strongest part of its maps holds"
    ),
    ("method", TEXT, "how the interval was made"),
    *_with_interval("prior", "the same of the other patients' mean reliance map"),
    ("prior_method", TEXT, "how its interval was made"),
    *_with_interval("difference", "captured minus prior, paired by case"),
    ("difference_method", TEXT, "how its interval was made"),
    ("n_needed", WHOLE, "patients that would decide an undecided state"),
)

CALIBRATION_EXPLAINERS = Table[ExplainerOnPlant](
    "calibration_explainers",
    "what one explainer shows of a model that takes a known share of its answer from one plant",
    schema(
        MODEL,
        ("explainer", TEXT, "the explainer"),
        _PLANT,
        _SHARE,
        (
            "sees_plant",
            TRUTH,
            "false: it reads gradients or layers, which the plant's part of the answer does not pass",
        ),
        *_OF_CAPTURED,
        ("n_cases", WHOLE, "images with the plant on which hiding windows changes the answer"),
        ("n_patients", WHOLE, "their patients"),
        ("n_without_reliance", WHOLE, "images with the plant on which hiding any window changes nothing"),
        ("state", TEXT, "`shows`, `does-not-show` or `undecided`"),
        ("reason", TEXT, "why it is undecided; an empty text otherwise"),
        ("cluster", TEXT, "`patient`, or `case` if the data names no patients"),
        empty=tuple(name for name, _, _ in _OF_CAPTURED),
    ),
    _explainer_row,
    _explainer,
)

_POINT = ("plant", "share", "n_patients", "n_resamples", "beyond")

POWER = Table[PowerPoint](
    "power",
    "how often a plant is caught with a number of patients",
    schema(
        MODEL,
        _PLANT,
        _SHARE,
        ("n_patients", WHOLE, "patients drawn, of each class in its own proportion"),
        *_with_interval("caught", "share of resamples with a failing finding about the plant"),
        _RESAMPLES,
        ("beyond", TRUTH, "whether these are more patients than the data holds: an extrapolation"),
    ),
    lambda one: {
        "model": one.model_id,
        **{name: getattr(one, name) for name in _POINT},
        **_ends("caught", one.caught),
    },
    lambda row: PowerPoint(
        model_id=row["model"], caught=_share("caught", row), **{name: row[name] for name in _POINT}
    ),
)
