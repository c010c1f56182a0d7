"""Finished runs with pictures, maps and marks, as a page shows them; made up, for the reports' tests."""

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import outcomes
import reliance_maps

from xaudit.geometry import fit_geometry, map_to_original
from xaudit.records import Annotation, Box, Case, Interval, Prediction
from xaudit.stages.outcome.mean_curves import MeanCurve
from xaudit.stages.outcome.reasons import ReasonCount
from xaudit.stages.views.gallery_view import GalleryMap, GalleryView, shrunk
from xaudit.stages.views.previews import preview
from xaudit.stages.views.report_material import ReportMaterial

HOSTILE = '<img src=x onerror="alert(1)">'
EXPLAINERS = outcomes.EXPLAINERS


def case(name, *, frame=(96, 128), spacing=(0.7, 0.7)):
    return Case(
        name, f"patient of {name}", "data", f"{name}.png", "0" * 64, "cancer", "test", *frame, spacing
    )


def answer(name, model, *, right=True):
    p = 0.9 if right else 0.2
    said = "cancer" if right else "normal"
    return Prediction(
        name, None, model, "test", "cancer", said, "cancer", (0.0, 0.0), (p, 1 - p), ("cancer", "normal")
    )


def material(
    names=("P01", "P02", HOSTILE),
    *,
    outcome=None,
    side=96,
    explainers=EXPLAINERS,
    models=("honest", "shortcut"),
    spoil=0.05,
) -> ReportMaterial:
    """Images of noise with a bright box, which two readers outline; the third case is misclassified."""
    rng = np.random.default_rng(0)
    outcome = outcome or outcomes.phantom_outcome()
    cases = {name: case(name, frame=(side, side)) for name in names}
    box = Box(side / 4, side / 3, side / 2, side / 1.5)
    marks, previews, views = {}, {}, []
    for name in names:
        marks[name] = (
            Annotation(name, "reader-1", box),
            Annotation(name, "reader-2", Box(box.x0 + 2, box.y0 + 2, box.x1 + 3, box.y1 + 1)),
            Annotation(name, "reader-3", None),
        )
        smooth = np.add.outer(np.sin(np.arange(side) / 9), np.cos(np.arange(side) / 13)) / 8 + 0.4
        pixels = np.clip(smooth + rng.normal(0, spoil, (side, side)), 0, 1)
        pixels[round(box.y0) : round(box.y1), round(box.x0) : round(box.x1)] = 1.0
        previews[name] = preview(name, pixels.astype(np.float32))
    for model in models:
        for number, name in enumerate(names):
            maps = {
                explainer: GalleryMap(
                    shrunk(rng.normal(0.2, 1, (64, 64)).astype(np.float32)),
                    ("good", "miss_same_lung", "diffuse")[(number + place) % 3],
                    place == 1,
                    {
                        "iou": ((number * 7 + place * 3) % 10) / 10,
                        "relevance-mass-accuracy": (number % 5) / 5,
                    },
                )
                for place, explainer in enumerate(explainers)
            }
            views.append(
                GalleryView(
                    name,
                    model,
                    answer(name, model, right=number != 2),
                    fit_geometry((side, side), (128, 128)),
                    "FN" if number == 2 else "TP",
                    ("small", "middle", "large")[number % 3],
                    100.0,
                    49.0,
                    maps,
                )
            )
    outcome = replace(outcome, explainer_ids=(*explainers, *outcome.control_ids))
    return ReportMaterial(
        outcome=outcome,
        manifest={
            "xaudit": "0.1.0",
            "python": "3.11",
            "seed": 0,
            "started": "2026-01-02T03:04:05Z",
            "command_line": ["xaudit", "run", "audit.yaml", "--limit", "3"],
            "libraries": {"torch": "2.14.1", "pydicom": None},
            "counts": {"cases": 3},
            "checksums": {"images": "ab", "weights": {"honest": "cd"}},
        },
        comparisons=(),
        reasons=tuple(
            ReasonCount(model, name, 2, place, 1, 1)
            for model in models
            for place, name in enumerate(explainers)
        ),
        views=tuple(views),
        n_explained=dict.fromkeys(models, 54),
        explained=Counter((one.model_id, one.prediction.label, one.prediction.predicted) for one in views),
        cases=cases,
        marks=marks,
        previews=previews,
        signed={name: name != "gradcam" for name in explainers},
        ranked_by="relevance-mass-accuracy",
        maps_kept=True,
        curves=curves(outcome) if names else (),
        curves_kept=bool(names),
        reliance=tuple(
            reliance_maps.view(one, frame=(side, side), preview=previews.get(one.typical))
            for one in outcome.mean_reliance
        ),
    )


