"""A figure: its size, drawing function and data."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

ONE_COLUMN_MM, TWO_COLUMNS_MM = 85.0, 180.0
"""Widths of a journal's text."""

INK, CONTROL, PALE = "#000000", "#767676", "#d9d9d9"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Of explainers, apart for colour-blind eyes (Okabe and Ito 2008)."""

MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES = ("--", ":", "-.")

_MM_PER_INCH = 25.4
_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.0,
    "svg.fonttype": "none",
    "svg.hashsalt": "xaudit",
    "pdf.fonttype": 42,
    "figure.constrained_layout.use": True,
}

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class PaperFigure:
    """A figure.

    Attributes:
        name: of its files, without an ending.
        width_mm: of the page that it takes.
        header: of the table of its numbers.
        rows: of the same; None is left empty.
        draw: puts it onto an empty figure.
    """

    name: str
    width_mm: float
    height_mm: float
    header: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    draw: Callable[[Figure], None]

    def drawn(self, form: str) -> bytes:
        """The figure as ``svg`` or ``pdf``; the same bytes each time, with nothing of the day or the machine."""
        unknown = {"svg": ("Date", "Creator"), "pdf": ("CreationDate", "Creator", "Producer")}[form]
        out = io.BytesIO()
        with mpl.rc_context(_STYLE):
            figure = Figure(figsize=(self.width_mm / _MM_PER_INCH, self.height_mm / _MM_PER_INCH))
            FigureCanvasAgg(figure)
            self.draw(figure)
            figure.savefig(out, format=form, metadata=dict.fromkeys(unknown))
        return out.getvalue()

    def table(self) -> bytes:
        """Its numbers as CSV with a header, in full."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows([["" if value is None else value for value in row] for row in self.rows])
        return out.getvalue().encode()


def panels(figure: Figure, n: int, *, beside: bool, heights: Sequence[float] | None = None) -> list[Axes]:
    """Axes in one row or one column, those beside each other with the same rows."""
    if beside:
        grid = figure.subplots(1, n, sharey=True, squeeze=False)
    else:
        grid = figure.subplots(n, 1, sharex=True, squeeze=False, height_ratios=heights)
    return list(grid.ravel())


def name_rows(axes: Axes, names: Iterable[str]) -> None:
    """Names on the upright axis, the first on top."""
    names = list(names)
    axes.set_yticks(range(len(names)), [plain(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def plain(text: str) -> str:
    """A text in which a dollar sign is a dollar sign and does not begin a formula."""
    return text.replace("$", r"\$")
