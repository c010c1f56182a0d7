"""The folder of one run, ``<utc>-<name>-<hash8>``: creating, finding, opening and writing it.

One process works in a folder at a time, see :mod:`xaudit.store.run_lock`; many may read it meanwhile, since every file
appears whole. On a file system without locks, two that write the same file write the same content.
"""

import contextlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, Self

from xaudit.errors import RunFolderError
from xaudit.store.atomic_file import (
    make_folder,
    refusals_as_output_errors,
    remove_leftovers,
    write_atomically,
)
from xaudit.store.run_status import (
    RunState,
    RunStatus,
    status_from_plain,
    status_to_plain,
    utc_from_text,
    utc_text,
)
from xaudit.store.schema_version import AUDIT_AGAIN, SCHEMA_VERSION, is_version, require_readable

_RUN_ID = re.compile(r"^(?P<utc>\d{8}T\d{6}Z)-(?P<name>.+)-(?P<hash>[0-9a-f]{8})$")
_UTC = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run.

    Attributes:
        path: its location, which is never stored inside it.
        run_id: its name when it was created.
        name: name of the audit.
        config_hash: hash of every setting of the audit file that can change a result.
        created: in UTC, to the second.
    """

    path: Path
    run_id: str
    name: str
    config_hash: str
    created: datetime

    @classmethod
    def create(cls, root: Path, *, name: str, config_hash: str, now: datetime) -> Self:
        """Create a folder under ``root``, named after the time, the audit and its settings.

        If two start in the same second, or the clock has gone back, the later takes the second after the newest.

        Raises:
            OutputError: no permission, no space, or a file in the way.
        """
        slug = re.sub(r"[^A-Za-z0-9._-]+", "-", name)
        created = utc_from_text(utc_text(now))
        make_folder(root)
        for _, newest in run_paths(root)[-1:]:
            created = max(created, utc_of(newest) + timedelta(seconds=1))
        while True:
            run_id = f"{created.strftime(_UTC)}-{slug}-{config_hash[:8]}"
            with refusals_as_output_errors(root):
                try:
                    (root / run_id).mkdir()
                    break
                except FileExistsError:
                    created += timedelta(seconds=1)
        run = cls(root / run_id, run_id, name, config_hash, created)
        run.set_state("running", now=now)
        return run

    @classmethod
    def find(cls, root: Path, *, name: str, config_hash: str) -> Self | None:
        """Return the newest run of the same audit with the same settings, or None.

        A folder without a status counts; one that a newer version wrote does not.
        """
        slug = re.sub(r"[^A-Za-z0-9._-]+", "-", name)
        for path, match in reversed(run_paths(root)):
            if match["name"] != slug or match["hash"] != config_hash[:8]:
                continue
            try:
                run = cls.open_run(path)
            except RunFolderError:
                if _is_newer(path):
                    continue
                remove_leftovers(path)
                return cls(path, path.name, name, config_hash, utc_of(match))
            if run.config_hash == config_hash:
                return run
        return None

    @classmethod
    def open_run(cls, path: Path, *, tidy: bool = True) -> Self:
        """Open the run in ``path``.

        Args:
            tidy: True to remove the half-written files of a killed writer; readers skip them in any case.

        Raises:
            RunFolderError: missing, not a run folder, written by a newer version, or damaged.
        """
        if not path.is_dir():
            raise RunFolderError(
                f"{path}: no such run folder", hint="`xaudit list runs` lists the existing ones"
            )
        _check_files(path)
        written = [path / name for name in ("status.json", "manifest.json") if (path / name).exists()]
        if not written and _RUN_ID.match(path.resolve().name) is None:
            raise RunFolderError(
                f"{path}: not a run folder", hint="`xaudit list runs` lists the existing ones"
            )
        for file in written:
            plain = _read_object(file)
            if plain is None:
                continue
            require_readable(plain.get("schema_version"), f"{path}/{file.name}")
            try:
                run = cls(path, *_identity(plain))
            except (KeyError, TypeError, ValueError):
                continue
            if tidy:
                remove_leftovers(path)
            return run
        raise RunFolderError(
            f"{path}: damaged: neither status.json nor manifest.json can be read", hint=AUDIT_AGAIN
        )

    @property
    def manifest_path(self) -> Path:
        """Path of ``manifest.json``."""
        return self.path / "manifest.json"

    @property
    def audit_path(self) -> Path:
        """Path of ``audit.resolved.yaml``, which holds every setting as it was used."""
        return self.path / "audit.resolved.yaml"

    @property
    def log_path(self) -> Path:
        """Path of the event log ``log.jsonl``."""
        return self.path / "log.jsonl"

    @property
    def figures_path(self) -> Path:
        """Path of the folder of pictures."""
        return self.path / "figures"

    @property
    def models_path(self) -> Path:
        """Path of the folder of weights that this run trained."""
        return self.path / "models"

    @property
    def status(self) -> RunStatus:
        """State of the run; ``interrupted`` if its status was lost.

        Raises:
            RunFolderError: if a newer version wrote it.
        """
        plain = _read_object(self.path / "status.json")
        if plain is not None:
            require_readable(plain.get("schema_version"), f"{self.run_id}/status.json")
            try:
                return status_from_plain(plain)
            except (KeyError, TypeError, ValueError, OverflowError):
                pass
        return RunStatus("interrupted", self.created, self.created)

    def set_state(self, state: RunState, *, now: datetime, counts: Mapping[str, int] | None = None) -> None:
        """Write ``status.json``; raise OutputError if that fails."""
        status = RunStatus(state, self.created, now, counts or {})
        self.save_json("status.json", {**self.identity, **status_to_plain(status)})

    @property
    def identity(self) -> dict[str, str]:
        """The keys that every file of the run carries to name its run."""
        return {
            "schema_version": SCHEMA_VERSION,
            "run_id": self.run_id,
            "name": self.name,
            "config_hash": self.config_hash,
            "created": utc_text(self.created),
        }

    def save_bytes(self, name: str, data: bytes) -> Path:
        """Write a file of the run in one step and return its path; ``name`` may contain folders.

        Raises:
            OutputError: no permission, no space, or something in the way; the old file is kept.
        """
        path = self._inside(name)
        write_atomically(path, data)
        return path

    def save_text(self, name: str, text: str) -> Path:
        """Write UTF-8 text as :meth:`save_bytes` writes bytes."""
        return self.save_bytes(name, text.encode())

    def save_json(self, name: str, value: object) -> Path:
        """Write indented JSON as :meth:`save_bytes` writes bytes; raise ValueError for NaN and infinity."""
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=_python_number)
        return self.save_text(name, text + "\n")

    def _inside(self, name: str) -> Path:
        parts = PurePosixPath(name)
        if not name or parts.is_absolute() or ".." in parts.parts:
            raise ValueError(f"{name!r} is not a path inside the run folder")
        return self.path.joinpath(*parts.parts)


def _python_number(value: object) -> object:
    """Convert an array library's scalar to a Python number; raise TypeError for anything else."""
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"JSON holds no {type(value).__name__}")
    return item()