def repeated(few: ReportMaterial, n: int) -> ReportMaterial:
    """As many cases of one model as asked, which look like the few over and over."""
    [model] = few.n_explained
    names = [f"case-{number:04d}" for number in range(n)]
    source = dict(zip(names, itertools.cycle(few.views), strict=False))
    return replace(
        few,
        views=tuple(
            replace(view, case_id=name, prediction=replace(view.prediction, case_id=name))
            for name, view in source.items()
        ),
        n_explained={model: n},
        cases={name: replace(few.cases[view.case_id], case_id=name) for name, view in source.items()},
        marks={name: few.marks[view.case_id] for name, view in source.items()},
        previews={name: replace(few.previews[view.case_id], case_id=name) for name, view in source.items()},
    )


def curves(outcome, *, n_points=9, metrics=("pixel-flipping", "insertion")):
    """Explainers whose answer falls fast, or rises fast, beside controls on which it goes evenly."""
    found = []
    for model in outcome.model_ids:
        for metric in metrics:
            for place, name in enumerate(outcome.explainer_ids):
                speed = 1 if name in outcome.control_ids else 3 + 2 * place
                means = []
                for step in range(n_points):
                    share = step / (n_points - 1)
                    left = 0.9 * (1 - share) ** speed
                    value = left if metric == "pixel-flipping" else 0.9 - left
                    means.append(Interval(value, max(0.0, value - 0.05), min(1.0, value + 0.05), "bca"))
                shares = tuple(step / (n_points - 1) for step in range(n_points))
                found.append(MeanCurve(model, name, metric, shares, tuple(means), 54, 54))
    return tuple(found)


def planted(*, frame, fit, model_hw, spacing, box, flip=False, read=None) -> ReportMaterial:
    """One black image with one white box, marked by one reader, and a map that is high in that box alone.

    The map is made in the model's frame as an explainer would, and comes back by the recorded geometry.

    Args:
        flip: whether the model sees the image mirrored.
        read: what storing the pixels in a file and reading them gives: pixels and spacing.
    """
    name = "planted"
    pixels = np.zeros(frame, np.float32)
    rows, cols = slice(int(box.y0), int(box.y1)), slice(int(box.x0), int(box.x1))
    pixels[rows, cols] = 1.0
    if read is not None:
        pixels, spacing = read(pixels, spacing)
    geometry = replace(fit_geometry(frame, model_hw, fit), flip=flip)
    (x0, y0), (x1, y1) = geometry.to_model(box.x0, box.y0), geometry.to_model(box.x1, box.y1)
    x0, x1 = sorted((x0, x1))
    values = np.zeros(model_hw, np.float32)
    values[max(0, round(y0)) : round(y1), max(0, round(x0)) : round(x1)] = 1.0
    view = GalleryView(
        name,
        "honest",
        answer(name, "honest"),
        geometry,
        "TP",
        "same",
        1.0,
        None,
        {"gradcam": GalleryMap(values, "good")},
    )
    whole = material(names=(), explainers=("gradcam",))
    return replace(
        whole,
        views=(view,),
        cases={name: case(name, frame=frame, spacing=spacing)},
        marks={name: (Annotation(name, "reader-1", box),)},
        previews={name: preview(name, pixels)},
    )


def carried(one: ReportMaterial):
    """The map of :func:`planted` on the original frame, as it is scored."""
    [view] = one.views
    return map_to_original(view.maps["gradcam"].values, view.geometry)[0]
