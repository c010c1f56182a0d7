"""The run folder of a request: that of the same audit with the same inputs, or a new one."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from xaudit.config import AuditFile
from xaudit.errors import RunFolderError
from xaudit.models.classifier import Classifier
from xaudit.models.sources.external import ExternalModel
from xaudit.stages.request import RunRequest
from xaudit.stages.work.shares import audit_hash, name_of, run_hash
from xaudit.store.run_folder import RunFolder, run_paths
from xaudit.store.run_lock import RunLock


def obtain_folder(request: RunRequest, inputs: str = "") -> RunFolder:
    """Open the newest folder of the same audit with the same inputs, or create one.

    Where the files lie does not count, so the folder of a project that was moved is the same.

    Args:
        inputs: digest of all that the run is made from, see :func:`xaudit.stages.work.inputs.inputs_digest`.

    Raises:
        OutputError: where none can be made.
    """
    name, digest = name_of(request), run_hash(request, inputs)
    found = None if request.fresh else RunFolder.find(request.out, name=name, config_hash=digest)
    return found or RunFolder.create(request.out, name=name, config_hash=digest, now=datetime.now(UTC))


def earlier_run(run: RunFolder, request: RunRequest) -> RunFolder | None:
    """Return the newest other run of the same audit with other inputs, whose finished work may still hold."""
    digest = audit_hash(request)
    for path, _ in reversed(run_paths(request.out)):
        try:
            plain = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
            if path.name != run.path.name and (plain["audit"], plain["name"]) == (digest, run.name):
                return RunFolder.open_run(path, tidy=False)
        except (OSError, ValueError, KeyError, TypeError, RunFolderError):
            continue
    return None


def shares_a_model(run: RunFolder, classifiers: Mapping[str, Classifier]) -> bool:
    """Return True if a run holds work of one of these models with the same weights, code and answers."""
    try:
        weights = json.loads(run.manifest_path.read_text(encoding="utf-8"))["checksums"]["weights"]
        return any(
            isinstance(one, ExternalModel) or weights.get(name) == one.fingerprint
            for name, one in classifiers.items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


@contextmanager
def at_work_in(run: RunFolder, audit: AuditFile) -> Iterator[None]:
    """Inside, no other process works in the folder, and the folder says that one does.

    Raises:
        RunFolderError: where another process is at work in it.
        OutputError: where nothing can be written there.
    """
    lock = RunLock.take(run.path)
    try:
        run.set_state("running", now=datetime.now(UTC))
        run.save_text("audit.resolved.yaml", audit_text(audit))
        yield
    finally:
        lock.release()


def audit_text(audit: AuditFile) -> str:
    """Every setting as it was used; of a path only the last part, so that no user's name gets in."""
    plain = _shortened(audit.model_dump(mode="python"))
    plain["explainers"] = [{"name": spec.name, "id": spec.id, **spec.options} for spec in audit.explainers]
    plain["controls"] = [{"name": spec.name, "id": spec.id, **spec.options} for spec in audit.controls]
    plain["metrics"] = [{"name": spec.name, "id": spec.id, **spec.options} for spec in audit.metrics]
    text: str = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
    return "# Every setting of this run. Of each path only the last part is kept.\n" + text


def _shortened(value: Any) -> Any:  # noqa: ANN401
    match value:
        case Path():
            return value.name
        case dict():
            return {key: _shortened(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_shortened(inner) for inner in value]
        case _:
            return value
