"""The results of all checks of the data of an audit."""

from collections.abc import Mapping
from dataclasses import dataclass

from xaudit.records.data_check import DataCheck
from xaudit.records.verdict import Verdict


@dataclass(frozen=True, slots=True)
class DatasetCounts:
    """The size of a data set.

    Attributes:
        n_patients: None if the data names no patients.
        by_class: images by split, then by class.
        n_problems: images that could not be read.
        notes: sentences about the data that a reader of the results must know.
    """

    dataset_id: str
    n_images: int
    n_patients: int | None
    positive: str
    by_class: Mapping[str, Mapping[str, int]]
    n_problems: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DataAudit:
    """The results of all checks of the data of an audit.

    Attributes:
        audit_id: name of its folder; depends on the content of audit file, data and models only.
        version: of xaudit.
        model_ids: models that were asked.
        checks: in the order in which they are shown; one for each data set and kind of check.
        gates: verdicts of the gates on the data.
        n_other_gates: gates of the audit file that `xaudit run` judges.
        skipped: models that were not asked, and why.
        gate_on: the number that gates are compared with: the unfavourable end of the interval, or the mean.
    """

    audit_id: str
    name: str
    config_hash: str
    version: str
    seed: int
    datasets: tuple[DatasetCounts, ...]
    model_ids: tuple[str, ...]
    checks: tuple[DataCheck, ...]
    gates: tuple[Verdict, ...] = ()
    n_other_gates: int = 0
    skipped: tuple[str, ...] = ()
    gate_on: str = "lower"
