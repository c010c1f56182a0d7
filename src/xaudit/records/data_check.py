"""The result of one check of the data, before or beside the models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xaudit.records.interval import Interval
from xaudit.records.verdict import Verdict


@dataclass(frozen=True, slots=True)
class DataCheck:
    """The result of one check of a data set.

    A value that gates are held against is a number that is known exactly, such as a count, or an interval; a gate uses the
    less favourable end of an interval.

    Attributes:
        id: ``copies``, ``label``, ``attributes`` or ``calibration``.
        title: the heading over it on the screen and in the page.
        dataset_id: the data set that was checked.
        verdicts: findings, most severe first; the subject is the data set or a model.
        values: values of the data set that gates are held against, by metric id; one that was not measured is absent.
        model_values: the same for values of each model's answers, by model id.
        model_ids: models that the audit file asks about this data set, also those that gave no answer.
        n_patients: patients that the values rest on, or images if the data names no patients; shown beside gates.
        cluster: ``patient``, or ``case`` if the data names no patients, so that each image counts as one.
        images: WebP images by name, for the pictures of the page; never written as files.
        tables: rows of each Parquet table by its name; each row is a frozen flat record.
        skipped: sentences that say what was not checked, and why.
    """

    id: str
    title: str
    dataset_id: str
    verdicts: tuple[Verdict, ...] = ()
    values: Mapping[str, float | Interval] = field(default_factory=dict)
    tables: Mapping[str, Sequence[object]] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    model_values: Mapping[str, Mapping[str, float | Interval]] = field(default_factory=dict)
    model_ids: tuple[str, ...] = ()
    images: Mapping[str, bytes] = field(default_factory=dict)
    n_patients: int = 0
    cluster: str = "patient"

    @property
    def measured(self) -> frozenset[str]:
        """Ids of the values that this check measured, of the data set or of any model."""
        return frozenset(self.values).union(*self.model_values.values())

    @property
    def is_empty(self) -> bool:
        """Return True if nothing could be checked: no finding, no value, and no row of a table."""
        return not (
            self.verdicts or self.values or any(self.model_values.values()) or any(self.tables.values())
        )
