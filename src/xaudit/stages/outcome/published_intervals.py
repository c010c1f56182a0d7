"""The intervals of metrics that follow a published protocol, by that protocol instead of over patients."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from xaudit.catalog import CHEXLOCALIZE
from xaudit.records import ALL_CASES, Score, ScoreResult, Summary
from xaudit.seeds import generator_for
from xaudit.statistics.image_bootstrap import image_bootstrap

_About = tuple[str, str, str, str]


def with_published_intervals(
    summaries: Sequence[Summary],
    scores: Sequence[ScoreResult],
    *,
    metric_names: Mapping[str, str],
    seed: int,
) -> tuple[Summary, ...]:
    """The same summaries, those of CheXlocalize's metrics over all cases with CheXlocalize's interval.

    All of them share their draws of cases. The difference to the best control stays one over patients.

    Args:
        metric_names: catalog name of each metric id, where an audit gives a metric its own id.
    """

    def is_published(metric_id: str) -> bool:
        return metric_names.get(metric_id, metric_id).startswith(CHEXLOCALIZE)

    values: dict[_About, dict[str, float]] = defaultdict(dict)
    for result in scores:
        key = result.key
        if is_published(key.metric_id):
            value = result.value if isinstance(result, Score) else np.nan
            values[key.model_id, key.explainer_id, key.metric_id, key.reader][key.case_id] = value
    found: list[Summary] = []
    for one in summaries:
        by_case = values.get((one.model_id, one.explainer_id, one.metric_id, one.reader))
        if by_case is not None and one.stratum == ALL_CASES:
            in_order = np.array([by_case[case_id] for case_id in sorted(by_case)])
            generator = generator_for(seed, "chexlocalize")
            found.append(replace(one, interval=image_bootstrap(in_order, generator)))
        else:
            found.append(one)
    return tuple(found)
