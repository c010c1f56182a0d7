"""Scores made by hand or at random, for what is computed from scores alone."""

import numpy as np

from xaudit.records import Score, ScoreKey, Unscored

CONTROLS = ("random", "centre", "edges")


def key(case, explainer, metric="iou", *, patient="", reader="union", model="m", family="localization"):
    return ScoreKey(
        case_id=f"c{case:03d}",
        patient_id=f"p{case:03d}" if patient == "" else patient,
        reader=reader,
        model_id=model,
        explainer_id=explainer,
        explainer_hash="h",
        target="cancer",
        correct=True,
        metric_id=metric,
        metric_hash="h",
        family=family,
    )


def scores(explainer, values, metric="iou", **kwargs):
    return [Score(key(i, explainer, metric, **kwargs), value) for i, value in enumerate(values)]


def mixed_scores(seed=0):
    generator = np.random.default_rng(seed)
    results = []
    for model in ("honest", "shortcut"):
        for explainer in ("lime", "gradcam", "random", "edges"):
            for metric, family in (("iou", "localization"), ("pixel-flipping", "faithfulness")):
                for case in range(24):
                    k = key(case, explainer, metric, patient=f"p{case // 3}", model=model, family=family)
                    if generator.random() < 0.1:
                        results.append(Unscored(k, "the map is constant"))
                    else:
                        results.append(Score(k, float(generator.random())))
    return results
