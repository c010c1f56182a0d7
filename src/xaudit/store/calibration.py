"""The result of a calibration in its folder: a JSON file and tables."""

import json
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from xaudit.errors import RunFolderError
from xaudit.records import Calibration, PatientsNeeded
from xaudit.store.parquet_file import encode_table, read_table
from xaudit.store.rows.calibration import (
    CALIBRATION_EFFECTS,
    CALIBRATION_EXPLAINERS,
    CALIBRATION_MAPS,
    POWER,
)
from xaudit.store.rows.table import Table
from xaudit.store.run_folder import RunFolder
from xaudit.store.tables import read_errors

CALIBRATION: Final = "calibration.json"

MADE_OF: Final = ("images", "annotations", "labels", "masks", "weights", "code", "answers")
"""Checksums of a manifest that tell what a calibration was made of."""

CALIBRATE_AGAIN: Final = "`xaudit calibrate AUDIT` makes it; it goes on from the answers that are there"

Record = TypeVar("Record")


def write_calibration(run: RunFolder, calibration: Calibration) -> None:
    """Write ``power.parquet``, and the effects, the maps and, if they were asked, the explainers of a calibration."""
    _write(run, CALIBRATION_EFFECTS, calibration.effects)
    _write(run, CALIBRATION_MAPS, calibration.maps)
    if calibration.explainers:
        _write(run, CALIBRATION_EXPLAINERS, calibration.explainers)
    _write(run, POWER, calibration.power)


def read_calibration(run: RunFolder) -> tuple[Calibration, Mapping[str, Any]]:
    """Read a finished calibration, and the checksums of what it was made of.

    Raises:
        RunFolderError: if it was not finished, is damaged, or was written by a version that stored less.
    """
    shown = f"{run.run_id}/{CALIBRATION}"
    try:
        plain = json.loads((run.path / CALIBRATION).read_text(encoding="utf-8"))
        checksums: Mapping[str, Any] = plain["checksums"]
        calibration = Calibration(
            name=run.name,
            run_id=run.run_id,
            positive=plain["positive"],
            effects=_read(run, CALIBRATION_EFFECTS),
            power=_read(run, POWER),
            needed=tuple(PatientsNeeded(**one) for one in plain["needed"]),
            left_out=tuple(plain["left_out"]),
            n_evals=plain["n_evals"],
            seconds=plain["seconds"],
            maps=_read(run, CALIBRATION_MAPS),
            explainers=_read(run, CALIBRATION_EXPLAINERS) if plain["explainers"] else (),
        )
    except FileNotFoundError:
        raise RunFolderError(f"{shown}: no finished calibration there", hint=CALIBRATE_AGAIN) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise RunFolderError(f"{shown}: damaged, or of an older version", hint=CALIBRATE_AGAIN) from None
    return calibration, checksums


def _write(run: RunFolder, table: Table[Record], rows: tuple[Record, ...]) -> None:
    run.save_bytes(f"{table.name}.parquet", encode_table(table, rows, run))


def _read(run: RunFolder, table: Table[Record]) -> tuple[Record, ...]:
    name = f"{table.name}.parquet"
    shown = f"{run.run_id}/{name}"
    with read_errors(shown):
        return tuple(read_table(run.path / name, table, shown))
