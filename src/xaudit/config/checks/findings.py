"""A model of several findings as one audited model for each, with the data set that has its labels and marks."""

from xaudit.config.audit_file import AuditFile
from xaudit.config.sections.data import DataSection
from xaudit.config.sections.findings import FindingSection, without_finding
from xaudit.config.sections.models import ModelSection
from xaudit.config.sections.section import SettingError
from xaudit.records.model_id import model_id_of


def with_findings(audit: AuditFile) -> AuditFile:
    """Return the audit with each model that lists several findings replaced by one model for each of them.

    Raises:
        SettingError: if the data has no columns of labels, or a data set of the audit has the name of a finding's.
    """
    models: list[ModelSection] = []
    datasets: dict[str, DataSection] = dict(audit.datasets)
    for index, model in enumerate(audit.models):
        if not model.lists_findings or model.finding is not None:
            models.append(model)
            continue
        base = audit.data if model.dataset is None else audit.datasets.get(model.dataset)
        if base is None:  # `check_ids` says so
            models.append(model)
            continue
        _check_base(model, base, index)
        for finding in model.findings:
            assert isinstance(finding, FindingSection)
            name = finding.name if model.dataset is None else f"{model.dataset}.{finding.name}"
            section = _data_of(base, finding)
            if datasets.setdefault(name, section) != section:
                raise SettingError(
                    f"datasets: '{name}' is also the data set of models[{index}].findings '{finding.name}', with other labels or marks",
                    hint="rename one of the two",
                )
            models.append(_model_of(model, finding, name))
    if len(models) == len(audit.models) and datasets == audit.datasets and models == list(audit.models):
        return audit
    return audit.model_copy(update={"models": tuple(models), "datasets": datasets})


def _check_base(model: ModelSection, base: DataSection, index: int) -> None:
    where = "data" if model.dataset is None else f"datasets.{model.dataset}"
    if base.format != "csv":
        raise SettingError(
            f"models[{index}].findings: each finding needs a column of labels, and {where}.format is {base.format}",
            hint=f"set {where}.format to csv, and {where}.labels to a table with a column for each finding: 1, 0 or empty",
        )
    for key in ("positive", "classes", "merge", "label_column"):
        if getattr(base, key):
            raise SettingError(
                f"{where}.{key}: models[{index}].findings says which classes each finding has",
                hint=f"take {where}.{key} out",
            )
    if base.annotations is not None and base.annotations.labels:
        raise SettingError(
            f"{where}.annotations.labels: models[{index}].findings says which labels mark each finding",
            hint="take it out, and give a finding whose marks have other labels its `marks`",
        )


def _data_of(base: DataSection, finding: FindingSection) -> DataSection:
    annotations = base.annotations
    if annotations is not None:
        marks = (finding.name,) if finding.marks is None else finding.marks
        annotations = annotations.model_copy(update={"labels": marks}) if marks else None
    return base.model_copy(
        update={
            "label_column": finding.column or finding.name,
            "positive": finding.name,
            "classes": (without_finding(finding.name), finding.name),
            "annotations": annotations,
        }
    )


def _model_of(model: ModelSection, finding: FindingSection, dataset: str) -> ModelSection:
    return model.model_copy(
        update={
            "id": model_id_of(model.id, finding.name),
            "finding": finding.name,
            "dataset": dataset,
            "threshold": model.threshold if finding.threshold is None else finding.threshold,
        }
    )
