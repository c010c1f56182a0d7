"""The result of one check of the data, before or beside the models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xaudit.records.verdict import Verdict


@dataclass(frozen=True, slots=True)
class DataCheck:
    """The result of one check of a data set.

    Attributes:
        id: ``copies``, ``label``, ``attributes`` or ``calibration``.
        title: the heading over it on the screen and in the page.
        dataset_id: the data set that was checked.
        verdicts: findings, most severe first; the subject is the data set or a model.
        values: figures that gates are held against, by metric id; a figure that was not measured is absent.
        tables: rows of each Parquet table by its name; each row is a frozen flat record.
        skipped: sentences that say what was not checked, and why.
    """

    id: str
    title: str
    dataset_id: str
    verdicts: tuple[Verdict, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    tables: Mapping[str, Sequence[object]] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
