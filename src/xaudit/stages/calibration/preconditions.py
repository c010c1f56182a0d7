"""The data that a calibration needs."""

from xaudit.errors import DataError
from xaudit.stages.scores.audited_model import AuditedModel


def check_patients(model: AuditedModel) -> None:
    """Raise DataError where the cases cannot show how often the audit is right."""
    dataset, cases = model.dataset, [case for case, _ in (*model.pairs, *model.others)]
    name = f"model '{model.classifier.id}'"
    positives = [case for case in cases if case.label == dataset.positive]
    if not positives:
        raise DataError(
            f"{name}: no test image of the class '{dataset.positive}' to plant anything into",
            hint="name the class with the finding as data.positive, or raise run.limit",
        )
    ids = {case.case_id for case in positives}
    if not any(mark.region is not None and mark.case_id in ids for mark in dataset.annotations):
        raise DataError(
            f"{name}: no reader marked a test image of '{dataset.positive}': without marks a wrong answer cannot be told from "
            "a right one",
            hint="add annotations under data.annotations",
        )
    n_patients = len({case.cluster for case in positives})
    if n_patients < 5:
        raise DataError(
            f"{name}: {n_patients} patients with test images of '{dataset.positive}'; an interval needs at least 5",
            hint="add patients, or raise run.limit",
        )
