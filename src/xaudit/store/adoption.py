"""Adoption of finished parts, predictions and trained weights from another run of the same audit."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from xaudit.store.atomic_file import refusals_as_output_errors
from xaudit.store.parquet_file import DamagedTableError, adopt_table
from xaudit.store.parts import (
    CURVES,
    IMAGE_CHANGES,
    MAP_FACTS,
    MAPS,
    MISCLASSIFIED_FACTS,
    MISCLASSIFIED_MAPS,
    MISCLASSIFIED_PROBLEMS,
    MISCLASSIFIED_RELIANCE,
    MISCLASSIFIED_RELIANCE_MAP,
    PART_PROBLEMS,
    RELIANCE,
    RELIANCE_MAP,
    SCORES,
    TUNING,
    TUNING_MAPS,
    has_part,
    part_keys,
)
from xaudit.store.rows.predictions import PREDICTIONS
from xaudit.store.rows.table import Table
from xaudit.store.run_folder import RunFolder

# Problems first and scores last, so that a kill in between never leaves a case out silently.
TABLES: Sequence[Table[Any]] = (
    PART_PROBLEMS,
    MAPS,
    TUNING_MAPS,
    TUNING,
    RELIANCE,
    RELIANCE_MAP,
    IMAGE_CHANGES,
    MAP_FACTS,
    CURVES,
    SCORES,
    MISCLASSIFIED_PROBLEMS,
    MISCLASSIFIED_MAPS,
    MISCLASSIFIED_RELIANCE,
    MISCLASSIFIED_RELIANCE_MAP,
    MISCLASSIFIED_FACTS,
)


def adopt_parts(run: RunFolder, other: RunFolder) -> int:
    """Copy every part that this run lacks from the other run, and return their number; skip damaged ones.

    Raises:
        OutputError: no permission or no space.
        RunFolderError: if a newer version wrote a part.
    """
    adopted = 0
    for table in TABLES:
        for key in part_keys(other, table):
            if has_part(run, table, key):
                continue
            name = f"{table.name}/part-{key}.parquet"
            with suppress(DamagedTableError, FileNotFoundError):
                run.save_bytes(name, adopt_table(other.path / name, table, run, f"{other.run_id}/{name}"))
                adopted += 1
    return adopted


def adopt_weights(run: RunFolder, other: RunFolder) -> None:
    """Copy the weights that the other run trained and this one lacks; raise as :func:`adopt_parts`."""
    for path in sorted(other.models_path.glob("*.safetensors")):
        if not (run.models_path / path.name).exists():
            with refusals_as_output_errors(path):
                data = path.read_bytes()
            run.save_bytes(f"{run.models_path.name}/{path.name}", data)


def adopt_predictions(run: RunFolder, other: RunFolder, made_from: str) -> None:
    """Copy the predictions, and the note of their inputs, if this run has no such note.

    Args:
        made_from: file name of that note. Without it, predictions may be incomplete.
    """
    table = PREDICTIONS
    if (run.path / made_from).exists() or not (other.path / made_from).exists():
        return
    name = f"{table.name}.parquet"
    with suppress(DamagedTableError, FileNotFoundError):
        run.save_bytes(name, adopt_table(other.path / name, table, run, f"{other.run_id}/{name}"))
        # Last, so that a kill in between leaves predictions that count as incomplete and are made again.
        run.save_bytes(made_from, (other.path / made_from).read_bytes())
