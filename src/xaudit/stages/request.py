"""What a user asks of a run, and what comes back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from xaudit.config import AuditFile
from xaudit.records import Outcome

if TYPE_CHECKING:
    from xaudit.stages.pictures import Picture
    from xaudit.stages.report_material import ReportMaterial

Stage = Literal["train", "predict", "explain", "score", "report"]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One audit to be carried out.

    Attributes:
        out: the folder in which run folders stand.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        fresh: start a new run folder although one for the same audit is there.
        retrain: train the built-in networks again instead of loading the ones that ship.
        command: the command line, for the manifest.
    """

    audit: AuditFile
    out: Path
    device: str = "auto"
    fresh: bool = False
    retrain: bool = False
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run folder, and its outcome where the run went as far as that.

    Attributes:
        pictures: the cases most worth looking at, read one by one when called.
        material: what the page of the run shows, read when called; None where the audit wants no page.
    """

    folder: Path
    outcome: Outcome | None
    pictures: "Callable[[], Iterator[Picture]] | None" = None
    material: "Callable[[], ReportMaterial] | None" = None
