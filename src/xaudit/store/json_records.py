"""Small results that are stored as JSON: ``gates.json`` and ``evaluations.json``."""

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from xaudit.errors import RunFolderError
from xaudit.records import Evaluation, Interval, Stability, Verdict
from xaudit.store.migrations import migrated
from xaudit.store.run_folder import RunFolder
from xaudit.store.schema_version import AUDIT_AGAIN

Record = TypeVar("Record")


def write_verdicts(run: RunFolder, verdicts: Sequence[Verdict]) -> None:
    """Write ``gates.json``; raise OutputError if the folder cannot be written to."""
    _write(run, "gates", "verdicts", [dataclasses.asdict(verdict) for verdict in verdicts])


def read_verdicts(run: RunFolder) -> tuple[Verdict, ...]:
    """Read ``gates.json``; raise RunFolderError if it is missing, damaged or newer."""
    return _read(run, "gates", "verdicts", _verdict)


def _verdict(row: dict[str, Any]) -> Verdict:
    verdict = Verdict(**_known(Verdict, row))
    plain = row.get("stability")
    if plain is None:
        return verdict
    known = _known(Stability, plain)
    pairs = {
        name: tuple((key, holds) for key, holds in known.get(name, ()))
        for name in ("by_infill", "by_threshold")
    }
    stability = Stability(**{**known, "deciding": tuple(known.get("deciding", ())), **pairs})
    return dataclasses.replace(verdict, stability=stability)


def write_evaluations(run: RunFolder, evaluations: Sequence[Evaluation]) -> None:
    """Write ``evaluations.json``; raise OutputError if the folder cannot be written to."""
    rows = [
        {**_shallow(evaluation), "measures": _intervals(evaluation.measures)} for evaluation in evaluations
    ]
    _write(run, "evaluations", "evaluations", rows)


def read_evaluations(run: RunFolder) -> tuple[Evaluation, ...]:
    """Read ``evaluations.json``; raise RunFolderError if it is missing, damaged or newer."""
    return _read(run, "evaluations", "evaluations", _evaluation)


def _evaluation(row: dict[str, Any]) -> Evaluation:
    return Evaluation(
        **{
            **_known(Evaluation, row),
            "class_names": tuple(row["class_names"]),
            "matrix": tuple(tuple(line) for line in row["matrix"]),
            "measures": {
                n: Interval(**_known(Interval, interval)) for n, interval in row["measures"].items()
            },
        }
    )


def _known(
    record: type[Verdict | Evaluation | Interval | Stability], row: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the fields that this version knows; a later minor version adds keys, an earlier one may lack some."""
    return {
        field.name: row[field.name]
        for field in dataclasses.fields(record)
        if field.name in row or field.default is dataclasses.MISSING
    }


def _shallow(record: Evaluation) -> dict[str, object]:
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _intervals(measures: Mapping[str, Interval]) -> dict[str, dict[str, object]]:
    return {name: dataclasses.asdict(interval) for name, interval in measures.items()}


def _write(run: RunFolder, name: str, key: str, rows: Sequence[Mapping[str, object]]) -> None:
    run.save_json(f"{name}.json", {**run.identity, key: rows})


def _read(
    run: RunFolder, name: str, key: str, decode: Callable[[dict[str, Any]], Record]
) -> tuple[Record, ...]:
    shown = f"{run.run_id}/{name}.json"
    try:
        plain = json.loads((run.path / f"{name}.json").read_bytes())
    except FileNotFoundError:
        raise RunFolderError(
            f"{shown}: missing; the run stopped before writing it",
            hint="repeat the command that made the run: it resumes where it stopped",
        ) from None
    except (ValueError, RecursionError) as error:
        raise RunFolderError(f"{shown}: damaged: not JSON ({error!s:.200})", hint=AUDIT_AGAIN) from error
    except OSError as error:
        raise RunFolderError(
            f"{shown}: cannot be read: {error.strerror}", hint="check its permissions"
        ) from error
    if not isinstance(plain, dict):
        raise RunFolderError(f"{shown}: damaged: expected an object", hint=AUDIT_AGAIN)
    try:
        return tuple(decode(row) for row in migrated(f"{name}.json", plain, shown)[key])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunFolderError(f"{shown}: damaged: {error!s:.200}", hint=AUDIT_AGAIN) from error
