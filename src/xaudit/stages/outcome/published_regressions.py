"""CheXlocalize's regressions: its IoU and its hits on each feature of the lesion, and on the model's confidence."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xaudit.cases.dataset import Dataset
from xaudit.catalog import CHEXLOCALIZE
from xaudit.geometry import union
from xaudit.metrics.absent import Absent
from xaudit.metrics.lesion_geometry import LesionGeometry, lesion_geometry
from xaudit.records import Case, Coefficient, FloatArray, Prediction, Regression, Score, ScoreResult
from xaudit.statistics.regression import NoFit
from xaudit.statistics.simple_regression import simple_regression

PROTOCOL = "chexlocalize"
FEATURES = ("n-lesions", "area-share", "elongation", "irrectangularity")
"""Of the lesion, each scaled from its smallest to its largest value; p counts four times, once for each."""

CONFIDENCE = "confidence"


@dataclass(frozen=True)
class MarkedResults:
    """Input of the regressions of one model, or of several taken together.

    Attributes:
        scores: of one model.
        geometries: by case id, of what the readers marked under the audit's policy.
        predictions: of the same model.
    """

    scores: Sequence[ScoreResult]
    geometries: Mapping[str, LesionGeometry]
    predictions: Sequence[Prediction]


def pooled(name: str, results: Mapping[str, MarkedResults]) -> MarkedResults:
    """Put several findings of one network together, as the published regressions do.

    Each image of each finding is a case of its own, with its own mark; what is counted as patients stays the same.

    Args:
        name: of the pool; stands in the place of the model.
        results: by model id.
    """
    scores: list[ScoreResult] = []
    geometries: dict[str, LesionGeometry] = {}
    predictions: list[Prediction] = []
    for model, own in results.items():

        def named(case_id: str, model: str = model) -> str:
            return f"{model}\n{case_id}"

        for result in own.scores:
            key = result.key
            patient = key.patient_id or key.case_id
            about = replace(key, case_id=named(key.case_id), patient_id=patient, model_id=name)
            scores.append(replace(result, key=about))
        geometries |= {named(case): one for case, one in own.geometries.items()}
        predictions += [replace(one, case_id=named(one.case_id), model_id=name) for one in own.predictions]
    return MarkedResults(scores, geometries, predictions)


def published_regressions(
    results: MarkedResults,
    *,
    metric_names: Mapping[str, str],
    controls: Sequence[str],
) -> tuple[Regression, ...]:
    """Five regressions for each explainer and each of CheXlocalize's metrics of one model.

    As there, a feature is scaled over all marked cases, those included that have no IoU; a case whose IoU it leaves out
    is left out of the line. Confidence is the probability of the class that is explained, not scaled, and both metrics
    are regressed on it over the cases that have an IoU.

    Args:
        results: of one model, or of several that are pooled.
        metric_names: catalog name of each metric id, where an audit gives a metric its own id.
        controls: ids of the explainers that are none, which have no lines.
    """
    confidence = {
        one.case_id: one.probabilities[one.class_names.index(one.target)] for one in results.predictions
    }
    scaled = {name: _scaled(_feature(results.geometries, name)) for name in FEATURES}
    groups: dict[tuple[str, str, str, str], dict[str, float]] = defaultdict(dict)
    patients: dict[str, str] = {}
    for result in results.scores:
        key = result.key
        name = metric_names.get(key.metric_id, key.metric_id)
        if (
            isinstance(result, Score)
            and key.family == "localization"
            and name.startswith(CHEXLOCALIZE)
            and key.explainer_id not in controls
        ):
            groups[key.model_id, key.explainer_id, key.metric_id, key.reader][key.case_id] = result.value
            patients[key.case_id] = key.patient_id or key.case_id
    found: list[Regression] = []
    for (model, explainer, metric, reader), values in sorted(groups.items()):
        with_iou = _with_iou(groups, (model, explainer, reader), metric_names)
        columns: dict[str, Mapping[str, float]] = dict(scaled)
        columns[CONFIDENCE] = {case: confidence[case] for case in with_iou if case in confidence}
        for feature, column in columns.items():
            cases = sorted(values.keys() & column.keys())
            fit = _fit(feature, _array(values, cases), _array(column, cases))
            found.append(
                Regression(
                    model_id=model,
                    explainer_id=explainer,
                    metric_id=metric,
                    reader=reader,
                    coefficients=() if isinstance(fit, NoFit) else fit,
                    n_cases=len(cases),
                    n_patients=len({patients[case] for case in cases}),
                    reason=fit.reason if isinstance(fit, NoFit) else "",
                    protocol=PROTOCOL,
                    feature=feature,
                )
            )
    return tuple(found)


def _fit(feature: str, values: FloatArray, column: FloatArray) -> tuple[Coefficient, ...] | NoFit:
    n_tests = 1 if feature == CONFIDENCE else len(FEATURES)
    return simple_regression(values, column, name=feature, n_tests=n_tests)


def lesion_geometries(dataset: Dataset, cases: Sequence[Case]) -> dict[str, LesionGeometry]:
    """By case id, the shape of what the readers marked under the data set's policy; unmarked cases are left out."""
    found: dict[str, LesionGeometry] = {}
    for case in cases:
        mark = union(list(dataset.regions(case).values()), (case.height, case.width))
        shape = lesion_geometry(mark)
        if not isinstance(shape, Absent):
            found[case.case_id] = shape
    return found


def _with_iou(
    groups: Mapping[tuple[str, str, str, str], Mapping[str, float]],
    about: tuple[str, str, str],
    metric_names: Mapping[str, str],
) -> set[str]:
    """The cases of which CheXlocalize's IoU has a value."""
    return {
        case
        for (model, explainer, metric, reader), values in groups.items()
        if (model, explainer, reader) == about and metric_names.get(metric, metric) == f"{CHEXLOCALIZE}iou"
        for case in values
    }


def _feature(geometries: Mapping[str, LesionGeometry], name: str) -> dict[str, float]:
    """The cases that have the feature: a lesion that is a line has no shape."""
    found: dict[str, float] = {}
    for case, one in geometries.items():
        match name:
            case "n-lesions":
                value: float | Absent = float(one.n_lesions)
            case "area-share":
                value = one.area_share
            case "elongation":
                value = one.elongation
            case _:
                value = one.irrectangularity
        if not isinstance(value, Absent):
            found[case] = float(value)
    return found


def _scaled(values: Mapping[str, float]) -> Mapping[str, float]:
    """From 0 at the smallest to 1 at the largest; as they are where all are alike."""
    low, high = min(values.values(), default=0.0), max(values.values(), default=0.0)
    return dict(values) if low == high else {case: (v - low) / (high - low) for case, v in values.items()}


def _array(values: Mapping[str, float], cases: Sequence[str]) -> FloatArray:
    return np.array([values[case] for case in cases])
