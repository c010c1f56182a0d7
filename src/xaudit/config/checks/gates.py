"""Gates on explainers, regions and sections that the audit does not have."""

from xaudit.catalog import (
    AREA_METRICS,
    CHECK_FAMILIES,
    STRUCTURES,
    asks_model_of_change,
    external_id,
    metric_row,
)
from xaudit.config.audit_file import AuditFile
from xaudit.config.sections.gates import Gate
from xaudit.config.sections.section import SettingError
from xaudit.errors import did_you_mean, nearest


def check_gates(audit: AuditFile) -> None:
    """Raise SettingError where a gate asks an explainer, a region or a section that the audit does not have."""
    known = [*(spec.id for spec in audit.explainers), *audit.control_ids]
    for index, gate in enumerate(audit.gates):
        if gate.subject is not None and gate.subject not in known:
            brought = external_id(gate.subject)
            hint = brought if brought in known else nearest(gate.subject, known)
            raise SettingError(
                f"gates[{index}]: the audit has no explainer '{gate.subject}'"
                + (f"; did you mean '{hint}'?" if hint else f"; it has {', '.join(known)}")
            )
        _check_region(audit, index, gate)
        _check_changed(audit, index, gate)
        if gate.metric in AREA_METRICS and not (audit.reliance.enabled and audit.reliance.map.enabled):
            raise SettingError(
                f"gates[{index}]: {gate.metric} is not measured",
                hint="set `reliance.enabled` and `reliance.map.enabled` to true",
            )
        row = metric_row(audit.metric_names.get(gate.metric, gate.metric))
        if row.family in CHECK_FAMILIES and not row.is_listed and getattr(audit, row.family) is None:
            raise SettingError(
                f"gates[{index}]: {gate.metric} is not measured",
                hint=f"ask for it with the section `{row.family}`, such as `{row.family}: true`",
            )


def _check_changed(audit: AuditFile, index: int, gate: Gate) -> None:
    """Raise SettingError where a gate asks of a changed image what its section asks of others only."""
    family = gate.metric.partition("-")[0]
    sections = {"equivariance": audit.equivariance, "resolution": audit.resolution}
    section = sections.get(family)
    if section is None or not section.explainers or asks_model_of_change(gate.metric):
        return
    asked = ", ".join(section.explainers)
    if gate.subject is not None and gate.subject not in section.explainers:
        raise SettingError(
            f"gates[{index}]: {family}.explainers asks {asked}, and not '{gate.subject}'",
            hint=f"add it to {family}.explainers",
        )
    left_out = [spec.id for spec in audit.explainers if spec.id not in section.explainers]
    if gate.subject is None and left_out:
        raise SettingError(
            f"gates[{index}]: {gate.metric} asks every explainer, and {family}.explainers leaves out "
            f"{', '.join(left_out)}",
            hint=f"name one, such as {gate.metric}@{section.explainers[0]}",
        )


def _check_region(audit: AuditFile, index: int, gate: Gate) -> None:
    """Raise SettingError where a gate asks about a region for which a data set has no masks."""
    region = gate.metric.removeprefix("reliance-").removeprefix("logit-").removeprefix("mass-")
    for name, section in audit.all_datasets.items():
        where = "data" if name == "data" else f"datasets.{name}"
        if region in audit.own_regions and region not in section.regions.own:
            raise SettingError(
                f"gates[{index}]: {gate.metric} needs masks, and {where}.regions.own.{region} is not set",
                hint=f"give the masks of every data set that a model is audited on, such as {region}: masks/{region}",
            )
        structure = STRUCTURES.get(region)
        if structure is not None and structure not in section.structures:
            raise SettingError(
                f"gates[{index}]: {gate.metric} needs masks, and {where}.regions.{structure} is not set",
                hint="name a folder of masks or a COCO file there, or `builtin-ct` or `builtin-xray`",
            )
        if region == "outside" and "body" in section.structures:
            raise SettingError(
                f"gates[{index}]: {gate.metric}: {where}.regions.body divides what is outside into regions",
                hint="gate on thorax, body or empty instead",
            )


def check_own_regions(audit: AuditFile) -> None:
    """Raise SettingError where two data sets disagree on whether an answer may rest on a region."""
    known: dict[str, tuple[str, bool]] = {}
    for name, section in audit.all_datasets.items():
        where = "data" if name == "data" else f"datasets.{name}"
        for region, own in section.regions.own.items():
            first, evidence = known.setdefault(region, (where, own.evidence))
            if evidence != own.evidence:
                raise SettingError(
                    f"{where}.regions.own.{region}: evidence is {str(own.evidence).lower()}, and {str(evidence).lower()} "
                    f"under {first}",
                    hint="give both the same, or call one of the regions by another name",
                )


def check_organ(audit: AuditFile) -> None:
    """Raise SettingError where the data audit names an organ that no data set has as a region of its own."""
    for name in audit.data_audit.label.organ:
        if name not in audit.own_regions:
            known = ", ".join(audit.own_regions) or "none"
            raise SettingError(
                f"data_audit.label.organ: no region under data.regions.own is called '{name:.60}'",
                hint=did_you_mean(
                    name, audit.own_regions, otherwise=f"there are: {known}; the lungs need not be named"
                ),
            )
