"""A run's tables as pandas data frames, with the columns and types of this version whichever version wrote them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from xaudit.records import Verdict
from xaudit.store.parquet_file import read_columns
from xaudit.store.parts import part_keys
from xaudit.store.rows.cases import CASES
from xaudit.store.rows.facts import CATEGORIES
from xaudit.store.rows.image_changes import IMAGE_CHANGES
from xaudit.store.rows.predictions import PREDICTIONS
from xaudit.store.rows.reliance import RELIANCE
from xaudit.store.rows.reliance_areas import RELIANCE_AREAS
from xaudit.store.rows.reliance_map import RELIANCE_MAP
from xaudit.store.rows.scores import SCORES
from xaudit.store.rows.summaries import SUMMARY
from xaudit.store.rows.table import Table
from xaudit.store.run_folder import RunFolder
from xaudit.store.tables import read_errors

if TYPE_CHECKING:
    from pandas import DataFrame as DataFrame


_TABLES: Mapping[str, Table[Any]] = {
    table.name: table
    for table in (
        CASES,
        PREDICTIONS,
        SCORES,
        RELIANCE,
        RELIANCE_MAP,
        RELIANCE_AREAS,
        IMAGE_CHANGES,
        SUMMARY,
        CATEGORIES,
    )
}


def read_frame(run: RunFolder, name: str, *, optional: bool = False) -> "DataFrame":
    """Return a whole table, or all parts of one that is written in parts, in the order of the parts' keys.

    Args:
        run: the run that wrote it.
        name: ``cases``, ``predictions``, ``scores``, ``reliance``, ``reliance_map``, ``reliance_areas``, ``image_changes``,
            ``summary`` or ``categories``.
        optional: a table that is not there has no rows.

    Raises:
        RunFolderError: where the table is missing, damaged or newer than this program.
    """
    table = _TABLES[name]
    if optional and not (run.path / f"{name}.parquet").exists():
        return _to_pandas(table.schema.empty_table())
    if not table.in_parts:
        return _to_pandas(_read(run, table, f"{name}.parquet"))
    parts = [_read(run, table, _part_name(table, key)) for key in part_keys(run, table)]
    return _to_pandas(pa.concat_tables(parts) if parts else table.schema.empty_table())


def part_of_each(run: RunFolder, table: Table[Any], ids: Sequence[str]) -> dict[tuple[str, ...], str]:
    """Return the key of the part that holds each row, by the row's values in the columns ``ids``.

    Raises:
        RunFolderError: where a part is damaged or newer than this program.
    """
    where: dict[tuple[str, ...], str] = {}
    for key in part_keys(run, table):
        columns = _read(run, table, _part_name(table, key), names=ids)
        rows = zip(*(columns.column(name).to_pylist() for name in ids), strict=True)
        where |= dict.fromkeys(rows, key)
    return where


def verdict_frame(verdicts: Iterable[Verdict]) -> "DataFrame":
    """Return one row per verdict, with the columns that the other tables have.

    ``deciding`` holds the patients without whom alone the verdict would be another; None where that was not tried.
    """
    import pandas as pd

    columns = [field.name for field in fields(Verdict) if field.name != "stability"]
    rows = [{name: getattr(one, name) for name in columns} | {"deciding": _deciding(one)} for one in verdicts]
    return pd.DataFrame(rows, columns=[*columns, "deciding"]).rename(columns={"model_id": "model"})


def _deciding(verdict: Verdict) -> list[str] | None:
    stability = verdict.stability
    return None if stability is None or not stability.n_left_out else list(stability.deciding)


def frame_of(rows: Sequence[Mapping[str, object]]) -> "DataFrame":
    """Return rows as a data frame."""
    import pandas as pd

    return pd.DataFrame(rows)


def _read(run: RunFolder, table: Table[Any], name: str, *, names: Sequence[str] | None = None) -> pa.Table:
    shown = f"{run.run_id}/{name}"
    with read_errors(shown):
        return read_columns(run.path / name, table, shown, names=names)


def _part_name(table: Table[Any], key: str) -> str:
    return f"{table.name}/part-{key}.parquet"


def _to_pandas(columns: pa.Table) -> "DataFrame":
    frame: DataFrame = columns.replace_schema_metadata(None).to_pandas()
    return frame
