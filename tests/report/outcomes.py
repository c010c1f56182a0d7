"""Finished runs as the phantom study gives them, for the reports' tests."""

from dataclasses import replace

import reliance_maps

from xaudit.config import ExplainersSection, Gate
from xaudit.records import (
    MODEL_LEVEL,
    NO_READER,
    CalibrationBin,
    CalibrationValue,
    CategoryCount,
    DataCheck,
    Evaluation,
    ExplainerJudgement,
    Interval,
    Outcome,
    Problem,
    PropertyEffect,
    Summary,
    ThresholdShift,
    UnscoredGroup,
    Verdict,
    Work,
)
from xaudit.verdict import explainer_findings, image_findings, judge

EXPLAINERS = ("gradcam", "lime", "occlusion")
CONTROLS = ("random", "centre", "edges")


def interval(estimate: float, half: float = 0.07, lowest: float = 0.0) -> Interval:
    return Interval(estimate, max(lowest, estimate - half), min(1.0, estimate + half), "bca")


def summary(
    model, explainer, metric, value, *, family, reader="union", unscored=0, better=None, half=0.07
) -> Summary:
    control = None
    if better is not None:
        control = interval(0.2 if better else 0.01, 0.05)
    return Summary(
        model_id=model,
        explainer_id=explainer,
        metric_id=metric,
        family=family,
        reader=reader,
        interval=interval(value, half, -1.0 if family in ("reliance", "agreement") else 0.0),
        n_cases=54 - unscored,
        n_patients=18,
        n_unscored=unscored,
        cluster="patient",
        control_id=None if better is None else "edges",
        control_difference=control,
    )


RELIANCE = {
    "honest": {"mark": 0.61, "same-lung": 0.04, "opposite-lung": 0.0, "border": -0.01, "outside": 0.01},
    "shortcut": {"mark": 0.02, "same-lung": 0.0, "opposite-lung": 0.0, "border": 0.83, "outside": 0.05},
}
MASSES = {
    ("honest", "gradcam"): (0.08, 0.22, 0.15, 0.14, 0.41),
    ("honest", "lime"): (0.31, 0.24, 0.12, 0.09, 0.24),
    ("honest", "occlusion"): (0.52, 0.21, 0.08, 0.04, 0.15),
    ("shortcut", "gradcam"): (0.05, 0.19, 0.18, 0.20, 0.38),
    ("shortcut", "lime"): (0.03, 0.08, 0.06, 0.71, 0.12),
    ("shortcut", "occlusion"): (0.01, 0.02, 0.02, 0.94, 0.01),
}
CAPTURED = {
    ("honest", "gradcam"): (0.16, "does-not-show", None, 12, 0.021),
    ("honest", "lime"): (0.66, "shows", None, 1001, 2.4),
    ("honest", "occlusion"): (0.81, "shows", None, 226, 0.52),
    ("shortcut", "gradcam"): (0.05, "does-not-show", None, 12, 0.021),
    ("shortcut", "lime"): (0.55, "undecided", 36, 1001, 2.4),
    ("shortcut", "occlusion"): (0.98, "shows", None, 226, 0.52),
    ("honest", "random"): (0.07, "does-not-show", None, 0, 0.0001),
    ("honest", "centre"): (0.17, "does-not-show", None, 0, 0.0001),
    ("honest", "edges"): (0.2, "does-not-show", None, 0, 0.0012),
    ("shortcut", "random"): (0.06, "does-not-show", None, 0, 0.0001),
    ("shortcut", "centre"): (0.0, "does-not-show", None, 0, 0.0001),
    ("shortcut", "edges"): (0.31, "does-not-show", None, 0, 0.0012),
}
PRIORS = {"honest": 0.31, "shortcut": 0.88}
LOCALIZATION = {
    ("honest", "gradcam"): (0.05, 0.06, 0.08, 0.11, 0.61, 0.42),
    ("honest", "lime"): (0.43, 0.21, 0.31, 0.33, 0.78, 0.31),
    ("honest", "occlusion"): (0.58, 0.29, 0.52, 0.44, 0.88, 0.24),
    ("shortcut", "gradcam"): (0.02, 0.05, 0.05, 0.06, 0.51, 0.66),
    ("shortcut", "lime"): (0.0, 0.01, 0.03, 0.02, 0.44, 0.35),
    ("shortcut", "occlusion"): (0.0, 0.0, 0.01, 0.01, 0.40, 0.22),
}
CONTROL_SCORES = {
    "random": (0.03, 0.02, 0.03, 0.03, 0.50, 0.71),
    "centre": (0.0, 0.01, 0.02, 0.01, 0.37, 0.74),
    "edges": (0.04, 0.03, 0.05, 0.06, 0.56, 0.69),
}
METRICS = (
    "pointing-game",
    "iou",
    "relevance-mass-accuracy",
    "relevance-rank-accuracy",
    "pixel-auroc",
    "pixel-flipping",
)
REGIONS = ("mark", "same-lung", "opposite-lung", "border", "outside")


