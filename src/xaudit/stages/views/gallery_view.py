"""A case of the report's gallery: one model's answer with every explainer's map."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from xaudit.catalog import METRICS
from xaudit.geometry import Geometry, fit_geometry, image_to_model
from xaudit.records import CategorisedMap, FloatArray, Prediction, Score, ScoreResult
from xaudit.store.parts import MAPS, MISCLASSIFIED_MAPS, iter_parts, part_keys
from xaudit.store.run_folder import RunFolder

MAP_SIDE = 64
"""Pixels of a map's longer side in the gallery; larger maps are averaged down to it. Scores are of the whole map."""


def _shown_metrics() -> tuple[str, ...]:
    return tuple(row.id for row in METRICS if row.headline and row.family in ("localization", "faithfulness"))


@dataclass(frozen=True, slots=True, eq=False)
class GalleryMap:
    """An explainer's map of one case.

    Attributes:
        values: (h, w) of the model's frame, averaged down to :data:`MAP_SIDE`; None where the run kept no maps.
        category: as in :class:`xaudit.records.CategorisedMap`; empty where the map was not sorted.
        wrong_reason: likewise.
        scores: by headline metric, the mean over readers where maps were held against each of them.
        highest: largest fall of the probability, of a reliance map; None for an explainer's.
    """

    values: FloatArray | None
    category: str = ""
    wrong_reason: bool = False
    scores: Mapping[str, float] = field(default_factory=dict)
    highest: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class GalleryView:
    """A case as one model sees it.

    Attributes:
        geometry: from the case's original frame to the model's.
        cell: ``TP``, ``FN``, ``FP`` or ``TN``.
        size: the third of lesion sizes that the case is in, such as ``small``; ``unknown`` without a mark, empty if the
            case was not sorted.
        area_px: of all readers' marks together; None without marks.
        area_mm2: likewise; None without spacing, too.
        maps: by explainer, in the audit's order; last the reliance map, where windows were replaced.
        is_error: True for a case that was explained for its error alone, and is in no number of the report.
        regions: of such a case, the fall of the target's probability beyond that of random areas, by hidden region.
    """

    case_id: str
    model_id: str
    prediction: Prediction
    geometry: Geometry
    cell: str
    size: str
    area_px: float | None
    area_mm2: float | None
    maps: Mapping[str, GalleryMap]
    is_error: bool = False
    regions: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class SmallMap:
    """A stored map, averaged down.

    Attributes:
        frame: (height, width) of the model's frame.
        values: (h, w) of the same frame.
    """

    frame: tuple[int, int]
    values: FloatArray


def small_maps(
    run: RunFolder, wanted: Mapping[str, Collection[str]], explainers: Collection[str]
) -> dict[tuple[str, str, str], SmallMap]:
    """The maps of some cases by model, case and explainer, read part by part.

    Args:
        wanted: cases by model.
    """
    found = {}
    for table in (MAPS, MISCLASSIFIED_MAPS):
        for part in iter_parts(run, table, part_keys(run, table)):
            for one in part.rows or ():
                if one.explainer_id in explainers and one.case_id in wanted.get(one.model_id, ()):
                    height, width = one.values.shape
                    key = (one.model_id, one.case_id, one.explainer_id)
                    found[key] = SmallMap((height, width), shrunk(one.values))
    return found


def gallery_maps(
    explainers: Sequence[str],
    stored: Mapping[str, SmallMap],
    sorted_maps: Mapping[str, CategorisedMap],
    scores: Iterable[ScoreResult],
) -> dict[str, GalleryMap]:
    """Every explainer's map of one case of one model, with what is known of it.

    Args:
        stored: by explainer.
        sorted_maps: by explainer.
        scores: of this case and model.
    """
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    metrics = _shown_metrics()
    for one in scores:
        if isinstance(one, Score) and one.key.metric_id in metrics:
            values[one.key.explainer_id, one.key.metric_id].append(one.value)
    maps = {}
    for name in explainers:
        known = sorted_maps.get(name)
        maps[name] = GalleryMap(
            stored[name].values if name in stored else None,
            "" if known is None else known.category,
            known is not None and known.wrong_reason,
            {
                metric: sum(values[name, metric]) / len(values[name, metric])
                for metric in metrics
                if (name, metric) in values
            },
        )
    return maps


def shrunk(values: FloatArray) -> FloatArray:
    """A map no larger than :data:`MAP_SIDE`, by the mean over area.

    Example:
        >>> import numpy as np
        >>> shrunk(np.ones((128, 256))).shape
        (32, 64)
    """
    height, width = values.shape
    shrink = min(1.0, MAP_SIDE / max(height, width))
    if shrink == 1.0:
        return values
    frame = (max(1, round(height * shrink)), max(1, round(width * shrink)))
    return image_to_model(values, fit_geometry((height, width), frame, "stretch"))
