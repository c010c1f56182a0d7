"""Two finished runs held against each other."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from xaudit.catalog import METRICS, region_family
from xaudit.changes.cases import case_changes, common_cases
from xaudit.changes.flips import flips
from xaudit.changes.moves import moves
from xaudit.changes.verdicts import verdict_changes
from xaudit.errors import UsageError, did_you_mean
from xaudit.records import RunDiff
from xaudit.stages.outcome.baseline import changed_explainers, check_schema
from xaudit.stages.outcome.stored_run import StoredRun


def diff_runs(
    base_path: Path, head_path: Path, *, explainers: Sequence[str], metrics: Sequence[str]
) -> RunDiff:
    """See :func:`xaudit.stages.load_diff`.

    Raises:
        UsageError: where the runs share no case, are stored under different major schema versions, or neither has
            an explainer or a metric that was named.
        RunFolderError: where a run was not finished, or is damaged or newer than this program.
    """
    base, head = StoredRun(base_path), StoredRun(head_path)
    check_schema(base, head)
    cases = common_cases(base.cases, head.cases)
    if not cases:
        raise UsageError(
            f"{base.run_id} and {head.run_id} share no case: nothing can be compared",
            hint="audit both models on the same images, under the same ids",
        )
    _check_names("explainer", explainers, [*base.head["explainers"], *head.head["explainers"]])
    measured = {result.key.metric_id for run in (base, head) for result in run.scores}
    _check_names("metric", metrics, sorted(measured))
    seed = head.head["seed"]
    shown = set(metrics) or _headline(head.metric_names)
    before, after = (
        [
            result
            for result in run.scores
            if result.key.metric_id in shown and (not explainers or result.key.explainer_id in explainers)
        ]
        for run in (base, head)
    )
    return RunDiff(
        base_id=base.run_id,
        head_id=head.run_id,
        cases=case_changes(base.cases, head.cases, base_marks=base.annotations, head_marks=head.annotations),
        flips=flips(base.predictions, head.predictions, cases=cases, settings=head.statistics, seed=seed),
        moves=moves(
            before, after, cases=cases, settings=head.statistics, seed=seed, metric_names=head.metric_names
        ),
        verdicts=verdict_changes(base.outcome.verdicts, head.outcome.verdicts),
        notes=tuple(_notes(base, head)),
    )


def _headline(metric_names: Mapping[str, str]) -> set[str]:
    """Return the ids of the catalog's headline metrics, and of those that the audit names; of its regions, reliance alone."""
    rows = METRICS.by_id
    own = {name for name in metric_names if region_family(name) is None or rows[metric_names[name]].headline}
    return {row.id for row in METRICS if row.headline} | own


def _check_names(kind: str, names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            there = list(dict.fromkeys(known))
            hint = did_you_mean(name, there, otherwise=f"they have {', '.join(there)}")
            raise UsageError(f"--{kind}: neither run has the {kind} '{name}'", hint=hint)


def _notes(base: StoredRun, head: StoredRun) -> list[str]:
    """List the differences between the runs beside models and cases."""
    notes = [
        f"{name} has other settings than in the base run: what its maps did need not be the model's doing"
        for name in sorted(changed_explainers(base.scores, head.scores))
    ]
    if base.head.get("reliance") != head.head.get("reliance"):
        notes.append("reliance was measured with other settings: its moves need not be the model's doing")
    for kind, ours, theirs in (
        ("model", base.head["models"], head.head["models"]),
        ("explainer", base.head["explainers"], head.head["explainers"]),
    ):
        for where, names in (("base", set(ours) - set(theirs)), ("head", set(theirs) - set(ours))):
            notes += [f"{kind} {name} is in the {where} run only" for name in sorted(names)]
    return notes
