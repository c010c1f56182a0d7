"""Ids of metrics in the tables, and their names in the catalog."""

from collections.abc import Iterable, Mapping, Sequence

from xaudit.catalog import changed_metric_id, metric_row, region_metric_names
from xaudit.config.sections.changed_images import EquivarianceSection, ResolutionSection
from xaudit.config.sections.named import MetricSpec


def names_of_metrics(
    metrics: Sequence[MetricSpec],
    equivariance: EquivarianceSection | None = None,
    resolution: ResolutionSection | None = None,
    *,
    own_regions: Iterable[str] = (),
) -> dict[str, str]:
    """The catalog's name of each metric by its id: those that are listed, of named regions, and on changed images.

    Example:
        >>> names_of_metrics([MetricSpec(name="iou", id="overlap")], None, ResolutionSection(steps=(2,)))["resolution-2-overlap"]
        'iou'
    """
    names = {metric.id: metric.name for metric in metrics}
    placed = {m.id: m.name for m in metrics if metric_row(m.name).family == "localization"}
    for family, changes in changes_of(equivariance, resolution).items():
        for change in changes:
            names[changed_metric_id(family, change)] = family
            for measure in ("overlap", "probability", "class"):
                names[changed_metric_id(family, change, measure)] = f"{family}-{measure}"
            for metric_id, name in placed.items():
                names[changed_metric_id(family, change, metric_id)] = name
    for region in own_regions:
        names |= region_metric_names(region)
    return names


def changes_of(
    equivariance: EquivarianceSection | None, resolution: ResolutionSection | None
) -> Mapping[str, Sequence[str]]:
    """The changes of each section that is switched on, as metric ids name them."""
    found: dict[str, Sequence[str]] = {}
    if equivariance is not None:
        found["equivariance"] = equivariance.transforms
    if resolution is not None:
        found["resolution"] = [str(step) for step in resolution.steps]
    return found
