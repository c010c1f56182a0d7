"""The catalog's names of the ids under which an audit's tables know its metrics."""

from collections.abc import Sequence

from xaudit.catalog import changed_metric_id, metric_row
from xaudit.config.changed_images import EquivarianceSection, ResolutionSection
from xaudit.config.named import MetricSpec


def names_of_metrics(
    metrics: Sequence[MetricSpec],
    equivariance: EquivarianceSection | None = None,
    resolution: ResolutionSection | None = None,
) -> dict[str, str]:
    """The catalog's name of each id that an audit gives, those on changed images included.

    Example:
        >>> names_of_metrics([MetricSpec(name="iou", id="overlap")], None, ResolutionSection(steps=(2,)))["resolution-2-overlap"]
        'iou'
    """
    names = {metric.id: metric.name for metric in metrics}
    placed = {m.id: m.name for m in metrics if metric_row(m.name).family == "localization"}
    for family, changes in (
        ("equivariance", equivariance.transforms if equivariance else ()),
        ("resolution", [str(step) for step in resolution.steps] if resolution else ()),
    ):
        for change in changes:
            names[changed_metric_id(family, change)] = family
            for measure in ("overlap", "probability", "class"):
                names[changed_metric_id(family, change, measure)] = f"{family}-{measure}"
            for metric_id, name in placed.items():
                names[changed_metric_id(family, change, metric_id)] = name
    return names