def summaries(models=("honest", "shortcut")) -> tuple[Summary, ...]:
    found: list[Summary] = []
    for model in models:
        for region, value in RELIANCE[model].items():
            found.append(
                summary(model, MODEL_LEVEL, f"reliance-{region}", value, family="reliance", half=0.05)
            )
        for explainer in (*EXPLAINERS, *CONTROLS):
            scores = LOCALIZATION.get((model, explainer)) or CONTROL_SCORES[explainer]
            for metric, value in zip(METRICS, scores, strict=True):
                faithful = metric == "pixel-flipping"
                better = (
                    None
                    if explainer in CONTROLS
                    else (model == "honest" and explainer != "gradcam" and not faithful)
                )
                found.append(
                    summary(
                        model,
                        explainer,
                        metric,
                        value,
                        family="faithfulness" if faithful else "localization",
                        reader=NO_READER if faithful else "union",
                        unscored=2 if (explainer, metric) == ("gradcam", "pointing-game") else 0,
                        better=better,
                    )
                )
            masses = MASSES.get((model, explainer), (0.03, 0.2, 0.2, 0.36, 0.21))
            for region, value in zip(REGIONS, masses, strict=True):
                found.append(summary(model, explainer, f"mass-{region}", value, family="regions"))
            captured = CAPTURED[model, explainer][0]
            found.append(
                summary(model, explainer, "reliance-captured", captured, family="agreement", reader=NO_READER)
            )
        prior = PRIORS[model]
        found.append(
            summary(model, "prior", "reliance-captured", prior, family="agreement", reader=NO_READER)
        )
    return tuple(found)


def evaluation(model: str, matrix=((52, 2), (1, 53))) -> Evaluation:
    measures = {
        "accuracy": interval(0.972, 0.02),
        "sensitivity": interval(0.981, 0.018),
        "specificity": interval(0.963, 0.03),
        "auroc": interval(0.995, 0.005),
    }
    return Evaluation(model, "data", "test", ("cancer", "normal"), "cancer", matrix, measures, 108, 36, True)


def judgements(models=("honest", "shortcut")) -> tuple[ExplainerJudgement, ...]:
    found = []
    for (model, explainer), (value, state, n_needed, n_evals, seconds) in CAPTURED.items():
        if model not in models:
            continue
        prior = interval(PRIORS[model], 0.05)
        difference = Interval(
            value - PRIORS[model], value - PRIORS[model] - 0.1, value - PRIORS[model] + 0.1, "bca"
        )
        why = "the interval includes 0.50" if state == "undecided" else ""
        judged = ExplainerJudgement(
            model, explainer, interval(value, 0.07), prior, difference, 51, 18, 3, n_needed, state, why
        )
        found.append(replace(judged, n_evals=n_evals, seconds=seconds))
    return tuple(found)


GATES = ("reliance-mark >= 0.2", "reliance-border <= 0.1", "pointing-game@lime >= 0.3")


def verdicts(
    found: tuple[Summary, ...], gates=GATES, models=("honest", "shortcut"), *, strict=False
) -> tuple[Verdict, ...]:
    of_gates = judge(
        found,
        gates=[Gate.read(gate) for gate in gates],
        models=models,
        gate_on="lower",
        strict=strict,
        explainers=EXPLAINERS,
        positive=dict.fromkeys(models, "cancer"),
    )
    return (*of_gates, *explainer_findings(judgements(models), EXPLAINERS, ExplainersSection()))


def finding(code: str, model: str, sentence: str) -> Verdict:
    return Verdict(code, "fail", model, model, "", sentence, gating=False)


