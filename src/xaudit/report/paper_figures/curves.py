"""Faithfulness curves."""

from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xaudit.catalog import CURVES, METRICS
from xaudit.report.paper_figures.figure import (
    COLOURS,
    CONTROL,
    DASHES,
    MARKERS,
    TWO_COLUMNS_MM,
    PaperFigure,
    plain,
)
from xaudit.report.wording import count, metric_words
from xaudit.stages.outcome.mean_curves import MeanCurve
from xaudit.stages.views.report_material import ReportMaterial

_HEIGHT_MM = 70.0
_BAND = 0.15
_SIGNS = 6


def curve_figures(material: ReportMaterial) -> Iterator[PaperFigure]:
    """Draw a figure for each metric with stored curves, a panel for each model."""
    order = [row.id for row in METRICS]
    names = {
        one.metric_id: material.metric_names.get(one.metric_id, one.metric_id) for one in material.curves
    }
    for metric in sorted(
        (one for one in names if names[one] in CURVES), key=lambda one: (order.index(names[one]), one)
    ):
        yield _figure(material, metric, names[metric])


def _figure(material: ReportMaterial, metric: str, name: str) -> PaperFigure:
    outcome, words = material.outcome, CURVES[name]
    order = {one: place for place, one in enumerate(outcome.explainer_ids)}
    own = sorted(
        (one for one in material.curves if one.metric_id == metric), key=lambda one: order[one.explainer_id]
    )
    models = [model for model in outcome.model_ids if any(one.model_id == model for one in own)]

    def draw(figure: Figure) -> None:
        grid = list(figure.subplots(1, len(models), sharey=True, squeeze=False).ravel())
        for axes, model in zip(grid, models, strict=True):
            lines = [one for one in own if one.model_id == model]
            for one in lines:
                _line(axes, one, outcome.explainer_ids, outcome.control_ids)
            axes.set_xlabel(words.across.replace("’", "'"))
            axes.set_xlim(0, 1)
            axes.set_title(plain(f"{model}: {count(max(one.n_cases for one in lines), 'image')}"), loc="left")
        grid[0].set_ylabel(words.up_words(material.answers.get(metric, "")).replace("’", "'"))
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
        figure.suptitle(
            f"{metric_words(metric)}: {words.better}; bands: intervals of explainers",
            x=0.01,
            ha="left",
            fontsize=7,
        )

    rows = tuple(
        (
            one.model_id,
            one.explainer_id,
            int(one.explainer_id in outcome.control_ids),
            share,
            mean.estimate,
            mean.low,
            mean.high,
        )
        for one in own
        for share, mean in zip(one.share, one.means, strict=True)
    )
    header = ("model", "explainer", "is_control", "share", "mean", "low", "high")
    return PaperFigure(f"curve-{metric}", TWO_COLUMNS_MM, _HEIGHT_MM, header, rows, draw)


def _line(axes: Axes, one: MeanCurve, explainers: tuple[str, ...], controls: tuple[str, ...]) -> None:
    means = [mean.estimate for mean in one.means]
    label = plain(one.explainer_id)
    if one.explainer_id in controls:
        place = controls.index(one.explainer_id)
        axes.plot(
            one.share, means, color=CONTROL, linestyle=DASHES[place % len(DASHES)], label=f"{label} (control)"
        )
        return
    place = [name for name in explainers if name not in controls].index(one.explainer_id)
    colour = COLOURS[place % len(COLOURS)]
    axes.plot(
        one.share, means, color=colour, label=label, marker=MARKERS[place % len(MARKERS)], markersize=3,
        markevery=(place % _SIGNS, max(1, len(means) // _SIGNS)),
    )  # fmt: skip
    band = [
        (share, mean.low, mean.high)
        for share, mean in zip(one.share, one.means, strict=True)
        if mean.low is not None
    ]
    if len(band) == len(means):
        shares, low, high = zip(*band, strict=True)
        axes.fill_between(shares, low, high, color=colour, alpha=_BAND, linewidth=0)
