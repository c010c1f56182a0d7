"""Metrics of the published protocol CheXlocalize, and the settings that contradict it."""

from xaudit.catalog import CHEXLOCALIZE, METRICS
from xaudit.config.audit_file import AuditFile
from xaudit.config.sections.named import MetricSpec
from xaudit.config.sections.section import SettingError

CHEXLOCALIZE_METRICS = tuple(row.id for row in METRICS if row.id.startswith(CHEXLOCALIZE))
CHEXLOCALIZE_CONFIDENCE = 0.95


def with_its_metrics(audit: AuditFile) -> AuditFile:
    """Return the audit with the protocol's metrics added, where it follows the protocol and does not name them."""
    if audit.localization.protocol != "chexlocalize":
        return audit
    named = {metric.name for metric in audit.metrics}
    missing = tuple(MetricSpec(name=name) for name in CHEXLOCALIZE_METRICS if name not in named)
    return audit.model_copy(update={"metrics": (*audit.metrics, *missing)})


def check_chexlocalize(audit: AuditFile) -> None:
    """Raise SettingError where another setting contradicts CheXlocalize's definitions."""
    if audit.localization.protocol != "chexlocalize":
        return
    said = "localization.protocol: chexlocalize"
    for index, metric in enumerate(audit.metrics):
        if metric.id in CHEXLOCALIZE_METRICS and metric.name != metric.id:
            raise SettingError(
                f"{said} measures '{metric.id}', and metrics[{index}] gives that id to {metric.name}",
                hint="give the metric another id",
            )
    for index, model in enumerate(audit.models):
        if model.target == "predicted":
            raise SettingError(
                f"{said} explains the class that is marked, and models[{index}].target is predicted",
                hint="set the target to positive or label",
            )
    for name, section in audit.all_datasets.items():
        where = "data" if name == "data" else f"datasets.{name}"
        if section.annotations is None and section.format != "phantom":
            raise SettingError(f"{said} needs readers' marks, and {where}.annotations is not set")
        if section.annotations is not None and section.annotations.readers == "each":
            raise SettingError(
                f"{said} has one truth for each case, and {where}.annotations.readers is each",
                hint="take union, intersection, majority or staple",
            )
    if audit.statistics.confidence != CHEXLOCALIZE_CONFIDENCE:
        raise SettingError(
            f"{said} has intervals at {CHEXLOCALIZE_CONFIDENCE:g}, and statistics.confidence is "
            f"{audit.statistics.confidence:g}"
        )
    if audit.run.cases == "misclassified":
        raise SettingError(
            f"{said} is over all marked cases, and run.cases is misclassified",
            hint="set it to annotated or all",
        )


def check_pools(audit: AuditFile) -> None:
    """Raise SettingError where models cannot be pooled for the regressions of the protocol."""
    ids = [model.id for model in audit.models]
    for name, models in audit.localization.pool.items():
        where = f"localization.pool.{name}"
        if audit.localization.protocol is None:
            raise SettingError(
                f"{where}: pools the regressions of a protocol, and localization.protocol is not set",
                hint="set protocol: chexlocalize",
            )
        if name in ids:
            raise SettingError(
                f"{where}: a model is called '{name}', too", hint="give the pool a name of its own"
            )
        for model in models:
            if model not in ids:
                raise SettingError(
                    f"{where}: no model is called '{model}'", hint=f"the audit has {', '.join(ids)}"
                )
        if len(set(models)) < max(2, len(models)):
            raise SettingError(
                f"{where}: expected two models or more, each once, got {', '.join(models) or 'none'}",
                hint="name one model for each finding",
            )
