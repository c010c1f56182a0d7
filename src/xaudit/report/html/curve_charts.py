"""Faithfulness curves: how the model's answer goes as the image does, a line for each explainer and control."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.catalog import CURVES, METRICS
from xaudit.records import Interval, Outcome
from xaudit.report.grid import Cell, Column, Grid, Row, grid
from xaudit.report.sections.evidence import has_model
from xaudit.report.wording import count, interval, metric_words
from xaudit.stages.outcome.mean_curves import MeanCurve
from xaudit.stages.views.report_material import ReportMaterial
from xaudit.statistics.digits import shown

N_COLOURS = 6
N_SIGNS = 6
N_DASHES = 5
_SIGNS = 6
_STEP_SIZES = (1, 2, 2.5, 5, 10)
_FEWEST_STEPS = 4


@dataclass(frozen=True, slots=True)
class ChartAxis:
    """An axis from its first tick to its last."""

    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Percent of the axis's length; what lies beyond an end stands at the end.

        Example:
            >>> ChartAxis((0.0, 0.5, 1.0)).at(0.25), ChartAxis((0.0, 1.0)).at(2)
            (25.0, 100.0)
        """
        low, high = self.ticks[0], self.ticks[-1]
        return round(100 * min(1.0, max(0.0, (value - low) / (high - low))), 2)


@dataclass(frozen=True, slots=True)
class LineLook:
    """The look of a line: colour, symbol and dashes together, so that no line depends on colour alone.

    Attributes:
        colour: from 0; a control has none.
        sign: from 0: what stands on an explainer's line.
        dash: from 0: of a control.
    """

    label: str
    is_control: bool
    colour: int
    sign: int
    dash: int


@dataclass(frozen=True, slots=True)
class ChartLine:
    """An explainer or control.

    Attributes:
        path: in percent of the plot, from its upper left corner.
        band: the outline of the interval; empty for a control, and with too few patients.
        signs: where the line's sign stands, likewise; between points too.
        end: ``from 0.93 to 0.12``.
    """

    look: LineLook
    path: str
    band: str
    signs: tuple[tuple[float, float], ...]
    end: str


@dataclass(frozen=True, slots=True)
class CurvePlot:
    """A model."""

    model_id: str
    about: str
    said: str
    lines: tuple[ChartLine, ...]
    table: Grid


@dataclass(frozen=True, slots=True)
class CurveChart:
    """A metric of all models on the same axes.

    Attributes:
        better: how a better map's curve runs.
        x: the share of the image.
        y: the answer.
    """

    metric_id: str
    title: str
    better: str
    across: str
    up: str
    x: ChartAxis
    y: ChartAxis
    looks: tuple[LineLook, ...]
    plots: tuple[CurvePlot, ...]


def curve_charts(material: ReportMaterial) -> tuple[CurveChart, ...]:
    """A chart for each metric of which the run kept curves, in the catalog's order."""
    order = {row.id: place for place, row in enumerate(METRICS)}
    names = {
        one.metric_id: material.metric_names.get(one.metric_id, one.metric_id) for one in material.curves
    }
    drawn = sorted((one for one in names if names[one] in CURVES), key=lambda one: (order[names[one]], one))
    return tuple(_chart(material, metric, names[metric]) for metric in drawn)


def no_curves(material: ReportMaterial) -> str:
    """Why there is no chart, and what would make one."""
    families = {one.family for one in material.outcome.summaries}
    if not has_model(material.outcome):
        return "Not assessed: no model."
    if "faithfulness" not in families:
        catalog = {row.id: row.family for row in METRICS}
        if any(catalog.get(name) == "faithfulness" for name in material.metric_names.values()):
            return "No value of a metric of faithfulness, which this audit asked for: the section 'Left out' gives the reasons."
        return "Not assessed: this audit measured no metric of faithfulness."
    if not material.curves_kept:
        return (
            "Not kept: a run stores the curves behind its scores where the audit file says `run: {curves: true}`. The "
            "scores themselves stand above, among the explainers beside controls."
        )
    return "Nothing to draw: none of the metrics of faithfulness that were measured is read from a curve."