def run_paths(root: Path) -> list[tuple[Path, re.Match[str]]]:
    """Return the run folders under ``root``, oldest first, each with the parts of its original name.

    A renamed folder is recognised by the identity stored in it.
    """
    if not root.is_dir():
        return []
    named = [(path, _RUN_ID.match(path.name) or _own_name(path)) for path in root.iterdir() if path.is_dir()]
    runs = [(path, match) for path, match in named if match is not None]
    return sorted(runs, key=lambda run: (run[1]["utc"], run[0].name))


def _own_name(path: Path) -> re.Match[str] | None:
    for name in ("status.json", "manifest.json"):
        with contextlib.suppress(RunFolderError):
            plain = _read_object(path / name) or {}
            if isinstance(plain.get("run_id"), str):
                return _RUN_ID.match(plain["run_id"])
    return None


def utc_of(name: re.Match[str]) -> datetime:
    """Return the creation time in a run's name; the earliest time if its digits are no date."""
    try:
        return datetime.strptime(name["utc"], _UTC).replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _check_files(path: Path) -> None:
    """Raise RunFolderError if a run holds a device or a pipe: opening a pipe would wait forever."""
    for parent, _, names in os.walk(path):
        for file in (Path(parent, name) for name in names):
            if file.exists() and not file.is_file():
                raise RunFolderError(
                    f"{path}: {file.relative_to(path).as_posix()} is no file, but a device or a pipe",
                    hint="xaudit writes no such thing; remove it",
                )


def _identity(plain: Mapping[str, Any]) -> tuple[str, str, str, datetime]:
    texts = [plain[key] for key in ("run_id", "name", "config_hash")]
    if not all(isinstance(text, str) and text for text in texts):
        raise ValueError("a run is known by texts")
    return texts[0], texts[1], texts[2], utc_from_text(plain["created"])


def _is_newer(path: Path) -> bool:
    """Return True if a readable file of the folder has a version that this program does not know."""
    for name in ("status.json", "manifest.json"):
        plain = _read_object(path / name)
        version = None if plain is None else plain.get("schema_version")
        if is_version(version):
            try:
                require_readable(version, name)
            except RunFolderError:
                return True
    return False


def _read_object(path: Path) -> dict[str, Any] | None:
    """Read the JSON object in a file; return None if there is none or the file is damaged.

    Raises:
        RunFolderError: if the file cannot be read.
    """
    try:
        plain = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    except OSError as error:
        raise RunFolderError(
            f"{path}: cannot be read: {error.strerror}", hint="check its permissions"
        ) from error
    return plain if isinstance(plain, dict) else None
