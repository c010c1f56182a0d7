"""Scores sorted for statistics: the values of each contestant by case, side by side if they can be compared."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

import numpy as np

from xaudit.catalog import METRICS, MetricRow
from xaudit.records import FloatArray, Score, ScoreResult, Unscored

_ROWS = METRICS.by_id
_PLACES = METRICS.places


@dataclass(slots=True)
class Group:
    """The values of one explainer, by case.

    Attributes:
        values: by case id; cases without a value are absent.
        unscored: ids of the cases without a value.
    """

    family: str
    values: dict[str, float] = field(default_factory=dict)
    unscored: set[str] = field(default_factory=set)

    def at(self, cases: Sequence[str]) -> FloatArray:
        """Return the values of these cases, in their order."""
        return np.array([self.values[case] for case in cases], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Panel:
    """Every explainer's group for one model, metric and reader.

    Attributes:
        row: the metric in the catalog, None for a plug-in's metric that is not in it.
    """

    model_id: str
    metric_id: str
    reader: str
    row: MetricRow | None
    groups: Mapping[str, Group]

    @property
    def is_share(self) -> bool:
        """True if every value of the metric lies between 0 and 1."""
        return self.row is not None and self.row.is_share


def panels_of(
    scores: Iterable[ScoreResult], metric_names: Mapping[str, str]
) -> tuple[list[Panel], dict[str, str]]:
    """Return the scores by panel, sorted by model, metric (as in the catalog) and reader, and each case's cluster.

    Args:
        metric_names: catalog name of each metric id, if an audit gives a metric its own id.

    Raises:
        ValueError: if a case occurs twice in a group or a value is not finite.
    """
    by_panel: dict[tuple[str, str, str], dict[str, Group]] = defaultdict(dict)
    clusters: dict[str, str] = {}
    for result in scores:
        key = result.key
        clusters[key.case_id] = key.patient_id or key.case_id
        groups = by_panel[key.model_id, key.metric_id, key.reader]
        group = groups.setdefault(key.explainer_id, Group(key.family))
        match result:
            case Score():
                where = f"{key.model_id}, {key.explainer_id}, {key.metric_id}, {key.case_id}"
                if key.case_id in group.values:
                    raise ValueError(f"{where}: scored twice")
                if not np.isfinite(result.value):
                    raise ValueError(f"{where}: the value is {result.value}; a missing one is Unscored")
                group.values[key.case_id] = result.value
            case Unscored():
                group.unscored.add(key.case_id)
            case _:
                assert_never(result)

    panels = [
        Panel(model_id, metric_id, reader, _ROWS.get(metric_names.get(metric_id, metric_id)), groups)
        for (model_id, metric_id, reader), groups in by_panel.items()
    ]
    return sorted(panels, key=_in_order), clusters


def _in_order(panel: Panel) -> tuple[str, int, str, str]:
    rank = len(_PLACES) if panel.row is None else _PLACES[panel.row.id]
    return panel.model_id, rank, panel.metric_id, panel.reader
