"""The run folder of a request: found again where the same audit was begun before, else made."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from xaudit.config import AuditFile
from xaudit.stages.request import RunRequest
from xaudit.store.run_folder import RunFolder
from xaudit.store.run_lock import RunLock


def obtain_folder(request: RunRequest) -> RunFolder:
    """The newest folder of the same audit, or a new one.

    Raises:
        OutputError: where none can be made.
    """
    audit = request.audit
    config_hash = _config_hash(request)
    found = None if request.fresh else RunFolder.find(request.out, name=audit.name, config_hash=config_hash)
    return found or RunFolder.create(
        request.out, name=audit.name, config_hash=config_hash, now=datetime.now(UTC)
    )


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


def _config_hash(request: RunRequest) -> str:
    from xaudit.config import fingerprint

    return fingerprint([request.audit.fingerprint(), request.retrain, request.device])


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
