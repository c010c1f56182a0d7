"""Largest allowed drops: a run compared with an earlier one, on the cases in both.

A drop is the change of a metric for the worse. Its upper end, the unfavourable one, is compared with the limit: a drop
counts as small only if chance does not hide a larger one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xaudit.config import MaxDrop
from xaudit.records import Interval, Move, Status, Verdict
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.digits import counted, shown, shown_interval
from xaudit.verdict.limits import Result, Strictness, subjects_of, verdict_on, without_data
from xaudit.verdict.naming import named, several_readers


@dataclass(frozen=True, slots=True)
class Baseline:
    """The earlier run that drops are measured from.

    Attributes:
        run_id: its id.
        moves: changes from the earlier run to the one that is judged.
        changed_explainers: ids of explainers that had other settings then, which a reader must know.
        strata: strata that have a case, by model, for the properties that limits name.
    """

    run_id: str
    moves: tuple[Move, ...]
    changed_explainers: tuple[str, ...] = ()
    strata: Mapping[str, Sequence[str]] = field(default_factory=dict)


def drop_verdicts(
    baseline: Baseline, limit: MaxDrop, model_id: str, *, explainers: Sequence[str], strictness: Strictness
) -> list[Verdict]:
    """Return the verdicts of one largest drop on one model: XA104, or XA102 if no case has a value in both runs.

    Args:
        explainers: ids of those that are no controls; a limit that names none applies to each.
    """
    of_metric = [
        move
        for move in baseline.moves
        if move.model_id == model_id and move.metric_id == limit.metric and move.stratum == limit.stratum
    ]
    several = several_readers(of_metric)
    verdicts: list[Verdict] = []
    for explainer_id in subjects_of(limit, explainers):
        moves = [move for move in of_metric if move.explainer_id == explainer_id]
        verdicts += [_verdict(move, limit, baseline, strictness, several=several) for move in moves]
        if not moves:
            reason = f"no case has a value both here and in {baseline.run_id}"
            others = baseline.strata.get(model_id, ())
            verdicts.append(without_data(limit, model_id, explainer_id, reason, others=others))
    return verdicts


def _verdict(
    move: Move, limit: MaxDrop, baseline: Baseline, strictness: Strictness, *, several: bool
) -> Verdict:
    about = f"{limit.metric} of {named(move, several)}"
    drop = _drop(move)
    value = None if drop is None else (drop.estimate if strictness.gate_on == "mean" else drop.high)
    code: str = "XA102"
    status: Status = "error"
    if drop is None or move.means is None:
        sentence = f"{about}: no case has a value both here and in {baseline.run_id}"
    else:
        before, after = (shown(mean) for mean in move.means)
        moved = "worse by" if move.higher_is_better is not None else "less by"
        sentence = (
            f"{about}: {before} in {baseline.run_id}, {after} here, {moved} "
            f"{shown_interval(drop, beside=limit.value)} on the same {counted(move.n_patients, move.cluster)}"
        )
        if move.n_unpaired:
            sentence += f" ({counted(move.n_unpaired, 'case')} in one run only)"
        if move.explainer_id in baseline.changed_explainers:
            sentence += f" ({move.explainer_id} had other settings there)"
        end = "mean" if strictness.gate_on == "mean" else "upper end"
        if value is None:
            sentence += f"; an interval needs at least {MIN_CLUSTERS}, and the gate uses its {end}"
        else:
            kept = value <= limit.value
            code, status = "XA104", "pass" if kept else "fail"
            relation = "stays within" if kept else "is above"
            figure = shown(value, beside=limit.value)
            sentence += f"; the drop's {end} {figure} {relation} {shown(limit.value, beside=limit.value)}"
            if not kept and drop.estimate <= limit.value:
                sentence += ", though its mean is not"
    return verdict_on(move, limit, Result(code, status, sentence, value), several=several)


def _drop(move: Move) -> Interval | None:
    """Return the change of the metric for the worse; negative if it gained."""
    difference = move.difference
    if difference is None or move.higher_is_better is False:
        return difference
    return Interval(
        0.0 - difference.estimate,
        None if difference.high is None else 0.0 - difference.high,
        None if difference.low is None else 0.0 - difference.low,
        difference.method,
        difference.n_replicates_dropped,
    )
