"""Ids of the metrics that an audit measures, and gates on others."""

from collections.abc import Mapping, Sequence

from xaudit.catalog import (
    CAPTURED,
    CEILING,
    CHANGED_FAMILIES,
    CHECK_FAMILIES,
    DATA_FAMILY,
    METRICS,
    metric_row,
)
from xaudit.catalog.image_changes import IMAGE_CHANGES, IMAGE_PROPERTIES, ends
from xaudit.config.audit_file import AuditFile
from xaudit.config.sections.attributes import FILE_ATTRIBUTES
from xaudit.config.sections.gates import Gate
from xaudit.config.sections.section import SettingError
from xaudit.config.sections.strata import STRATA, StratumSpec
from xaudit.errors import did_you_mean
from xaudit.records import ALL_CASES

_ASKED_OF_THE_MODEL = ("reliance", "agreement")
_CHOSEN = ("localization", "faithfulness", "complexity")


def measured_metrics(audit: AuditFile) -> tuple[str, ...]:
    """Ids of the metrics that an audit measures where its data allows; regions without masks are among them."""
    placed = [spec for spec in audit.metrics if metric_row(spec.name).family == "localization"]
    asked = audit.reliance.enabled
    found = [
        metric
        for metric, name in audit.metric_names.items()
        if asked or metric_row(name).family != "reliance"
    ]
    found += [row.id for row in METRICS if row.family == "regions"]
    if asked:
        with_map = audit.reliance.map.enabled
        found += [
            row.id
            for row in METRICS
            if row.family in _ASKED_OF_THE_MODEL and (with_map or row.id != CAPTURED)
        ]
    found += [f"image-{name}" for name in IMAGE_PROPERTIES if any(ends(name, audit.reliance.image_changes))]
    found += [
        row.id
        for row in METRICS
        if row.family in CHECK_FAMILIES
        and not row.is_listed
        and getattr(audit, row.family) is not None
        and not row.unavailable
    ]
    found += [row.id for row in METRICS if row.family == DATA_FAMILY]
    found.append("map-missing")
    if audit.localization.ceilings:
        found += [spec.id + CEILING for spec in placed if metric_row(spec.name).has_ceiling]
    return tuple(found)


def check_measured(audit: AuditFile) -> None:
    """Raise SettingError, with the nearest name, where a gate asks for a metric or stratum that is not measured."""
    measured = measured_metrics(audit)
    for index, gate in enumerate(audit.gates):
        if gate.metric not in measured:
            asked = "" if gate.finding is None else f", on which {gate} rests"
            raise SettingError(
                f"gates[{index}]: the audit does not measure '{gate.metric}'{asked}",
                hint=_how_to_measure(gate, audit.metric_names, measured),
            )
        if gate.stratum != ALL_CASES:
            _check_stratum(f"gates[{index}]", gate.stratum, audit.statistics.strata, _stratum_names(audit))


def check_strata(audit: AuditFile) -> None:
    """Raise SettingError, with the nearest name, for a stratum that is neither built in nor an attribute."""
    known = _stratum_names(audit)
    for index, spec in enumerate(audit.statistics.strata):
        if spec.name not in known:
            hint = did_you_mean(spec.name, known, otherwise=f"there are {', '.join(known)}")
            raise SettingError(f"statistics.strata[{index}]: no stratum is called '{spec.name}'", hint=hint)


def _stratum_names(audit: AuditFile) -> tuple[str, ...]:
    own = [spec.id for data in audit.all_datasets.values() for spec in data.attributes]
    return (*STRATA, *dict.fromkeys(own), *FILE_ATTRIBUTES)


def check_false_focus(audit: AuditFile) -> None:
    """Raise SettingError if false-focus is measured and the audit leaves out the cases that it needs."""
    policies = {data.annotations.readers for data in audit.all_datasets.values() if data.annotations}
    if (
        audit.run.cases == "annotated"
        and policies <= {"union"}
        and any(metric.name == "false-focus" for metric in audit.metrics)
    ):
        raise SettingError(
            "metrics: false-focus is asked of cases on which the readers found nothing, and run.cases: annotated "
            "leaves them out",
            hint="set run.cases to all",
        )


def _how_to_measure(gate: Gate, names: Mapping[str, str], measured: Sequence[str]) -> str:
    row = METRICS.by_id.get(names.get(gate.metric, gate.metric))
    if row is not None and (why := row.unavailable):
        return f"it is not available: {why}"
    family = "" if row is None else row.family
    if gate.metric == CAPTURED:
        return "it takes `reliance.enabled: true` and `reliance.map.enabled: true`"
    if family in _ASKED_OF_THE_MODEL:
        return "it takes `reliance.enabled: true`"
    if family == "image":
        name = gate.metric.removeprefix("image-")
        steps = ", ".join(row.id for row in IMAGE_CHANGES.values() if row.property == name)
        return f"it takes `reliance.image.enabled: true`, and a step in `reliance.image.changes`: {steps}"
    if family in CHANGED_FAMILIES:
        return f"it takes the section `{family}`, and the change in its name, such as {family}-{_CHANGES[family]}"
    if gate.metric.endswith(CEILING):
        return "it takes the metric that it limits, and `localization.ceilings: true`"
    otherwise = "add it to `metrics`" if family in _CHOSEN else "`xaudit list metrics` shows what there is"
    return did_you_mean(gate.metric, measured, otherwise=otherwise)


_CHANGES = {"equivariance": "rotate-10", "resolution": "4"}


def _check_stratum(where: str, stratum: str, specs: Sequence[StratumSpec], known: Sequence[str]) -> None:
    name, _, part = stratum.partition("=")
    spec = next((spec for spec in specs if spec.name == name), None)
    if spec is None and name in known:
        raise SettingError(
            f"{where}: the audit does not tell results apart by '{name}'",
            hint="name it under `statistics.strata`",
        )
    if spec is None:
        hint = did_you_mean(name, known, otherwise=f"there are {', '.join(known)}")
        raise SettingError(f"{where}: no stratum is called '{name}'", hint=hint)
    if spec.parts is not None and part not in (*spec.parts, *spec.parts_without_limits):
        hint = did_you_mean(part, spec.parts, otherwise=f"it has {', '.join(spec.parts)}")
        raise SettingError(f"{where}: {name} has no part '{part}'", hint=hint)
