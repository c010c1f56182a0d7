"""Ids of metrics that are made out of others, and the families whose ids are made so."""

from collections.abc import Iterable, Mapping
from typing import Literal

from xaudit.catalog.regions import OWN_REGION, REGIONS

CEILING = "-ceiling"
"""Ends the id of a metric's resolution ceiling."""

CAPTURED = "reliance-captured"
"""Id of the metric by which explainers are judged."""

BESIDE_RELIANCE = (CAPTURED, "reliance-agreement")
"""Ids of metrics that hold a map beside the reliance: they begin like a region's, and concern none."""

PRIOR = "prior"
"""Stands among the explainers' ids for the mean reliance map of the other patients."""

CHEXLOCALIZE = "chexlocalize-"
"""Begins the ids of metrics that follow CheXlocalize to the letter, its interval over images included."""

CHANGED_FAMILIES = ("equivariance", "resolution")
"""Families of metrics that are taken on changed images; the tables' ids name the change after the family."""

MODEL_FAMILIES = ("reliance", "image")
"""Families of metrics that ask the model itself: they have no explainer."""

DATA_FAMILY = "data"
"""Family of the metrics that are values of a data set, or of a model's answers on it."""

CHECK_FAMILIES = ("sanity", "robustness", "repeatability")
"""Families of metrics that a section of the audit file asks for, and the name of that section."""

STEP = "mprt-step"
"""Begins the ids of the cascade's steps: ``mprt-step-25`` is the map with the upper quarter of the layers random."""


def made_of_maps_id(explainer_id: str, control_id: str) -> str:
    """Name a control that is made of one explainer's maps, as the tables do.

    Example:
        >>> made_of_maps_id("gradcam", "mean-map")
        'gradcam.mean-map'
    """
    return f"{explainer_id}.{control_id}"


def asks_model_of_change(metric_id: str) -> bool:
    """Return True if a metric on a changed image asks the model itself and no explainer.

    Example:
        >>> asks_model_of_change("equivariance-rotate-5-class"), asks_model_of_change("equivariance-rotate-5")
        (True, False)
    """
    family, _, rest = metric_id.partition("-")
    return family in CHANGED_FAMILIES and rest.endswith(("-class", "-probability"))


def changed_metric_id(family: str, change: str, measure: str = "") -> str:
    """Name a measure taken on a changed image, as the tables do; without a measure, the family's own.

    Example:
        >>> changed_metric_id("equivariance", "rotate-5"), changed_metric_id("resolution", "2", "iou")
        ('equivariance-rotate-5', 'resolution-2-iou')
    """
    return "-".join([family, change, *([measure] if measure else [])])


def step_id(percent: int, *, ssim: bool = False) -> str:
    """Name one step of the cascade, as the tables do, by the share of layers that are random.

    Example:
        >>> step_id(25), step_id(100, ssim=True)
        ('mprt-step-25', 'mprt-step-ssim-100')
    """
    return f"{STEP}-ssim-{percent}" if ssim else f"{STEP}-{percent}"


def with_model_id(metric_id: str, other: str) -> str:
    """Name a measure between two models of an audit, as the tables do, beside the mean over all others.

    Example:
        >>> with_model_id("repeatability", "seed-2")
        'repeatability-with-seed-2'
    """
    return f"{metric_id}-with-{other}"


_REGION_MEASURES = ("mass", "reliance", "reliance-logit")


def region_metric_names(region: str) -> dict[str, str]:
    """Return the metrics of a region that an audit file names: id in the tables, name in the catalog.

    Example:
        >>> region_metric_names("ruler")["reliance-ruler"]
        'reliance-region'
    """
    return {f"{measure}-{region}": f"{measure}-{OWN_REGION}" for measure in _REGION_MEASURES}


def region_family(metric_id: str) -> Literal["regions", "reliance"] | None:
    """Return the family of a measure of one region by its id, whether or not the catalog has the region; else None.

    Example:
        >>> region_family("reliance-ruler"), region_family("mass-ruler"), region_family("reliance-captured")
        ('reliance', 'regions', None)
    """
    if metric_id.startswith("mass-"):
        return "regions"
    return "reliance" if metric_id.startswith("reliance-") and metric_id not in BESIDE_RELIANCE else None


def own_regions_of(metric_names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the regions that an audit file names, in its order, from its metrics' names in the catalog.

    Example:
        >>> own_regions_of({"iou": "iou", **region_metric_names("ruler")})
        ('ruler',)
    """
    measure = _REGION_MEASURES[0]
    return tuple(
        metric_id.removeprefix(f"{measure}-")
        for metric_id, name in metric_names.items()
        if name == f"{measure}-{OWN_REGION}"
    )


def with_own_regions(own: Iterable[str]) -> tuple[str, ...]:
    """Return all regions in order of precedence: the mark, those that an audit file names, then the built-in ones.

    Example:
        >>> with_own_regions(["ruler"])[:3]
        ('mark', 'ruler', 'same-lung')
    """
    return (REGIONS[0], *own, *REGIONS[1:])
