"""A calibration beside a run: read from its folder, and refused if it was made of other data, models or settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from xaudit.config.plain_yaml import PlainYamlError, plain_yaml
from xaudit.errors import RunFolderError
from xaudit.records import Calibration
from xaudit.stages.views.report_material import ReportMaterial
from xaudit.store.calibration import read_calibration
from xaudit.store.run_folder import RunFolder
from xaudit.store.schema_version import AUDIT_AGAIN

_DATA: Final = {
    "images": "images",
    "annotations": "marks",
    "labels": "labels or patients",
    "masks": "masks of the anatomy",
}
_OF_MODELS: Final = ("weights", "code", "answers")

_SETTINGS: Final = ("seed", "data", "datasets", "models", "reliance", "statistics")
"""Parts of an audit file that decide what a calibration says; of ``run`` it is the limit."""

_HINT: Final = "calibrate the audit of this run: `xaudit calibrate AUDIT`"


def calibration_of_run(path: Path, material: ReportMaterial) -> Calibration:
    """Read the calibration in a folder that says how often an audit such as a run would be right.

    Raises:
        RunFolderError: if there is no finished calibration, or it was made of other data, models or settings than the run.
    """
    folder, run_id = RunFolder.open_run(path, tidy=False), material.outcome.run_id
    calibration, made_of = read_calibration(folder)
    manifest = material.manifest.get("checksums")
    if not manifest:
        raise RunFolderError(
            f"{run_id}/manifest.json: missing or damaged, so it cannot be told if the calibration is about this run",
            hint=AUDIT_AGAIN,
        )
    differs = _other_data(made_of, manifest) or _other_models(made_of, manifest)
    differs = differs or _other_settings(_settings_of(folder), material.settings)
    if differs:
        raise RunFolderError(f"{path}: the calibration {differs} run {run_id}", hint=_HINT)
    return calibration


def _other_data(made_of: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    for name, words in _DATA.items():
        if (made_of.get(name) or "") != (manifest.get(name) or ""):
            return f"is about other {words} than"
    return ""


def _other_models(made_of: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    for name in _OF_MODELS:
        own, other = made_of.get(name) or {}, manifest.get(name) or {}
        for model in sorted({*own, *other}):
            if own.get(model) != other.get(model):
                return f"asked another model under the name '{model}' than"
    return ""


def _other_settings(own: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    for part in _SETTINGS:
        key = _first_difference(part, own.get(part), other.get(part))
        if key:
            return f"has another `{key}` than"
    limits = [one.get("run", {}).get("limit") for one in (own, other)]
    return "" if limits[0] == limits[1] else "has another `run.limit` than"


def _first_difference(key: str, own: object, other: object) -> str:
    """Name the first key whose values differ; empty if none does."""
    if isinstance(own, Mapping) and isinstance(other, Mapping):
        names = dict.fromkeys([*own, *other])
        inner = (_first_difference(f"{key}.{name}", own.get(name), other.get(name)) for name in names)
        return next(filter(None, inner), "")
    return "" if own == other else key


def _settings_of(folder: RunFolder) -> Mapping[str, Any]:
    try:
        return {**plain_yaml(folder.audit_path.read_text(encoding="utf-8"))}
    except (OSError, PlainYamlError, TypeError, UnicodeDecodeError):
        raise RunFolderError(f"{folder.run_id}: its audit file is missing or damaged", hint=_HINT) from None
