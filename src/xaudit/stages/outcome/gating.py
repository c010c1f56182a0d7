"""A finished run judged again: by other gates, more strictly, or against an earlier run."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from xaudit.config import Gate, MaxDrop, SettingError
from xaudit.errors import RunFolderError, UsageError, did_you_mean
from xaudit.records import Outcome, Verdict
from xaudit.stages.outcome.baseline import load_baseline
from xaudit.stages.outcome.judging import reach_of, without_people
from xaudit.stages.outcome.limits import Limits
from xaudit.stages.outcome.stored_run import StoredRun
from xaudit.verdict import Strictness, data_gate_verdicts, judge, judge_drops

Limit = TypeVar("Limit", Gate, MaxDrop)


def regate(path: Path, limits: Limits) -> Outcome:
    """The outcome of a finished run, judged by these limits; by its own where there are none.

    Raises:
        UsageError: for a limit that means nothing or names what the run has not, and for a baseline that is not
            comparable.
        RunFolderError: where a run was not finished, or is damaged or newer than this program.
    """
    run = StoredRun(path)
    if limits == Limits():
        return run.outcome
    settings = run.statistics
    strictness = Strictness(limits.gate_on or settings.gate_on, limits.strict or settings.strict)
    gates = _parsed(limits.fail_under, "--fail-under", Gate.parse, run) or _own_gates(run, limits)
    own = (run.head["explained_by"], run.head["external"])
    people = set(run.head["controls"]) - set(run.head["levels_to_beat"])
    judged = judge(
        without_people(run.outcome.summaries, people),
        gates=[gate for gate in gates if not gate.is_of_data],
        models=run.outcome.model_ids,
        gate_on=strictness.gate_on,
        strict=strictness.strict,
        explainers=run.explainers,
        positive=run.outcome.positive,
        reach=reach_of(*own, gates, run.metric_names),
        evaluations=run.outcome.evaluations,
        own_regions=run.outcome.own_regions,
    )
    drops: tuple[Verdict, ...] = ()
    if limits.baseline is not None:
        largest = _parsed(limits.max_drop, "--max-drop", MaxDrop.parse, run)
        drops = judge_drops(
            load_baseline(limits.baseline, run, largest),
            limits=largest,
            models=run.outcome.model_ids,
            explainers=run.explainers,
            strictness=strictness,
            reach=reach_of(*own, largest, run.metric_names),
        )
    of_gates = [verdict for verdict in judged if verdict.kind == "gate"]
    # A limit changes no finding: what the run found stands as it was stored.
    findings = [verdict for verdict in run.outcome.verdicts if verdict.kind != "gate"]
    of_data = data_gate_verdicts(gates, run.outcome.data_checks, strictness)
    verdicts = (*of_gates, *of_data, *drops, *findings)
    return replace(run.outcome, verdicts=verdicts, gate_on=strictness.gate_on)


def _own_gates(run: StoredRun, limits: Limits) -> list[Gate]:
    if limits.fail_under:
        return []
    if run.head["gates"] is None:
        raise RunFolderError(
            f"{run.run_id}: was made before runs kept their gates",
            hint="name the limits with --fail-under, or run the audit again",
        )
    return [Gate.read(entry, metrics=run.metric_names) for entry in run.head["gates"]]


def _parsed(texts: Sequence[str], option: str, parse: Callable[..., Limit], run: StoredRun) -> list[Limit]:
    limits = []
    scored = {result.key.metric_id for result in run.scores} if texts else set()
    of_data = {name for check in run.outcome.data_checks for name in check.measured} if texts else set()
    measured = sorted(scored | {summary.metric_id for summary in run.outcome.summaries} | of_data)
    for text in texts:
        try:
            limit = parse(text, metrics=run.metric_names)
        except SettingError as error:
            raise UsageError(
                f"{option}: {error}",
                hint=error.hint or f"for example {option} iou@lime=0.3 pointing-game=0.5",
            ) from None
        if limit.subject is not None and limit.subject not in run.head["explainers"]:
            known = run.head["explainers"]
            raise UsageError(
                f"{option}: {run.run_id} has no explainer '{limit.subject}'",
                hint=did_you_mean(limit.subject, known, otherwise=f"it has {', '.join(known)}"),
            )
        if isinstance(limit, Gate) and limit.is_of_data and limit.metric not in of_data:
            raise UsageError(
                f"{option}: {run.run_id} did not measure '{limit.metric}', which is a value of the data",
                hint=f"`xaudit data audit` measures it; or add `{limit}` to `gates` of the audit file, and run it again",
            )
        if limit.metric not in measured:
            raise UsageError(
                f"{option}: {run.run_id} did not measure '{limit.metric}'",
                hint=did_you_mean(limit.metric, measured, otherwise=f"it has {', '.join(measured)}"),
            )
        limits.append(limit)
    return limits
