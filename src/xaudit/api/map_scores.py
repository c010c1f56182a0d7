"""Score one saliency map without a run."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from xaudit.catalog import METRICS, metric_row
from xaudit.errors import DataError, UsageError
from xaudit.metrics import score_complexity, score_marked_map
from xaudit.metrics.absent import Measured
from xaudit.records import BoolArray, FloatArray

if TYPE_CHECKING:
    from xaudit.config import MetricSpec

_NEEDS = {"regions": "the case's anatomy", "limits": "the explainer's native grid"}
"""By family of metrics, what they need beside a map and a mark; all other families need the model."""


def score_map(
    saliency: npt.ArrayLike,
    mark: npt.ArrayLike | None = None,
    *,
    metrics: Sequence[str | Mapping[str, object]] | None = None,
    valid: npt.ArrayLike | None = None,
    spacing_mm: tuple[float, float] | None = None,
) -> dict[str, Measured]:
    """Score one saliency map by metrics that need no model; no run is read or written.

    Localization metrics give what an audit gives for the same map in the image's frame. They count the positive part: pass
    ``abs(saliency)`` where a sign means nothing. Complexity metrics count every pixel as given; an audit asks them of the
    map in the model's frame.

    Args:
        saliency: (H, W) of numbers, positive where a pixel speaks for the class that is explained.
        mark: (H, W), true or not zero where the finding is marked. Complexity metrics need none.
        metrics: names of the families ``localization`` and ``complexity``, or mappings with ``name``, settings and ``id`` as
            in an audit file. None takes the localization metrics of an audit that names none, or without a mark all
            complexity metrics.
        valid: (H, W), true where the model saw the image; all else is left out of account. By default everywhere.
        spacing_mm: millimetres from one row to the next and from one column to the next, for distances in millimetres.

    Returns:
        By metric id, the score, or :class:`xaudit.Absent` with the reason why there is none. A map that is constant or
        nowhere positive on a marked image found nothing: most metrics give it 0, see docs/concepts.md.

    Raises:
        DataError: where the map is not finite, or an array has another shape or kind than is needed.
        UsageError: for a metric that needs more than a map and a mark.
        AuditFileError: for a metric or a setting that does not exist, with the nearest name.

    Example:
        >>> saliency = [[0.1, 0.8, 0.3], [0.0, 0.4, 0.0]]
        >>> mark = [[0, 1, 0], [0, 1, 0]]
        >>> score_map(saliency, mark, metrics=["iou", "relevance-mass-accuracy"])
        {'iou': 0.5, 'relevance-mass-accuracy': 0.75}
        >>> score_map(saliency, [[0, 0, 0], [0, 0, 0]], metrics=["iou"])
        {'iou': Absent(reason='the mark is empty: the readers left no pixel to be found')}
        >>> score_map(saliency, mark, metrics=[{"name": "iou", "binarisation": "fixed", "threshold": 0.45}])
        {'iou': 1.0}
    """
    values = _map(saliency)
    seen = np.ones(values.shape, dtype=bool) if valid is None else _mask(valid, "valid", values.shape)
    if not np.isfinite(values[seen]).all():
        n_bad = int((~np.isfinite(values[seen])).sum())
        raise DataError(
            f"saliency: {n_bad} of {values[seen].size} values are NaN or infinite",
            hint="where the model did not see the image, say so: score_map(..., valid=numpy.isfinite(saliency))",
        )
    region = None if mark is None else _mask(mark, "mark", values.shape)
    specs = _specs(metrics, marked=mark is not None)
    return _scores(specs, values, seen, region, _spacing(spacing_mm))


def _scores(
    specs: Sequence["MetricSpec"],
    values: FloatArray,
    seen: BoolArray,
    region: BoolArray | None,
    spacing_mm: tuple[float, float] | None,
) -> dict[str, Measured]:
    from xaudit.metrics.localization.marked_map import MarkedMap

    marked = None
    if region is not None:
        marked = MarkedMap(np.where(seen, values, 0), region, seen, spacing_mm)
    scores: dict[str, Measured] = {}
    for spec in specs:
        if metric_row(spec.name).family == "complexity":
            scores[spec.id] = score_complexity(spec, values if seen.all() else values[seen])
        elif marked is None:
            raise UsageError(f"score_map: '{spec.name}' needs a mark", hint="score_map(saliency, mark)")
        else:
            scores[spec.id] = score_marked_map(spec, marked)
    return scores


def _specs(metrics: Sequence[str | Mapping[str, object]] | None, *, marked: bool) -> list["MetricSpec"]:
    """Return the metrics with their settings; those of an audit that names none for None."""
    if metrics is None:
        family = "localization" if marked else "complexity"
        metrics = [row.id for row in METRICS.own if row.family == family and (row.by_default or not marked)]
    specs = [_spec(one) for one in ([metrics] if isinstance(metrics, str | Mapping) else metrics)]
    ids = [spec.id for spec in specs]
    for spec in specs:
        family = metric_row(spec.name).family
        if family not in ("localization", "complexity"):
            raise UsageError(
                f"score_map: '{spec.name}' needs {_NEEDS.get(family, 'the model')}, not a map and a mark alone",
                hint="xaudit.audit measures it: name it under `metrics` of the audit",
            )
        if spec.cuts_at_tuned_threshold:
            raise UsageError(
                f"score_map: '{spec.id}' cuts at a threshold that is tuned on other maps",
                hint="set `binarisation` to otsu, fixed or area",
            )
        if ids.count(spec.id) > 1:
            raise UsageError(f"score_map: '{spec.id}' stands twice", hint="give each its own `id`")
    return specs


def _spec(metric: str | Mapping[str, object]) -> "MetricSpec":
    from pydantic import ValidationError

    from xaudit.config import MetricSpec
    from xaudit.config.sections.named import from_name
    from xaudit.config.validation_errors import faults_of

    try:
        return MetricSpec.model_validate(from_name(metric))
    except ValidationError as error:
        raise faults_of(error, "metrics")[0] from None


def _map(saliency: npt.ArrayLike) -> FloatArray:
    """Return a map as numbers with a point, of the precision that it has."""
    values = _array(saliency, "saliency")
    if values.dtype in (np.float32, np.float64):
        return values
    return values.astype(np.float64)


def _mask(mask: npt.ArrayLike, name: str, shape: tuple[int, ...]) -> BoolArray:
    values = _array(mask, name)
    if values.shape != shape:
        raise DataError(
            f"{name}: is of shape {values.shape}, and the map of {shape}",
            hint="bring both to the image's frame",
        )
    if values.dtype == bool:
        return values
    if not np.isfinite(values).all() or (values < 0).any() or (values != np.round(values)).any():
        raise DataError(
            f"{name}: expected true and false, or whole numbers from 0",
            hint=f"choose what counts as marked, such as {name} > 0.5",
        )
    marked: BoolArray = values != 0
    return marked


def _array(value: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    """Return an image-like array of numbers."""
    hint = "give a NumPy array or nested lists; of a torch tensor, its .detach().float().cpu().numpy()"
    if np.ma.is_masked(value):
        raise DataError(
            f"{name}: some of its values are masked", hint="give `valid` in place of the array's mask"
        )
    try:
        values = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{name}: is no array: {reason:.120}", hint=hint) from None
    if values.dtype.kind not in "biuf":
        raise DataError(f"{name}: expected numbers, got {values.dtype}", hint=hint)
    if values.ndim != 2 or values.size == 0:
        raise DataError(
            f"{name}: expected an array of shape (H, W), got {values.shape}",
            hint="give one map of one image without axes for batch or channels",
        )
    return values


def _spacing(spacing_mm: tuple[float, float] | None) -> tuple[float, float] | None:
    if spacing_mm is None:
        return None
    numbers = np.asarray(spacing_mm, dtype=np.float64)
    if numbers.shape != (2,) or not (np.isfinite(numbers) & (numbers > 0)).all():
        raise DataError(
            f"spacing_mm: expected two lengths above 0, got {spacing_mm!r:.60}",
            hint="from one row to the next, then from one column to the next: (0.7, 0.7)",
        )
    return float(numbers[0]), float(numbers[1])
