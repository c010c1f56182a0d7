"""Largest allowed drops: a run held against an earlier one, on the cases that both hold.

A drop is how far a metric has moved the wrong way. It is held against the unfavourable end of its interval, which is
the upper one: a drop counts as small only where chance does not hide a larger one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from xaudit.config import MaxDrop
from xaudit.records import MODEL_LEVEL, Interval, Move, Status, Verdict
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.digits import counted, shown, shown_interval
from xaudit.verdict.gates import Strictness, asked_subjects
from xaudit.verdict.naming import in_words, named, several_readers, subject_of


@dataclass(frozen=True, slots=True)
class Baseline:
    """An earlier run, as far as drops are held against it.

    Attributes:
        run_id: of the earlier run.
        moves: from the earlier run to the one that is judged.
        changed_explainers: ids of those that had other settings then, which a reader must know.
    """

    run_id: str
    moves: tuple[Move, ...]
    changed_explainers: tuple[str, ...] = ()


def drop_verdicts(
    baseline: Baseline, limit: MaxDrop, model_id: str, *, asked: Sequence[str], strictness: Strictness
) -> list[Verdict]:
    """What one largest drop concludes about one model: XA104, or XA102 where no case has a value in both runs.

    Args:
        asked: ids of the explainers that are no controls; a limit that names none asks each.
    """
    of_metric = [m for m in baseline.moves if m.model_id == model_id and m.metric_id == limit.metric]
    several = several_readers(of_metric)
    verdicts: list[Verdict] = []
    for explainer_id in asked_subjects(limit, asked):
        found = [move for move in of_metric if move.explainer_id == explainer_id]
        verdicts += [_held(move, limit, baseline, strictness, several=several) for move in found]
        if not found:
            verdicts.append(_without_data(limit, baseline, model_id, explainer_id))
    return verdicts


def _held(
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
            sentence += f"; an interval needs at least {MIN_CLUSTERS}, and the gate asks for its {end}"
        else:
            kept = value <= limit.value
            code, status = "XA104", "pass" if kept else "fail"
            relation = "stays within" if kept else "is above"
            figure = shown(value, beside=limit.value)
            sentence += f"; the drop's {end} {figure} {relation} {shown(limit.value, beside=limit.value)}"
            if not kept and drop.estimate <= limit.value:
                sentence += ", though its mean is not"
    return Verdict(
        code=code,
        status=status,
        model_id=move.model_id,
        subject=subject_of(move, several),
        rule=str(limit),
        sentence=sentence,
        value=value,
        threshold=limit.value,
        n_patients=move.n_patients,
        kind="gate",
    )


def _drop(move: Move) -> Interval | None:
    """How far the metric moved the wrong way; below zero where it gained."""
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


def _without_data(limit: MaxDrop, baseline: Baseline, model_id: str, explainer_id: str) -> Verdict:
    return Verdict(
        code="XA102",
        status="error",
        model_id=model_id,
        subject=model_id if explainer_id == MODEL_LEVEL else f"{model_id}/{explainer_id}",
        rule=str(limit),
        sentence=(
            f"{limit.metric} of {in_words(model_id, explainer_id)}: "
            f"no case has a value both here and in {baseline.run_id}"
        ),
        threshold=limit.value,
        kind="gate",
    )
