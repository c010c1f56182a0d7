"""The request for a run, and its result."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from xaudit.config import AuditFile
from xaudit.records import Outcome

if TYPE_CHECKING:
    from xaudit.stages.views.pictures import Picture
    from xaudit.stages.views.report_material import ReportMaterial

Stage = Literal["train", "predict", "explain", "score", "report"]


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the work of a divided run.

    Attributes:
        index: from 1.
        of: how many there are.
    """

    index: int
    of: int

    def holds(self, lane: int) -> bool:
        """Return True if a lane, counted from 0, belongs to this share.

        Example:
            >>> [lane for lane in range(7) if Share(2, 3).holds(lane)]
            [1, 4]
        """
        return lane % self.of == self.index - 1

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"


@dataclass(frozen=True, slots=True)
class RunRequest:
    """An audit to be carried out.

    Attributes:
        out: the folder in which run folders stand.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        fresh: start a new run folder although one for the same audit is there.
        retrain: train the built-in networks again instead of loading the ones that ship.
        command: the command line, for the manifest.
        workers: processes that explain and score side by side.
        share: what of the work is done; None for all of it.
        merges: the run folders of all shares, whose results are taken over; only what they leave is done.
    """

    audit: AuditFile
    out: Path
    device: str = "auto"
    fresh: bool = False
    retrain: bool = False
    command: tuple[str, ...] = ()
    workers: int = 1
    share: Share | None = None
    merges: tuple[Path, ...] = ()


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