CATEGORIES = {
    ("honest", "gradcam"): {"miss_same_lung": (20, 1), "diffuse": (30, 1), "no_map": (2, 0)},
    ("honest", "lime"): {
        "good": (20, 0),
        "covered_with_spill:same_lung": (11, 0),
        "partial_with_spill:outside_lung": (9, 1),
        "miss_opposite_lung": (12, 1),
    },
    ("honest", "occlusion"): {"good": (31, 0), "under_coverage": (17, 1), "miss_outside_lung": (4, 1)},
    ("shortcut", "gradcam"): {"diffuse": (44, 0), "miss_same_lung": (10, 0)},
    ("shortcut", "lime"): {"miss_outside_lung": (54, 0)},
    ("shortcut", "occlusion"): {"miss_outside_lung": (54, 0)},
}
CONTROL_CATEGORIES = {"random": "diffuse", "centre": "diffuse", "edges": "miss_outside_lung"}


def categories() -> tuple[CategoryCount, ...]:
    found: list[CategoryCount] = []
    for model, false_negatives in (("honest", 2), ("shortcut", 0)):
        for explainer in (*EXPLAINERS, *CONTROLS):
            own = CATEGORIES.get((model, explainer)) or {
                CONTROL_CATEGORIES[explainer]: (54 - false_negatives, false_negatives)
            }
            for category, numbers in own.items():
                for cell, n in zip(("TP", "FN"), numbers, strict=True):
                    wrong = n if cell == "TP" and category.startswith("miss") else 0
                    right = n if cell == "TP" else 0
                    apart = right if category in ("diffuse", "no_map") else 0
                    judged = (wrong, right - apart, apart)
                    if CAPTURED[model, explainer][1] != "shows" or explainer in CONTROLS:
                        judged = (0, 0, 0)
                    found += [CategoryCount(model, explainer, category, cell, n, *judged)] if n else []
    return tuple(found)


def category_shifts() -> tuple[ThresholdShift, ...]:
    return tuple(
        ThresholdShift(model, explainer, name, value, 54, moved, change)
        for model in ("honest", "shortcut")
        for explainer in (*EXPLAINERS, *CONTROLS)
        for name, value, moved, change in (
            ("diffuse", 0.4, 9, 0),
            ("diffuse", 0.6, 4, 0),
            ("miss", 0.08, 1, -1),
            ("miss", 0.12, 3, 3),
            ("coverage", 0.4, 5, 0),
            ("coverage", 0.6, 0, 0),
            ("precision", 0.4, 2, 0),
            ("precision", 0.6, 0, 0),
        )
    )


def image_properties() -> tuple[PropertyEffect, ...]:
    """Brightness moves nothing; sharpening raises the honest model's P(cancer) on normal slices alone."""
    figures = {
        ("honest", "brightness", "cancer"): (0.02, 0.05, 0.06),
        ("honest", "brightness", "normal"): (-0.01, 0.03, None),
        ("honest", "sharpness", "cancer"): (-0.07, 0.08, 0.26),
        ("honest", "sharpness", "normal"): (0.25, 0.26, None),
        ("shortcut", "sharpness", "cancer"): (0.0, 0.0, 0.01),
        ("shortcut", "sharpness", "normal"): (0.0, 0.0, None),
    }
    steps = {"brightness": ("darker-10", "brighter-10", 6.3), "sharpness": ("blur-1", "sharpen-100", None)}
    return tuple(
        PropertyEffect(
            model_id=model,
            property=name,
            images=images,
            target="cancer",
            less=steps[name][0],
            more=steps[name][1],
            n_cases=27,
            n_patients=9,
            n_marked=0 if whole is None else 27,
            cluster="patient",
            probability=interval(rise, lowest=-1.0),
            log_odds=interval(4 * rise, lowest=-2.0),
            movement=interval(moved),
            with_finding=interval(moved if whole is None else whole),
            n_spreads=steps[name][2],
        )
        for (model, name, images), (rise, moved, whole) in figures.items()
    )


def phantom_outcome() -> Outcome:
    """The built-in study: an honest model and one that reads the corner marker."""
    return Outcome(
        name="phantom",
        run_id="20260102T030405Z-phantom-0a1b2c3d",
        model_ids=("honest", "shortcut"),
        explainer_ids=(*EXPLAINERS, *CONTROLS),
        control_ids=CONTROLS,
        evaluations=(evaluation("honest"), evaluation("shortcut", ((54, 0), (0, 54)))),
        summaries=summaries(),
        verdicts=(*verdicts(summaries()), *image_findings(image_properties())),
        problems=(),
        n_explained={"honest": 54, "shortcut": 54},
        positive={"honest": "cancer", "shortcut": "cancer"},
        notes=(),
        unscored=(UnscoredGroup("honest", "gradcam", "the map is zero everywhere", 2, 12),),
        categories=categories(),
        category_shifts=category_shifts(),
        explainers_judged=judgements(),
        map_tests=reliance_maps.phantom_tests(),
        mean_reliance=reliance_maps.phantom_means(),
        image_properties=image_properties(),
        data_checks=(calibration_check(),),
        work=Work(seconds=148.2, model_seconds=127.5, n_evals=96_412, n_shards=112, n_shards_reused=0),
    )


