"""Forest plots: every explainer with its interval beside the controls, the readers and what its grid could reach."""

from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xaudit.records import Outcome
from xaudit.report.paper_figures.figure import (
    CONTROL,
    INK,
    ONE_COLUMN_MM,
    PALE,
    PaperFigure,
    name_rows,
    panels,
    plain,
)
from xaudit.report.pictures.forest import Forest, ForestPlot, forests

_ROW_MM, _HEAD_MM, _FOOT_MM = 5.0, 9.0, 22.0


def forest_figures(outcome: Outcome) -> Iterator[PaperFigure]:
    """Draw a figure for each headline metric of maps, the models below each other on one axis."""
    for one in forests(outcome):
        yield _figure(one)


def _figure(one: Forest) -> PaperFigure:
    heights = [_HEAD_MM + _ROW_MM * len(plot.rows) for plot in one.plots]

    def draw(figure: Figure) -> None:
        for axes, plot in zip(
            panels(figure, len(one.plots), beside=False, heights=heights), one.plots, strict=True
        ):
            _draw(axes, plot)
        direction = f" ({one.direction})" if one.direction else ""
        axes.set_xlabel("\n".join([f"{one.title}{direction}", *_key(one)]))

    rows = tuple(
        (
            plot.model_id, plot.about, row.label, "control" if row.is_control else "explainer",
            *((None,) * 3 if row.found is None else (row.found.estimate, row.found.low, row.found.high)),
            int(row.better), row.ceiling,
        )
        for plot in one.plots
        for row in plot.rows
    ) + tuple(
        (plot.model_id, plot.about, "readers", "readers", plot.human.estimate, plot.human.low, plot.human.high, None, None)
        for plot in one.plots
        if plot.human is not None
    )  # fmt: skip
    header = (
        "model", "about", "row", "kind", "mean", "low", "high", "better_than_best_control", "ceiling",
    )  # fmt: skip
    return PaperFigure(f"forest-{one.metric_id}", ONE_COLUMN_MM, sum(heights) + _FOOT_MM, header, rows, draw)


def _key(one: Forest) -> Iterator[str]:
    """Explain the plot's symbols that are drawn."""
    rows = [row for plot in one.plots for row in plot.rows]
    yield "filled: explainer, open: control"
    if any(row.better for row in rows):
        yield "*: better than the best control, paired by case"
    if any(row.ceiling is not None for row in rows):
        yield "|: the mark itself, drawn on that map's grid"
    if any(plot.human is not None for plot in one.plots):
        yield "grey band: readers"


def _draw(axes: Axes, plot: ForestPlot) -> None:
    if plot.human is not None and plot.human.low is not None and plot.human.high is not None:
        axes.axvspan(plot.human.low, plot.human.high, color=PALE, linewidth=0)
        axes.axvline(plot.human.estimate, color=CONTROL, linewidth=0.6)
    for at, row in enumerate(plot.rows):
        ink = CONTROL if row.is_control else INK
        if row.found is None:
            axes.text(0.02, at, "no value", va="center", color=CONTROL, transform=axes.get_yaxis_transform())
            continue
        if row.found.low is not None and row.found.high is not None:
            axes.plot([row.found.low, row.found.high], [at, at], color=ink, linewidth=1)
        fill = "white" if row.is_control else ink
        axes.plot(row.found.estimate, at, marker="o", markersize=3.5, color=ink, markerfacecolor=fill)
        if row.ceiling is not None:
            axes.plot(row.ceiling, at, marker="|", markersize=7, color=ink)
    name_rows(axes, (row.label + ("*" if row.better else "") for row in plot.rows))
    axes.set_title(plain(f"{plot.model_id}: {plot.about}"), loc="left")
