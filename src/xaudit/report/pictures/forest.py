"""Forest plots: every explainer with its interval, beside the controls, the readers and what its grid could reach."""

from collections.abc import Sequence
from dataclasses import dataclass

from xaudit.catalog import CEILING, EXPLAINERS, METRICS
from xaudit.records import NO_READER, Interval, Outcome, Summary
from xaudit.report.lookup import SummaryLookup
from xaudit.report.pictures.axis import Axis, axis_for
from xaudit.report.sections.map_lines import map_lines, shown_summary
from xaudit.report.wording import count, interval, metric_words

_PEOPLE = frozenset(row.id for row in EXPLAINERS if row.made_of == "marks")


@dataclass(frozen=True, slots=True)
class ForestRow:
    """An explainer or control.

    Attributes:
        found: None where it has no value.
        better: whether it is better than the best control, paired by case.
        ceiling: what the mark itself would score on this explainer's native grid; None where that was not asked.
    """

    label: str
    is_control: bool
    found: Interval | None
    better: bool
    ceiling: float | None

    @property
    def text(self) -> str:
        """The value in numbers."""
        return "no value" if self.found is None else interval(self.found, mark="*" if self.better else "")


@dataclass(frozen=True, slots=True)
class ForestPlot:
    """A metric of one model, scored against one reader policy.

    Attributes:
        human: what readers reach against the others' consensus; None with fewer than two.
    """

    model_id: str
    about: str
    rows: tuple[ForestRow, ...]
    human: Interval | None
    axis: Axis


@dataclass(frozen=True, slots=True)
class Forest:
    """A metric of all models on one axis.

    Attributes:
        direction: ``higher is better``, ``lower is better``, or nothing.
    """

    metric_id: str
    title: str
    direction: str
    plots: tuple[ForestPlot, ...]


def forests(outcome: Outcome) -> tuple[Forest, ...]:
    """A forest for each headline metric of maps, in the catalog's order."""
    lookup = SummaryLookup(outcome)
    found = [
        _forest(outcome, lookup, metric)
        for metric in lookup.headline_metrics(("localization", "faithfulness"))
    ]
    return tuple(one for one in found if one.plots)


def _forest(outcome: Outcome, lookup: SummaryLookup, metric_id: str) -> Forest:
    humans = {(one.model_id, one.reader): one.human for one in outcome.ceilings if one.metric_id == metric_id}
    drawn: list[tuple[str, str, tuple[ForestRow, ...], Interval | None]] = []
    for model in outcome.model_ids:
        for reader in lookup.readers(model):
            rows, n_cases, n_patients = _rows(outcome, lookup, (model, metric_id, reader))
            if (model, reader) in humans:
                # The band behind all rows already shows what people reach.
                rows = tuple(row for row in rows if row.label not in _PEOPLE)
            if not any(row.found for row in rows):
                continue
            about = count(n_cases, "image") + f", {count(n_patients, 'patient')}" * (
                all(one.cluster == "patient" for one in outcome.summaries)
            )
            if reader not in (NO_READER, "union"):
                about += f", marks: {reader}"
            drawn.append((model, about, rows, humans.get((model, reader))))
    axis = axis_for(
        one for _, _, rows, human in drawn for one in (*(row.found for row in rows), human) if one is not None
    )
    higher = {row.id: row.higher_is_better for row in METRICS}.get(metric_id)
    direction = {True: "higher is better", False: "lower is better", None: ""}[higher]
    plots = tuple(ForestPlot(model, about, rows, human, axis) for model, about, rows, human in drawn)
    return Forest(metric_id, metric_words(metric_id), direction, plots)


def _rows(
    outcome: Outcome, lookup: SummaryLookup, about: tuple[str, str, str]
) -> tuple[tuple[ForestRow, ...], int, int]:
    model, metric_id, reader = about
    rows = []
    summaries: list[Summary] = []
    for line in map_lines(outcome, model):
        found = shown_summary(lookup.find(model, name, metric_id, reader) for name in line.ids)
        if found is not None and found.n_cases == 0:
            found = None
        if found is None and line.is_control:
            continue
        summaries += [] if found is None else [found]
        ceiling = lookup.find(model, line.ids[0], metric_id + CEILING, reader)
        rows.append(
            ForestRow(
                line.label,
                line.is_control,
                None if found is None else found.interval,
                found is not None and _is_better(found),
                None if ceiling is None or line.is_control else ceiling.interval.estimate,
            )
        )
    return (
        tuple(rows),
        max((one.n_cases for one in summaries), default=0),
        max((one.n_patients for one in summaries), default=0),
    )


def _is_better(summary: Summary) -> bool:
    difference = summary.control_difference
    if difference is None or difference.low is None or difference.high is None:
        return False
    higher = {row.id: row.higher_is_better for row in METRICS}.get(summary.metric_id)
    return difference.high < 0 if higher is False else difference.low > 0


def has_ceilings(plots: Sequence[Forest]) -> bool:
    """Return True if any row has the score that its grid could reach at best."""
    return any(row.ceiling is not None for one in plots for plot in one.plots for row in plot.rows)