def calibration_check() -> DataCheck:
    """Calibration of two models: one too sure of its answers, the other with few patients in each bin."""
    points = (
        ("honest", 1, 0.04, 0.1),
        ("honest", 2, 0.97, 0.8),
        ("shortcut", 1, 0.01, 0.0),
        ("shortcut", 2, 0.99, 1.0),
    )
    curve = [
        CalibrationBin(
            model, "positive", "all", number, 27, 9, given - 0.01, given + 0.01, given, observed, max(0.0, observed - 0.1),
            min(1.0, observed + 0.1),
        )
        for model, number, given, observed in points
    ]  # fmt: skip
    figures = [
        (model, metric, target, value)
        for model, size in (("honest", 0.12), ("shortcut", 0.01))
        for metric, target, value in (
            ("ece", "positive", size), ("ece", "top-label", size), ("confidence-gap", "top-label", size),
            ("brier", "positive", size / 2),
        )
    ]  # fmt: skip
    values = [
        CalibrationValue(model, metric, target, "all", value, max(0.0, value - 0.05), value + 0.05, 54, 18, 0.03, 0.07, 0.01)
        for model, metric, target, value in figures
    ]  # fmt: skip
    said = "overconfident: the probability of the class that it names is 0.12 [0.07, 0.17] higher than the share that is right"
    return DataCheck(
        "calibration",
        "Calibration of the answers",
        "data",
        verdicts=(
            Verdict(
                "XA431",
                "fail",
                "honest",
                "honest",
                "calibration",
                f"honest: {said} (18 patients)",
                gating=False,
            ),
        ),
        tables={"calibration": values, "calibration_curve": curve},
        model_values={"honest": {"ece": Interval(0.12, 0.07, 0.17, "deviation")}},
        n_patients=18,
    )


def unmarked_outcome() -> Outcome:
    """Real images of three classes without marks, patients or gates, some of them unreadable."""
    names = ("Benign cases", "Malignant cases", "Normal cases")
    matrix = ((20, 4, 6), (3, 98, 2), (9, 1, 87))
    measures = {"accuracy": Interval(0.891, 0.848, 0.923, "wilson")}
    rows = []
    for explainer in ("gradcam", "lime", *CONTROLS):
        value = {"gradcam": 0.44, "lime": 0.39}.get(explainer, 0.7)
        rows.append(
            summary("resnet50", explainer, "pixel-flipping", value, family="faithfulness", reader=NO_READER)
        )
    rows = [replace(row, cluster="case") for row in rows]
    return Outcome(
        name="lung-ct",
        run_id="20260102T030405Z-lung-ct-11112222",
        model_ids=("resnet50",),
        explainer_ids=("gradcam", "lime", *CONTROLS),
        control_ids=CONTROLS,
        evaluations=(
            Evaluation("resnet50", "data", "test", names, names[1], matrix, measures, 230, 230, False),
            Evaluation("resnet50", "data", "train", names, names[1], matrix, measures, 230, 230, False),
        ),
        summaries=tuple(rows),
        verdicts=(
            finding("XA401", "resnet50", "the data names no patients"),
            finding("XA402", "resnet50", "no reader's marks were given"),
        ),
        problems=(
            Problem("Malignant cases/Malignant (12)", "load", "the image is cut off: 3 kB of 41 kB"),
            Problem("Malignant cases/Malignant (13)", "load", "the image is cut off: 3 kB of 41 kB"),
            Problem("Normal cases/Normal (4)", "explain", "the map is constant"),
        ),
        n_explained={"resnet50": 40},
        positive={"resnet50": "Malignant cases"},
        notes=("Images were split at random because the data names no patients.",),
        work=Work(seconds=61.0, model_seconds=50.1, n_evals=0, n_shards=5, n_shards_reused=5),
    )
