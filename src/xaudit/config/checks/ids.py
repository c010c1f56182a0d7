"""Ids of an audit file: each is unique, and what one section names exists in another."""

from xaudit.catalog import PRIOR, region_family
from xaudit.config.audit_file import AuditFile
from xaudit.config.sections.section import SettingError
from xaudit.errors import nearest


def check_section_explainers(audit: AuditFile) -> None:
    """Raise SettingError if a section such as `sanity` lists an explainer that the audit does not have."""
    known = [spec.id for spec in audit.explainers_and_controls]
    for name in ("equivariance", "resolution", "sanity", "robustness", "repeatability"):
        section = getattr(audit, name)
        for explainer in section.explainers if section is not None else ():
            if explainer not in known:
                hint = nearest(explainer, known)
                raise SettingError(
                    f"{name}.explainers: the audit has no explainer '{explainer}'"
                    + (f"; did you mean '{hint}'?" if hint else f"; it has {', '.join(known)}")
                )


def check_ids(audit: AuditFile) -> None:
    """Raise SettingError for an id that is used twice, or a data set that does not exist."""
    for section, ids in (
        ("models", [model.id for model in audit.models]),
        ("explainers", [*(spec.id for spec in audit.explainers), *audit.control_ids]),
        ("metrics", [spec.id for spec in audit.metrics]),
    ):
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise SettingError(f"{section}: '{twice[0]}' stands twice; give each its own id")
        if section == "explainers" and PRIOR in ids:
            raise SettingError(
                f"explainers: '{PRIOR}' is the name of the other patients' mean reliance map",
                hint="give the explainer another id",
            )
    for spec in audit.metrics:
        if region_family(spec.id) is not None:
            raise SettingError(
                f"metrics: the id '{spec.id}' is that of a measure of a region",
                hint=f"call it otherwise, such as 'my-{spec.id}'",
            )
    for index, model in enumerate(audit.models):
        if model.dataset is not None and model.dataset not in audit.datasets:
            hint = nearest(model.dataset, audit.datasets)
            raise SettingError(
                f"models[{index}].dataset: no data set is called '{model.dataset}'"
                + (f"; did you mean '{hint}'?" if hint else "")
            )
