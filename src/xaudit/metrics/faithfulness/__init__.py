"""How far the model's answer depends on what the map shows, asked in the model's own frame."""

from typing import TYPE_CHECKING

from xaudit.metrics.absent import Absent
from xaudit.metrics.curve import Found, absent
from xaudit.metrics.faithfulness import axioms, correlations, patches, removal
from xaudit.metrics.faithfulness.asked import Asked
from xaudit.metrics.faithfulness.infidelity import infidelity
from xaudit.metrics.faithfulness.removal import flipping_curve, pixel_flipping
from xaudit.metrics.faithfulness.road import road
from xaudit.metrics.guard import signal
from xaudit.metrics.plugged import ask_plugged, plugged_metric
from xaudit.perturb.asking import Asking

if TYPE_CHECKING:
    from xaudit.config import MetricSpec

__all__ = ["Asked", "ask", "flipping_curve", "pixel_flipping"]


def ask(spec: "MetricSpec", asked: Asked) -> Asking[Found]:
    """Whether the model's answer depends on what a map shows, by the metric that ``spec`` names.

    Args:
        spec: of the family ``faithfulness``.
        asked: its map may still be one that says nothing: then there is no value, with the reason.

    Returns:
        The metric in progress, for :func:`xaudit.perturb.asking.answer`.

    Raises:
        ValueError: for shapes that differ, or a metric of another family or unavailable.
    """
    if tuple(asked.image.shape[1:]) != asked.saliency.shape:
        raise ValueError(
            f"image of {tuple(asked.image.shape)} and map of {asked.saliency.shape} do not match"
        )
    values = signal(asked.saliency)
    measured = _measure(spec, asked if isinstance(values, Absent) else asked.with_map(values))
    return _nothing(values) if isinstance(values, Absent) else measured


def _nothing(why: Absent) -> Asking[Found]:
    yield from ()
    return absent(why.reason)


def _measure(spec: "MetricSpec", asked: Asked) -> Asking[Found]:
    def whole(name: str) -> int:
        return int(spec.options[name] or 0)

    def real(name: str) -> float:
        return float(spec.options[name] or 0)

    def text(name: str) -> str:
        return str(spec.options[name])

    order: removal.Order = "lowest first" if spec.name.endswith("-lerf") else "highest first"
    match spec.name:
        case "pixel-flipping" | "pixel-flipping-lerf" | "deletion":
            return removal.area_while_removed(
                asked, steps=whole("steps"), baseline=text("baseline"), order=order
            )
        case "insertion":
            return removal.insertion(asked, steps=whole("steps"), baseline=text("baseline"))
        case "monotonicity":
            return removal.monotonicity(asked, steps=whole("steps"), baseline=text("baseline"))
        case "region-perturbation" | "region-perturbation-lerf":
            return patches.region_perturbation(
                asked,
                patch_px=whole("patch_px"),
                regions=whole("regions"),
                baseline=text("baseline"),
                answer=text("answer"),
                order=order,
            )
        case "selectivity":
            return patches.selectivity(
                asked,
                patch_px=whole("patch_px"),
                regions=whole("regions"),
                baseline=text("baseline"),
                answer=text("answer"),
            )
        case "irof":
            return patches.irof(
                asked,
                segments=whole("segments"),
                compactness=real("compactness"),
                baseline=text("baseline"),
            )
        case "road" | "road-lerf":
            return road(asked, steps=whole("steps"), answer=text("answer"), order=order)
        case "faithfulness-correlation":
            return correlations.faithfulness_correlation(
                asked,
                samples=whole("samples"),
                share=real("share"),
                baseline=text("baseline"),
                answer=text("answer"),
                stop_at=real("stop_at"),
            )
        case "sensitivity-n":
            return correlations.sensitivity_n(
                asked,
                sizes=whole("sizes"),
                samples=whole("samples"),
                baseline=text("baseline"),
                answer=text("answer"),
                stop_at=real("stop_at"),
            )
        case "faithfulness-estimate":
            return correlations.faithfulness_estimate(
                asked, steps=whole("steps"), baseline=text("baseline"), answer=text("answer")
            )
        case "monotonicity-correlation":
            return correlations.monotonicity_correlation(
                asked,
                steps=whole("steps"),
                baseline=text("baseline"),
                answer=text("answer"),
                draws=whole("draws"),
            )
        case "infidelity":
            return infidelity(
                asked,
                samples=whole("samples"),
                patch=real("patch"),
                baseline=text("baseline"),
                answer=text("answer"),
                reads=text("reads"),
                scale=text("scale"),
                stop_at=real("stop_at"),
            )
        case "completeness":
            return axioms.completeness(asked)
        case "non-sensitivity":
            return axioms.non_sensitivity(
                asked,
                patch_px=whole("patch_px"),
                tolerance=real("tolerance"),
                baseline=text("baseline"),
                answer=text("answer"),
            )
        case name:
            found = plugged_metric(spec, "faithfulness", "sanity", "robustness")
            if found is not None:
                return ask_plugged(found, spec, asked)
            raise ValueError(f"'{name}' is not a metric of the family faithfulness")
