"""The state of a run: ``status.json``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from xaudit.store.schema_version import SCHEMA_VERSION

RunState = Literal["running", "interrupted", "complete", "incomplete", "shard"]


@dataclass(frozen=True, slots=True)
class RunStatus:
    """The state of a run.

    Attributes:
        state: ``running`` also if a run was killed without a chance to record it; ``incomplete`` if more
            cases failed than the audit allows; ``shard`` if it has done its share of a divided run.
        updated: time when the state was written.
        counts: such as cases and shards done.
    """

    state: RunState
    created: datetime
    updated: datetime
    counts: Mapping[str, int] = field(default_factory=dict)


def status_to_plain(status: RunStatus) -> dict[str, Any]:
    """Return the content of ``status.json``, without the run's identity."""
    return {
        "schema_version": SCHEMA_VERSION,
        "state": status.state,
        "created": utc_text(status.created),
        "updated": utc_text(status.updated),
        "counts": dict(status.counts),
    }


def status_from_plain(plain: Mapping[str, Any]) -> RunStatus:
    """Read the status that :func:`status_to_plain` wrote.

    Raises:
        KeyError: if a key is missing.
        ValueError: if a value is not valid.
    """
    if plain["state"] not in get_args(RunState):
        raise ValueError(f"no state is called {plain['state']!r}")
    return RunStatus(
        state=plain["state"],
        created=utc_from_text(plain["created"]),
        updated=utc_from_text(plain["updated"]),
        counts={str(name): int(count) for name, count in dict(plain["counts"]).items()},
    )


def utc_text(moment: datetime) -> str:
    """Format a time in UTC, to the second.

    Raises:
        ValueError: if the time has no time zone.

    Example:
        >>> utc_text(datetime(2025, 1, 31, 23, 59, 1, tzinfo=UTC))
        '2025-01-31T23:59:01Z'
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_from_text(text: str) -> datetime:
    """Parse the text that :func:`utc_text` wrote; raise ValueError for any other text."""
    if not isinstance(text, str):
        raise ValueError(f"expected a moment in UTC, got {text!r}")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
