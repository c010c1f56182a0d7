"""The runs under one folder, for ``xaudit list runs``."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from xaudit.errors import RunFolderError
from xaudit.store.run_folder import RunFolder, run_paths, utc_of

FINISHED = ("complete", "incomplete")
"""States of a run that has a report."""


@dataclass(frozen=True, slots=True)
class RunEntry:
    """A line of the list.

    Attributes:
        created: in UTC.
        state: as in ``status.json``, or ``unreadable``.
        note: the reason if it is unreadable, else empty.
        updated: time when its state was written, in UTC; None if it is unreadable.
    """

    run_id: str
    name: str
    created: datetime
    state: str
    note: str = ""
    updated: datetime | None = None

    @property
    def last_used(self) -> tuple[datetime, str]:
        """Sort key by the last execution of a run, not by the creation of its folder."""
        return max(self.updated or self.created, self.created), self.run_id


def list_runs(root: Path) -> tuple[RunEntry, ...]:
    """Return every run under ``root``, newest first, unreadable ones included; empty if there is no such folder."""
    entries = []
    for path, match in reversed(run_paths(root)):
        created = utc_of(match)
        try:
            run = RunFolder.open_run(path, tidy=False)
            status = run.status
            entries.append(RunEntry(path.name, run.name, run.created, status.state, updated=status.updated))
        except RunFolderError as error:
            reason = str(error).removeprefix(str(path)).lstrip("/: ")
            entries.append(RunEntry(path.name, match["name"], created, "unreadable", reason))
    return tuple(entries)
