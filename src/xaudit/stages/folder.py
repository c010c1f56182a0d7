"""The run folder of a request: found again where the same audit was begun before, else made."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from xaudit.config import AuditFile
from xaudit.errors import RunFolderError
from xaudit.stages.request import RunRequest
from xaudit.stages.shares import config_hash, name_of
from xaudit.store.manifest import Contents
from xaudit.store.run_folder import RunFolder, run_paths
from xaudit.store.run_lock import RunLock


def obtain_folder(request: RunRequest, contents: Callable[[], Contents] | None = None) -> RunFolder:
    """The newest folder of the same audit, or a new one.

    Where the audit file and its data were moved, the folder of the same audit of the same images and marks counts too.

    Args:
        contents: reads what the data holds; asked only where a folder may be that of a moved audit.

    Raises:
        OutputError: where none can be made.
    """
    name, digest = name_of(request), config_hash(request)
    found = None if request.fresh else RunFolder.find(request.out, name=name, config_hash=digest)
    if found is None and contents is not None and not request.fresh:
        found = _moved(request, contents)
    return found or RunFolder.create(request.out, name=name, config_hash=digest, now=datetime.now(UTC))


def _moved(request: RunRequest, contents: Callable[[], Contents]) -> RunFolder | None:
    """The newest run of an audit that differs in the places of its files alone, and of the same data."""
    digest = config_hash(request, with_places=False)
    for path, _ in reversed(run_paths(request.out)):
        try:
            plain = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
            if plain["audit"] != digest or plain["name"] != name_of(request):
                continue
            checksums = plain["checksums"]
            here = contents()
            if (checksums["images"], checksums["annotations"]) == (here.images, here.annotations):
                return RunFolder.open_run(path)
        except (OSError, ValueError, KeyError, TypeError, RunFolderError):
            continue
    return None


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
