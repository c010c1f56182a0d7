"""Progress of a long piece of work, as bars in a terminal or in a notebook."""

import html
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from xaudit.records import Progress

if TYPE_CHECKING:
    from rich.progress import TaskID

_NOTEBOOK_EVERY_S = 0.2
"""A notebook keeps each message of a cell, so bars are redrawn no more often than this."""


class ProgressReport(Protocol):
    """Shows progress while it is entered."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def __call__(self, progress: Progress) -> None:
        """Show how far the work is."""


def progress_bars(*, wanted: bool = True) -> ProgressReport:
    """Return bars for the notebook or the terminal that this process writes to; silence where it has neither."""
    if wanted and _in_notebook():
        return NotebookBars()
    return ProgressBars() if wanted and sys.stderr is not None and sys.stderr.isatty() else Silence()


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return hasattr(shell, "kernel")


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def __call__(self, progress: Progress) -> None:
        """Show nothing."""


class ProgressBars:
    """A bar per stage in a terminal; finished ones stay."""

    def __enter__(self) -> Self:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        from xaudit.report.terminal.console import messages_console

        self._tasks: dict[str, TaskID] = {}
        self._bars: Bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            TextColumn("{task.fields[note]}", style="dim"),
            console=messages_console(),
        )
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bars on the screen and frees the cursor."""
        self._bars.stop()

    def __call__(self, progress: Progress) -> None:
        """Move the stage's bar."""
        task = self._tasks.get(progress.stage)
        total = progress.total or None
        if task is None:
            task = self._bars.add_task(
                progress.stage, total=total, completed=progress.done, note=progress.note
            )
            self._tasks[progress.stage] = task
        self._bars.update(task, total=total, completed=progress.done, note=progress.note)


class NotebookBars:
    """A bar per stage in a notebook's output cell.

    Args:
        clock: seconds, only ever rising.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._drawn = -_NOTEBOOK_EVERY_S
        self._stages: dict[str, Progress] = {}

    def __enter__(self) -> Self:
        display = sys.modules["IPython"].display
        self._page: Callable[[str], Any] = display.HTML
        self._handle = display.display(self._page(""), display_id=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bars as they are at the end."""
        self._draw()

    def __call__(self, progress: Progress) -> None:
        """Move the stage's bar."""
        self._stages[progress.stage] = progress
        if self._clock() - self._drawn >= _NOTEBOOK_EVERY_S:
            self._draw()

    def _draw(self) -> None:
        self._drawn = self._clock()
        self._handle.update(self._page("".join(map(bar_html, self._stages.values()))))


def bar_html(progress: Progress) -> str:
    """Return one stage's bar.

    Example:
        >>> bar_html(Progress("explain", 3, 12, "lime on <a>"))
        '<div><progress value="3" max="12"></progress> explain: 3 of 12 lime on &lt;a&gt;</div>'
    """
    bar, count = "<progress></progress>", ""
    if progress.total:
        bar = f'<progress value="{progress.done}" max="{progress.total}"></progress>'
        count = f": {progress.done} of {progress.total}"
    return f"<div>{bar} {html.escape(f'{progress.stage}{count} {progress.note}'.rstrip())}</div>"