def axis_of(values: Iterable[float]) -> ChartAxis:
    """From 0, or below where a value is, to the next round number, with 4 to 8 steps.

    Example:
        >>> axis_of([0.31, 0.93]).ticks
        (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
        >>> axis_of([-1.2, 3.0]).ticks
        (-2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
    """
    known = [0.0, *values]
    low, high = min(known), max(known)
    if low == high:
        high = 1.0
    size = 10.0 ** math.floor(math.log10((high - low) / _FEWEST_STEPS))
    step = max(one * size for one in _STEP_SIZES if one * size * _FEWEST_STEPS <= (high - low) * (1 + 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return ChartAxis(tuple(round(step * place, 9) + 0.0 for place in range(first, last + 1)))


def _chart(material: ReportMaterial, metric_id: str, name: str) -> CurveChart:
    row, outcome = CURVES[name], material.outcome
    own = [one for one in material.curves if one.metric_id == metric_id]
    looks = _looks(outcome, {one.explainer_id for one in own})
    y = axis_of(
        end
        for one in own
        for mean in one.means
        for end in (
            mean.estimate,
            *(() if one.explainer_id in outcome.control_ids else (mean.low, mean.high)),
        )
        if end is not None
    )
    x = ChartAxis((0.0, 0.25, 0.5, 0.75, 1.0))
    plots = []
    for model in outcome.model_ids:
        curves = {one.explainer_id: one for one in own if one.model_id == model}
        pairs = [(look, curves[look.label]) for look in looks if look.label in curves]
        if pairs:
            plots.append(_plot(outcome, model, pairs, x, y))
    return CurveChart(
        metric_id,
        metric_words(metric_id),
        row.better,
        row.across,
        row.up_words(material.answers.get(metric_id, "")),
        x,
        y,
        tuple(looks),
        tuple(plots),
    )


def _looks(outcome: Outcome, there: set[str]) -> list[LineLook]:
    """Explainers, then controls, each in the audit's order; an explainer looks the same in every chart."""
    explainers = [name for name in outcome.explainer_ids if name not in outcome.control_ids]
    controls = [name for name in outcome.explainer_ids if name in outcome.control_ids]
    looks = [
        LineLook(
            name,
            is_control=False,
            colour=place % N_COLOURS,
            sign=(place + place // N_COLOURS) % N_SIGNS,
            dash=0,
        )
        for place, name in enumerate(explainers)
    ]
    looks += [
        LineLook(name, is_control=True, colour=0, sign=0, dash=place % N_DASHES)
        for place, name in enumerate(controls)
    ]
    return [look for look in looks if look.label in there]


def _plot(
    outcome: Outcome, model: str, pairs: Sequence[tuple[LineLook, MeanCurve]], x: ChartAxis, y: ChartAxis
) -> CurvePlot:
    n_cases = max(curve.n_cases for _, curve in pairs)
    n_patients = max(curve.n_patients for _, curve in pairs)
    about = count(n_cases, "image")
    if all(one.cluster == "patient" for one in outcome.summaries):
        about += f", {count(n_patients, 'patient')}"
    explainers = [look.label for look, _ in pairs if not look.is_control]
    lines = tuple(
        _line(look, curve, x, y, explainers.index(look.label) / len(explainers) if not look.is_control else 0)
        for look, curve in pairs
    )
    said = "; ".join(
        f"{'control ' if line.look.is_control else ''}{line.look.label} {line.end}" for line in lines
    )
    return CurvePlot(model, about, said, lines, _table(model, pairs))


def _line(look: LineLook, curve: MeanCurve, x: ChartAxis, y: ChartAxis, shift: float) -> ChartLine:
    points = [
        (x.at(share), round(100 - y.at(mean.estimate), 2))
        for share, mean in zip(curve.share, curve.means, strict=True)
    ]
    first, last = curve.means[0].estimate, curve.means[-1].estimate
    return ChartLine(
        look,
        _path(points),
        "" if look.is_control else _band(curve, x, y),
        () if look.is_control else _signs(points, shift),
        f"from {shown(first)} to {shown(last)}",
    )


def _signs(points: Sequence[tuple[float, float]], shift: float) -> tuple[tuple[float, float], ...]:
    """Places on a line at even distances, each line's own where lines lie on each other.

    Args:
        shift: how far they begin into the first distance, from 0 to 1.

    Example:
        >>> _signs([(0.0, 100.0), (60.0, 40.0)], 0.5)[:2]
        ((5.0, 95.0), (15.0, 85.0))
    """
    xs, ys = [x for x, _ in points], [y for _, y in points]
    places = [xs[0] + (xs[-1] - xs[0]) * (number + shift) / _SIGNS for number in range(_SIGNS)]
    return tuple(
        dict.fromkeys((round(place, 2), round(float(np.interp(place, xs, ys)), 2)) for place in places)
    )


def _band(curve: MeanCurve, x: ChartAxis, y: ChartAxis) -> str:
    upper, lower = [], []
    for share, mean in zip(curve.share, curve.means, strict=True):
        if mean.low is None or mean.high is None:
            return ""
        upper.append((x.at(share), round(100 - y.at(mean.high), 2)))
        lower.append((x.at(share), round(100 - y.at(mean.low), 2)))
    return _path([*upper, *reversed(lower)]) + "Z"


def _path(points: Sequence[tuple[float, float]]) -> str:
    """Straight lines through these points.

    Example:
        >>> _path([(0.0, 10.0), (50.0, 20.5)])
        'M0 10L50 20.5'
    """
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)


def _table(model: str, pairs: Sequence[tuple[LineLook, MeanCurve]]) -> Grid:
    shares = sorted({share for _, curve in pairs for share in curve.share})
    values: list[dict[float, Interval]] = [
        dict(zip(curve.share, curve.means, strict=True)) for _, curve in pairs
    ]
    rows = [
        Row(
            (
                Cell(shown_share(share)),
                *(
                    Cell(interval(own[share]) if share in own else "-", "dim" if look.is_control else "plain")
                    for (look, _), own in zip(pairs, values, strict=True)
                ),
            )
        )
        for share in shares
    ]
    columns = [Column("share"), *(Column(look.label, numeric=True) for look, _ in pairs)]
    return grid(columns, rows, title=model)


def shown_share(share: float) -> str:
    """A share of the image with as many digits as its steps need.

    Example:
        >>> shown_share(0.5), shown_share(0.03125), shown_share(1.0)
        ('50 %', '3.1 %', '100 %')
    """
    return f"{round(100 * share, 1):g} %"
