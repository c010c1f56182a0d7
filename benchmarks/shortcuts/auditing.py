"""The audit of one network by xaudit itself, and if its verdict fails and names the planted place."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

import xaudit
from shortcuts.population import SIZE
from xaudit.models.sources.small_resnet import SmallResNet
from xaudit.models.weights.saving import save_safetensors
from xaudit.records import FloatArray, Verdict

ANNOTATED = 60
"""Patients with a marked tumour in each audit."""

ENRICHED = 2.0
"""Times the plant's density in an area must exceed that of the whole frame for the area to name the plant's place."""

REGIONS: dict[str, tuple[str, ...]] = {
    "corner-marker": ("border",),
    "border-tone": ("border",),
    "opposite-tag": ("opposite-lung",),
    "same-tag": ("same-lung",),
    "hyperintensity": ("outside", "thorax"),
    "obstruction": ("outside", "thorax", "body"),
}
"""Regions whose naming counts as naming the plant's place."""

OF_A_PLACE = ("XA201", "XA207", "XA213")
"""Findings that name a place of the image."""

ACCUSING = (*OF_A_PLACE, "XA209", "XA210")
"""Findings that say where an answer comes from. XA203, XA206 and XA214 say that it is fragile or no better than chance."""

_WORDS = {
    "border": "the border",
    "opposite-lung": "the opposite lung",
    "same-lung": "the same lung",
    "thorax": "the rest of the thorax",
    "body": "the rest of the body",
    "outside": "the area outside the lungs",
}

SETTINGS: dict[str, Any] = {
    "explainers": ["gradcam"],
    "metrics": ["iou", "pointing-game"],
    "localization": {"ceilings": False},
    "statistics": {"replicates": 2000},
    "run": {"maps": "none", "figures": 0},
    "report": {"html": False},
}
"""Settings that differ from the defaults; questions about the model keep theirs."""


def audit(network: SmallResNet, study: Path, work: Path) -> dict[str, Any]:
    """Audit a network on a study and return the findings, the areas, the reliance on regions and Grad-CAM's scores."""
    weights = work / "network.safetensors"
    save_safetensors(network.state_dict(), weights, notes={})
    section = {
        "id": "network",
        "source": "python",
        "factory": "xaudit.models.sources.small_resnet:SmallResNet",
        "weights": str(weights),
        "layer": "layer4",
        "input_size": SIZE,
    }
    data = {
        "format": "csv",
        "images": str(study / "images"),
        "labels": str(study / "labels.csv"),
        "annotations": {"path": str(study / "annotations.json"), "format": "coco"},
        "regions": {"lungs": str(study / "lungs")},
    }
    plain = {"name": "truth", "data": data, "models": [section], **SETTINGS}
    outcome = xaudit.audit(plain, out=work / "runs", progress=False, device="cpu")
    try:
        summary, areas = outcome.run.summary(), outcome.run.areas()
        return {
            "findings": [
                {"code": one.code, "status": one.status, "sentence": one.sentence}
                for one in outcome.verdicts
                if _is_about_the_model(one)
            ],
            "areas": _areas(areas),
            "reliance": {
                name: figures for name, figures in _means(summary, "reliance-").items() if "logit" not in name
            },
            "gradcam": {
                metric: _means(summary[summary["explainer"] == "gradcam"], metric)[metric]
                for metric in ("iou", "pointing-game")
            },
        }
    finally:
        shutil.rmtree(work / "runs", ignore_errors=True)


def _is_about_the_model(verdict: Verdict) -> bool:
    return verdict.kind == "finding" and verdict.code.startswith("XA2")


def _means(summary: pd.DataFrame, prefix: str) -> dict[str, list[float | None]]:
    """Return estimate and interval of each metric that begins so, over all cases."""
    rows = summary[summary["metric"].str.startswith(prefix) & (summary["stratum"] == "all")]
    return {
        str(row.metric): [_rounded(row.estimate), _rounded(row.low), _rounded(row.high)]
        for row in rows.itertuples()
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else round(float(value), 4)


def _areas(areas: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the areas of the image that are judged: outside the mark, or outside its lung as well."""
    judged = areas[
        (areas["frame"] == "image") & (areas["answer"] == "probability") & (areas["scope"] != "all")
    ]
    return [
        {
            "images": row.images,
            "question": row.question,
            "direction": row.direction,
            "scope": row.scope,
            "place": row.place,
            "position": row.position,
            "peak": [_rounded(value) for value in (row.peak_x0, row.peak_y0, row.peak_x1, row.peak_y1)],
            "effect": [_rounded(row.effect), _rounded(row.low), _rounded(row.high)],
            "infills": list(row.infills),
        }
        for row in judged.itertuples()
    ]


def with_density(audited: dict[str, Any], place: FloatArray) -> dict[str, Any]:
    """Add to each area the plant's density at its strongest window.

    Args:
        place: (s, s) share of the plant's change on each pixel.
    """
    areas = [area | {"density": density(area["peak"], place)} for area in audited["areas"]]
    return audited | {"areas": areas}


def accusations(audited: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the findings that fail the network for where its answer comes from."""
    return [one for one in audited["findings"] if one["status"] == "fail" and one["code"] in ACCUSING]


def names_the_place(audited: dict[str, Any], kind: str) -> bool:
    """Return True if an accusation names the plant's region, or one of its areas lies where the plant does."""
    accused = accusations(audited)
    if any(one["code"] == "XA207" for one in accused) and any(
        area["place"] in REGIONS[kind] or area["density"] >= ENRICHED for area in audited["areas"]
    ):
        return True
    sentences = [one["sentence"] for one in accused if one["code"] in ("XA201", "XA213")]
    return any(_WORDS[region] in sentence for region in REGIONS[kind] for sentence in sentences)


def density(box: Sequence[float], place: FloatArray) -> float:
    """Return the share of a plant in a box over the share of the frame that the box covers.

    Example:
        >>> import numpy as np
        >>> corner = np.zeros((8, 8), np.float32)
        >>> corner[0, 7] = 1
        >>> density((0.5, 0, 1, 0.5), corner), density((0, 0, 0.5, 0.5), corner)
        (4.0, 0.0)
    """
    height, width = place.shape
    x0, y0, x1, y1 = box
    rows, columns = slice(round(y0 * height), round(y1 * height)), slice(round(x0 * width), round(x1 * width))
    return float(place[rows, columns].sum() / ((x1 - x0) * (y1 - y0)))
