"""The runs that lie in one place, for ``xaudit list runs``."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from xaudit.errors import RunFolderError
from xaudit.store.run_folder import RunFolder, run_paths, utc_of


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One line of the list.

    Attributes:
        created: in UTC.
        state: as in ``status.json``, or ``unreadable``.
        note: why it is unreadable, else empty.
    """

    run_id: str
    name: str
    created: datetime
    state: str
    note: str = ""


def list_runs(root: Path) -> tuple[RunEntry, ...]:
    """Every run under ``root``, newest first, unreadable ones included; none where there is no such folder."""
    entries = []
    for path, found in reversed(run_paths(root)):
        created = utc_of(found)
        try:
            run = RunFolder.open_run(path, tidy=False)
            entries.append(RunEntry(path.name, run.name, run.created, run.status.state))
        except RunFolderError as error:
            reason = str(error).removeprefix(str(path)).lstrip("/: ")
            entries.append(RunEntry(path.name, found["name"], created, "unreadable", reason))
    return tuple(entries)
