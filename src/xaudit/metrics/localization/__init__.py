"""How well a map meets the place where readers marked the finding.

One file per kind of question; :func:`measure` asks any of them by its catalog name. What counts is the positive part of
the map over the pixels that the model saw.

A map that points nowhere (zero, constant, not finite, nothing positive) on a marked case is not left out: it found
nothing, and gets what that is worth, 0 for most metrics and the chance level for those of rank. Distances have no
such value and stay absent. See docs/decisions/0010-a-map-that-points-nowhere.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xaudit.config import MetricSpec
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.localization import (
    chexlocalize,
    distance,
    lesions,
    mass,
    overlap,
    pointing,
    ranking,
)
from xaudit.metrics.localization.binarisation import kept_by
from xaudit.metrics.localization.marked_map import MarkedMap, Options
from xaudit.metrics.plugged import measured_on_mark, plugged_metric

__all__ = ["MarkedMap", "measure"]

UNTUNED = Absent(
    "no threshold was tuned for the class that is explained: the tuning split has no marked case of it"
)

Ask = Callable[[MarkedMap, Options], Measured]


@dataclass(frozen=True, slots=True)
class _Question:
    """A metric, and what it says of a marked case whose map points nowhere.

    Attributes:
        without_map: its value there, or how to find it; None where no value would be true.
    """

    ask: Ask
    without_map: float | Callable[[MarkedMap], Measured] | None = 0.0


def measure(spec: MetricSpec, marked: MarkedMap) -> Measured:
    """One localization metric on one map and mark, or why it has no value.

    Raises:
        ValueError: for a metric that is not of this family.
    """
    if spec.cuts_at_tuned_threshold and marked.threshold is None:
        return UNTUNED
    if spec.name == "false-focus":
        return _false_focus(marked, spec.options)
    question = _QUESTIONS.get(spec.name)
    if question is None:
        found = plugged_metric(spec, "localization")
        if found is not None:
            return measured_on_mark(found, spec, marked)
        raise ValueError(f"'{spec.name}' is not a metric of the family localization")
    if marked.no_mark is not None:
        return marked.no_mark
    if marked.no_map is not None:
        match question.without_map:
            case None:
                return marked.no_map
            case float() as value:
                return value
            case chance:
                return chance(marked)
    return question.ask(marked, spec.options)


def _false_focus(marked: MarkedMap, options: Options) -> Measured:
    """The share of the image that a map points at although the readers looked and found nothing."""
    if marked.mark.any():
        return Absent("a reader marked something here; false focus is asked where they found nothing")
    if marked.no_map is not None:
        return Absent(f"the readers found nothing, and so did the map: {marked.no_map.reason}")
    return float(kept_by(marked, options).mean())


def _of_cut(function: Callable[..., float]) -> Ask:
    return lambda marked, options: function(kept_by(marked, options), marked.inside)


def _of_values(function: Callable[..., float]) -> Ask:
    return lambda marked, _options: function(marked.values, marked.inside)


def _pointing_game(marked: MarkedMap, options: Options) -> Measured:
    reach = pointing.within_reach(
        marked,
        tolerance_px=float(options["tolerance_px"] or 0),
        tolerance_cells=float(options["tolerance_cells"] or 0),
    )
    return reach if isinstance(reach, Absent) else pointing.pointing_game(marked.values, reach)


def _top_k(marked: MarkedMap, options: Options) -> Measured:
    return ranking.top_k_intersection(marked.values, marked.inside, k=int(options["k"] or 0))


def _auprc(marked: MarkedMap, options: Options) -> Measured:
    match options["rule"]:
        case "step":
            return ranking.average_precision(marked.values, marked.inside)
        case "trapezoid":
            return ranking.trapezoid_auprc(marked.values, marked.inside)
        case other:
            raise ValueError(f"no rule of integration is called '{other}'")


def _lesion_recall(marked: MarkedMap, options: Options) -> Measured:
    separate = lesions.lesions_of(marked)
    match options["by"]:
        case "area":
            least = float(options["least_coverage"] or 0)
            return lesions.recall_by_area(kept_by(marked, options), separate, least_coverage=least)
        case "maxima":
            return lesions.recall_by_maxima(marked, separate)
        case other:
            raise ValueError(f"lesions are not reached by '{other}'")


def _in_mm(function: Callable[[MarkedMap, distance.Scale], float]) -> Ask:
    def ask(marked: MarkedMap, _options: Options) -> Measured:
        if marked.spacing_mm is None:
            return Absent("the image's pixel spacing is not known, so there are no millimetres")
        return function(marked, marked.spacing_mm)

    return ask


def _in_diagonals(function: Callable[[MarkedMap, distance.Scale], float]) -> Ask:
    return lambda marked, _options: function(marked, distance.share_of_diagonal(marked))


def _as_chexlocalize(function: Callable[..., Measured]) -> _Question:
    """CheXlocalize asks its question whatever the map is."""

    def whatever(marked: MarkedMap) -> Measured:
        return function(marked.saliency, marked.mark)

    return _Question(lambda marked, _options: whatever(marked), without_map=whatever)


_QUESTIONS: Mapping[str, _Question] = {
    "pointing-game": _Question(_pointing_game),
    "iou": _Question(_of_cut(overlap.overlap_iou)),
    "dice": _Question(_of_cut(overlap.dice)),
    "iou-mean": _Question(_of_values(overlap.mean_iou)),
    "iou-best": _Question(_of_values(overlap.best_iou)),
    "coverage": _Question(_of_cut(overlap.coverage)),
    "precision": _Question(_of_cut(overlap.precision)),
    "chance-corrected-coverage": _Question(_of_cut(overlap.chance_corrected_coverage)),
    "relevance-mass-accuracy": _Question(_of_values(mass.relevance_mass_accuracy)),
    "relevance-mass-lift": _Question(_of_values(mass.relevance_mass_lift)),
    "attribution-localisation": _Question(_of_values(mass.attribution_localisation)),
    "relevance-rank-accuracy": _Question(_of_values(ranking.relevance_rank_accuracy)),
    "top-k-intersection": _Question(_top_k),
    "pixel-auroc": _Question(_of_values(ranking.pixel_auroc), without_map=0.5),
    "pixel-auprc": _Question(_auprc, without_map=lambda marked: marked.mark_share),
    "lesion-recall": _Question(_lesion_recall),
    "centroid-distance": _Question(_in_diagonals(distance.centroid_distance), without_map=None),
    "centroid-distance-mm": _Question(_in_mm(distance.centroid_distance), without_map=None),
    "peak-distance": _Question(_in_diagonals(distance.peak_distance), without_map=None),
    "peak-distance-mm": _Question(_in_mm(distance.peak_distance), without_map=None),
    "chexlocalize-iou": _as_chexlocalize(chexlocalize.segmentation_iou),
    "chexlocalize-hit-rate": _as_chexlocalize(chexlocalize.hit),
}
