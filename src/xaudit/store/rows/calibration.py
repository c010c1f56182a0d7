"""Answers to images with planted evidence, and how often audits of them are right, as rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from xaudit.records import CalibrationEffect, Interval, PlantedAnswers, PowerPoint
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
        codes=tuple(row["codes"]),
        other_codes=tuple(row["other_codes"]),
    )


_OF_EFFECT = ("effect", "effect_low", "effect_high", "method")

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
        *_with_interval("coverage", "share of resamples whose interval holds the truth"),
        *_with_interval("caught", "share of resamples with a failing finding about the plant"),
        *_with_interval("failed", "share of resamples with a failing finding about something else"),
        *_with_interval("stopped", "share of resamples in which a gate fails"),
        _RESAMPLES,
        ("codes", pa.list_(TEXT), "failing findings about the plant, on all patients"),
        ("other_codes", pa.list_(TEXT), "failing findings about something else, on all patients"),
        empty=(*_OF_EFFECT, "mean_effect", "coverage", "coverage_low", "coverage_high"),
    ),
    _effect_row,
    _effect,
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
