"""Requirements of an audit on its data."""

from collections.abc import Mapping

from xaudit.cases.dataset import Dataset
from xaudit.chunks import need_donor
from xaudit.config import FILE_ATTRIBUTES, AuditFile, audit_of_model
from xaudit.errors import DataError
from xaudit.stages.scores.selection import check_donors
from xaudit.stages.work.tuning import check_tuning
from xaudit.statistics.strata import missing_property


def check_data(audit: AuditFile, datasets: Mapping[str, Dataset]) -> None:
    """Raise DataError if the data cannot answer: no class to explain, an unknown stratum, a split too small to tune on."""
    cases = [case for dataset in datasets.values() for case in dataset.cases]
    own = (one for data in datasets.values() for one in data.attributes.values())
    attributes = {one.name for one in own if one.levels}
    missing = missing_property(cases, audit.statistics.strata, attributes)
    if missing is not None:
        raise DataError(
            f"statistics.strata: the data says of no case what its '{missing}' is",
            hint=f"no image file says it; take '{missing}' out of the strata"
            if missing in FILE_ATTRIBUTES
            else f"give the table a column '{missing}'"
            + (" or set data.augmented_pattern" if missing == "augmented" else ""),
        )
    for name, dataset in datasets.items():
        given = audit.all_datasets[name].positive is not None
        if not given and not any(mark.region is not None for mark in dataset.annotations):
            names = ", ".join(repr(one) for one in dataset.class_names)
            raise DataError(
                f"{'data' if name == 'data' else f'datasets.{name}'}.positive: not set, and no reader's marks show "
                f"which class is the finding: {names}",
                hint=f"name the class whose evidence is explained, such as `positive: {dataset.class_names[0]}`",
            )
    for dataset in datasets.values() if audit.tunes_thresholds else ():
        check_tuning(dataset, audit.localization)
    for model in audit.models:
        settings = audit_of_model(audit, model).reliance
        if settings.enabled and need_donor((*settings.infills, *settings.map.infills * settings.map.enabled)):
            dataset = datasets[model.dataset or "data"]
            targets = {"label": None, "positive": [dataset.positive], "predicted": dataset.class_names}
            check_donors(dataset.cases, targets[model.target])
