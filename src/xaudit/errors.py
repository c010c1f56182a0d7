"""Errors that a user can fix, each with its exit code and the next step.

A user can mend everything that derives from :class:`XauditError`. A mistake in the program is a plain
``ValueError`` or ``TypeError`` and keeps its traceback.
"""

import difflib
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """Exit status of the ``xaudit`` process."""

    OK = 0
    GATE_FAILED = 1
    USAGE = 2
    INTERNAL = 3
    INCOMPLETE = 4
    NOTHING_SCORED = 5
    INTERRUPTED = 130


class XauditError(Exception):
    """An error that a user can fix: ``message`` says what and where, ``hint`` what to do; tracebacks show both.

    Example:
        >>> error = XauditError("labels.csv: row 3: no image", hint="add the file or drop the row")
        >>> str(error), error.hint, int(error.exit_code)
        ('labels.csv: row 3: no image', 'add the file or drop the row', 2)
    """

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        if hint:
            self.add_note(f"hint: {hint}")


class UsageError(XauditError):
    """A command line that cannot be run."""


class AuditFileError(XauditError):
    """An audit file that cannot be read or is not valid."""


class DataError(XauditError):
    """Images, labels or annotations that cannot be used as they are."""


class ModelError(XauditError):
    """A model that cannot be built, loaded or explained as asked."""


class PluginError(XauditError):
    """A plug-in that cannot be found, imported or trusted; the message names the package and the entry point."""


class OutputError(XauditError):
    """A path that cannot be written to: no permission, or no space left."""


class RunFolderError(XauditError):
    """A run folder that is missing, not made by xaudit, or written by a newer version."""


class SignOffError(XauditError):
    """A sign-off that is not as it was written: changed, damaged, of another tool or of a newer version."""


class UnansweredError(XauditError):
    """A run that was carried out and gives no answer.

    Attributes:
        run_folder: its path; None if there is no run.
        missing: each missing part, and the reason.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        run_folder: Path | None = None,
        missing: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.run_folder = run_folder
        self.missing = missing


class IncompleteRunError(UnansweredError):
    """A run that stopped short: more cases failed than the audit allows."""

    exit_code = ExitCode.INCOMPLETE


class NothingScoredError(UnansweredError):
    """A run in which no metric could be computed on any map."""

    exit_code = ExitCode.NOTHING_SCORED


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like ``name``, or None if nothing is close.

    Example:
        >>> nearest("gradcamm", ["lime", "gradcam"])
        'gradcam'
        >>> nearest("zzz", ["lime", "gradcam"]) is None
        True
        >>> nearest("mptr", ["MPRT", "ROAD"])
        'MPRT'
    """
    lowered = {one.lower(): one for one in known}
    found = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str], *, otherwise: str) -> str:
    """Return a hint that names the nearest known word first, then where to find all of them.

    Example:
        >>> did_you_mean("gradcamm", ["lime", "gradcam"], otherwise="see `xaudit list explainers`")
        "did you mean 'gradcam'? see `xaudit list explainers`"
    """
    match = nearest(name, known)
    return f"did you mean '{match}'? {otherwise}" if match else otherwise
