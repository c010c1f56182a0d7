"""The number of annotated patients that the gates of an audit need."""

import math
from collections.abc import Sequence

from xaudit.config import Gate
from xaudit.records import MODEL_LEVEL, Interval, Plan, Summary
from xaudit.statistics.bootstrap import MIN_CLUSTERS


def patients_needed(reached: float, n_patients: int, wanted: float) -> int:
    """Return the number of patients for intervals of half-width ``wanted``, given the one that ``n_patients`` reached.

    Width falls with the root of the number of patients, if new ones are like those seen, with as many slices
    each. It is an estimate: the spread itself is only known from these patients. Never fewer than are needed for
    an interval at all.

    Example:
        Half the width takes four times the patients.

        >>> patients_needed(0.10, 20, 0.05)
        80
    """
    return max(MIN_CLUSTERS, math.ceil(n_patients * (reached / wanted) ** 2 - 1e-9))


def half_width(interval: Interval) -> float | None:
    """Return half the distance between the limits, None if there are none.

    Example:
        >>> half_width(Interval(0.4, 0.25, 0.5, "bca"))
        0.125
    """
    return None if interval.low is None or interval.high is None else (interval.high - interval.low) / 2


def plan(
    gates: Sequence[Gate], summaries: Sequence[Summary], *, explainers: Sequence[str], wanted: float
) -> tuple[Plan, ...]:
    """Return the half-width reached and the patients needed, for each gate, model, explainer and reader it concerns.

    Args:
        explainers: those that are no controls; a gate that names none concerns all of them.
        wanted: half-width.
    """
    plans: list[Plan] = []
    for gate in gates:
        subjects = [gate.subject] if gate.subject else [*explainers, MODEL_LEVEL]
        for summary in summaries:
            if (
                summary.stratum != gate.stratum
                or summary.metric_id != gate.metric
                or summary.explainer_id not in subjects
            ):
                continue
            reached = half_width(summary.interval)
            needed = None if not reached else patients_needed(reached, summary.n_patients, wanted)
            plans.append(
                Plan(
                    rule=str(gate),
                    model_id=summary.model_id,
                    explainer_id=summary.explainer_id,
                    reader=summary.reader,
                    half_width=reached,
                    wanted=wanted,
                    n_patients=summary.n_patients,
                    n_needed=needed,
                )
            )
    return tuple(plans)
