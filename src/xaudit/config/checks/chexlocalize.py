"""What the published protocol CheXlocalize measures, and the settings that it leaves open."""

from typing import TYPE_CHECKING

from xaudit.catalog import CHEXLOCALIZE, METRICS

if TYPE_CHECKING:
    from xaudit.config.audit_file import AuditFile

CHEXLOCALIZE_METRICS = tuple(row.id for row in METRICS if row.id.startswith(CHEXLOCALIZE))
CHEXLOCALIZE_CONFIDENCE = 0.95


def check_chexlocalize(audit: "AuditFile") -> None:
    """Raises ValueError where another setting contradicts CheXlocalize's definitions."""
    said = "localization.protocol: chexlocalize"
    for index, metric in enumerate(audit.metrics):
        if metric.id in CHEXLOCALIZE_METRICS and metric.name != metric.id:
            raise ValueError(
                f"{said} measures '{metric.id}', and metrics[{index}] gives that id to {metric.name}"
                "|give the metric another id"
            )
    for index, model in enumerate(audit.models):
        if model.target == "predicted":
            raise ValueError(
                f"{said} explains the class that is marked, and models[{index}].target is predicted"
                "|set the target to positive or label"
            )
    for name, section in audit.all_datasets.items():
        where = "data" if name == "data" else f"datasets.{name}"
        if section.annotations is None and section.format != "phantom":
            raise ValueError(f"{said} needs readers' marks, and {where}.annotations is not set")
        if section.annotations is not None and section.annotations.readers == "each":
            raise ValueError(
                f"{said} has one truth for each case, and {where}.annotations.readers is each"
                "|take union, intersection, majority or staple"
            )
    if audit.statistics.confidence != CHEXLOCALIZE_CONFIDENCE:
        raise ValueError(
            f"{said} has intervals at {CHEXLOCALIZE_CONFIDENCE:g}, and statistics.confidence is "
            f"{audit.statistics.confidence:g}"
        )
    if audit.run.cases == "misclassified":
        raise ValueError(
            f"{said} is over all marked cases, and run.cases is misclassified|set it to annotated or all"
        )


def check_pools(audit: "AuditFile") -> None:
    """Raises ValueError where models cannot be pooled for the regressions of the protocol."""
    ids = [model.id for model in audit.models]
    for name, models in audit.localization.pool.items():
        where = f"localization.pool.{name}"
        if audit.localization.protocol is None:
            raise ValueError(
                f"{where}: pools the regressions of a protocol, and localization.protocol is not set"
                "|set protocol: chexlocalize"
            )
        if name in ids:
            raise ValueError(f"{where}: a model is called '{name}', too|give the pool a name of its own")
        for model in models:
            if model not in ids:
                raise ValueError(f"{where}: no model is called '{model}'|the audit has {', '.join(ids)}")
        if len(set(models)) < max(2, len(models)):
            raise ValueError(
                f"{where}: expected two models or more, each once, got {', '.join(models) or 'none'}"
                "|name one model for each finding"
            )
