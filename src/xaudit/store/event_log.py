"""The event log ``log.jsonl``, one JSON object a line, without paths, user names or host names."""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from xaudit.store.atomic_file import refusals_as_output_errors
from xaudit.store.redaction import Redaction
from xaudit.store.run_folder import RunFolder
from xaudit.store.run_status import utc_text


def append_event(
    run: RunFolder, event: str, details: Mapping[str, object] | None = None, *, now: datetime
) -> None:
    """Append one line, after ending one that a kill cut short; raise OutputError if that fails."""
    redact = Redaction.of_this_machine()
    line = {"time": utc_text(now), "event": event, **redact.plain(dict(details or {}))}
    data = (json.dumps(line, ensure_ascii=False, default=str) + "\n").encode("utf-8", "replace")
    with refusals_as_output_errors(run.log_path):
        handle = os.open(run.log_path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            if os.fstat(handle).st_size > 0:
                os.lseek(handle, -1, os.SEEK_END)
                if os.read(handle, 1) != b"\n":
                    data = b"\n" + data
            os.write(handle, data)
        finally:
            os.close(handle)


def read_events(run: RunFolder) -> tuple[dict[str, Any], ...]:
    """Return every whole line of the log, oldest first; empty if there is no log."""
    try:
        lines = run.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ()
    events = []
    for line in lines:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue  # cut short by a kill
        if isinstance(event, dict):
            events.append(event)
    return tuple(events)
