"""Small bars beside each other: kinds of failure, and regions."""

from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xaudit.records import Outcome
from xaudit.report.paper_figures.figure import (
    CONTROL,
    INK,
    TWO_COLUMNS_MM,
    PaperFigure,
    name_rows,
    panels,
    plain,
)
from xaudit.report.pictures.region_bars import RegionBars, region_bars
from xaudit.report.sections.category import category_rank, category_words

_ROW_MM, _FRAME_MM = 5.0, 22.0
_ROOM = 1.3
_PERCENT = 100


def category_figures(outcome: Outcome) -> Iterator[PaperFigure]:
    """Draw a figure for each model: maps of each explainer by kind of failure."""
    for model in outcome.model_ids:
        own = [one for one in outcome.categories if one.model_id == model]
        if own:
            yield _categories(outcome, model)


def region_figures(outcome: Outcome) -> Iterator[PaperFigure]:
    """Draw a figure for each model: its reliance on each region beside the explainers' shares there."""
    for one in region_bars(outcome):
        yield _regions(one)


def _categories(outcome: Outcome, model: str) -> PaperFigure:
    own = [one for one in outcome.categories if one.model_id == model]
    names = [name for name in outcome.explainer_ids if any(one.explainer_id == name for one in own)]
    kinds = sorted({one.category for one in own}, key=category_rank)
    counts = {
        (kind, name): sum(one.n_maps for one in own if (one.category, one.explainer_id) == (kind, name))
        for kind in kinds
        for name in names
    }

    def draw(figure: Figure) -> None:
        highest = max(counts.values())
        for axes, name in zip(panels(figure, len(names), beside=True), names, strict=True):
            numbers = [counts[kind, name] for kind in kinds]
            axes.barh(range(len(kinds)), numbers, color=CONTROL, height=0.6)
            for at, n in enumerate(numbers):
                axes.text(n + highest * 0.02, at, str(n), va="center")
            axes.set_xlim(0, highest * _ROOM)
            axes.set_title(plain(name), loc="left")
            axes.set_xlabel("maps")
            name_rows(axes, map(category_words, kinds))
        figure.suptitle(plain(f"{model}: how each map lies on the marks"), x=0.01, ha="left", fontsize=7)

    rows = tuple(
        (model, one.explainer_id, one.category, one.cell, one.n_maps, one.n_wrong_reason)
        for one in sorted(
            own, key=lambda one: (names.index(one.explainer_id), category_rank(one.category), one.cell)
        )
    )
    header = ("model", "explainer", "category", "confusion_cell", "maps", "right_for_the_wrong_reason")
    height = _FRAME_MM + _ROW_MM * len(kinds)
    return PaperFigure(f"categories-{model}", TWO_COLUMNS_MM, height, header, rows, draw)


def _answers(axes: Axes, one: RegionBars) -> None:
    """Draw the model's reliance on each region."""
    for at, row in enumerate(one.rows):
        found = row.reliance
        if found is None:
            across = axes.get_yaxis_transform()
            axes.text(0.02, at, row.reliance_text, va="center", color=CONTROL, transform=across)
            continue
        if found.low is not None and found.high is not None:
            axes.plot([found.low, found.high], [at, at], color=INK)
        axes.plot(found.estimate, at, marker="o", markersize=3.5, color=INK)
    axes.axvline(0, color=CONTROL, linewidth=0.6)
    axes.set_xlabel("fall of the probability beyond\nthat for random areas")
    axes.set_title("the answer depends on it", loc="left")


def _regions(one: RegionBars) -> PaperFigure:
    def draw(figure: Figure) -> None:
        n_answers = int(one.is_here)
        found = panels(figure, n_answers + len(one.explainers), beside=True)
        if one.is_here:
            _answers(found[0], one)
        others = found[n_answers:]
        for place, (axes, name) in enumerate(zip(others, one.explainers, strict=True)):
            masses = [_PERCENT * (row.masses[place] or 0.0) for row in one.rows]
            axes.barh(range(len(masses)), masses, color=CONTROL, height=0.6)
            axes.set_xlim(0, _PERCENT)
            axes.set_xlabel("% of the map's\npositive saliency")
            truth = one.truths[place][0]
            axes.set_title(plain(f"{name}{': ' + truth if truth else ''}"), loc="left")
        for axes in found:
            name_rows(axes, (row.region for row in one.rows))
        figure.suptitle(plain(f"{one.model_id}: {one.about}".strip(": ")), x=0.01, ha="left", fontsize=7)

    header = (
        "model",
        "about",
        "region",
        "reliance",
        "low",
        "high",
        *(f"share_of_{name}" for name in one.explainers),
    )
    rows = tuple(
        (
            one.model_id, one.about, row.region,
            *((None,) * 3 if row.reliance is None else (row.reliance.estimate, row.reliance.low, row.reliance.high)),
            *row.masses,
        )
        for row in one.rows
    )  # fmt: skip
    name = f"regions-{one.model_id}" + (f"-{one.about.rpartition(': ')[2]}" if "marks: " in one.about else "")
    return PaperFigure(name, TWO_COLUMNS_MM, _FRAME_MM + 4 + _ROW_MM * len(one.rows), header, rows, draw)
