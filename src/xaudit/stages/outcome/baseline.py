"""An earlier run as a baseline: accepted only where a drop against it can be blamed on the model or its maps."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from xaudit.catalog import BESIDE_RELIANCE, region_family
from xaudit.changes.cases import case_changes
from xaudit.changes.moves import moves
from xaudit.config import STRATA, MaxDrop
from xaudit.errors import UsageError, did_you_mean
from xaudit.records import ALL_CASES, CaseChanges, Move, ScoreResult
from xaudit.stages.outcome.stored_run import StoredRun
from xaudit.stages.outcome.stored_strata import stored_strata
from xaudit.statistics.digits import counted
from xaudit.statistics.strata import StratumCases
from xaudit.verdict import Baseline

_ANEW = "make the baseline again with the same data and settings; `xaudit diff` compares what both runs share"


def load_baseline(path: Path, run: StoredRun, limits: Sequence[MaxDrop]) -> Baseline:
    """The earlier run in ``path``, with what every metric did from it to this one.

    Raises:
        UsageError: where a limit names a stratum that is none, or it is the run itself, was stored under another major schema version, was made on other
            test images, labels or marks, or measured one of the limits' metrics with other settings.
        RunFolderError: where it was not finished, or is damaged or newer than this program.
    """
    base = StoredRun(path)
    if base.folder.path.resolve() == run.folder.path.resolve():
        raise UsageError(
            f"--baseline: {base.run_id} is the run that is judged itself", hint="name an earlier run"
        )
    check_schema(base, run)
    _check_data(base, run)
    _check_settings(base, run, [limit.metric for limit in limits])
    strata = _strata(run, limits)
    gated = {limit.metric for limit in limits}
    before, after = ([r for r in one.scores if r.key.metric_id in gated] for one in (base, run))

    def moved(cases: Collection[str], model_id: str | None = None) -> tuple[Move, ...]:
        mine = ([r for r in rows if model_id in (None, r.key.model_id)] for rows in (before, after))
        return moves(
            *mine,
            cases=cases,
            settings=run.statistics,
            seed=run.head["seed"],
            metric_names=run.metric_names,
        )

    found = list(moved({case.case_id for case in run.cases}))
    for stratum in dict.fromkeys(limit.stratum for limit in limits if limit.stratum != ALL_CASES):
        for model_id, parts in strata.items():
            found += [replace(one, stratum=stratum) for one in moved(parts.get(stratum, ()), model_id)]
    changed = tuple(sorted(changed_explainers(base.scores, run.scores)))
    return Baseline(
        base.run_id, tuple(found), changed, {model: tuple(parts) for model, parts in strata.items()}
    )


def _strata(run: StoredRun, limits: Sequence[MaxDrop]) -> dict[str, StratumCases]:
    """By model, the parts of the judged run's cases by each property that a limit names."""
    names = [limit.stratum.partition("=")[0] for limit in limits if limit.stratum != ALL_CASES]
    for name in names:
        known = (*STRATA, *run.attributes)
        if name not in known:
            raise UsageError(
                f"--max-drop: no stratum is called '{name}'",
                hint=did_you_mean(name, known, otherwise=f"there are {', '.join(known)}"),
            )
    if not names:
        return {}
    return stored_strata(
        names,
        cases=run.cases,
        annotations=run.annotations,
        predictions=run.predictions,
        attributes=run.attributes,
        scores=run.scores,
        settings=run.statistics,
    )


def check_schema(base: StoredRun, head: StoredRun) -> None:
    """Raises UsageError where the two runs were stored under different major schema versions."""
    if base.schema_version.partition(".")[0] != head.schema_version.partition(".")[0]:
        raise UsageError(
            f"{base.run_id} has schema version {base.schema_version}, {head.run_id} has {head.schema_version}: "
            "their tables do not mean the same",
            hint="make the older run again with this version of xaudit",
        )


def changed_explainers(base: Iterable[ScoreResult], head: Iterable[ScoreResult]) -> set[str]:
    """Ids of the explainers that both runs have, with other settings."""
    before, after = ({r.key.explainer_id: r.key.explainer_hash for r in results} for results in (base, head))
    return {name for name in before.keys() & after.keys() if before[name] != after[name]}


def changed_metrics(base: Iterable[ScoreResult], head: Iterable[ScoreResult]) -> set[str]:
    """Ids of the metrics that both runs have, with other settings."""
    before, after = ({r.key.metric_id: r.key.metric_hash for r in results} for results in (base, head))
    return {name for name in before.keys() & after.keys() if before[name] != after[name]}


def _check_data(base: StoredRun, run: StoredRun) -> None:
    before, after = ([case for case in one.cases if case.split == "test"] for one in (base, run))
    changes = case_changes(before, after, base_marks=base.annotations, head_marks=run.annotations)
    differences = _differences(changes)
    if differences:
        raise UsageError(
            f"--baseline: {base.run_id} was made on another data set: {'; '.join(differences)}", hint=_ANEW
        )


def _differences(changes: CaseChanges) -> list[str]:
    kinds = (
        (changes.removed, "only in the baseline"),
        (changes.added, "only in this run"),
        (changes.replaced, "with another image"),
        (changes.relabelled, "with another label"),
        (changes.remarked, "with other marks"),
    )
    return [f"{counted(len(ids), 'test case')} {what} ({ids[0]})" for ids, what in kinds if ids]


def _check_settings(base: StoredRun, run: StoredRun, metrics: Sequence[str]) -> None:
    changed = changed_metrics(base.scores, run.scores)
    same_reliance = base.head.get("reliance") == run.head.get("reliance")
    readers = {one.run_id: _readers(one.scores) for one in (base, run)}
    for metric in metrics:
        if metric in changed:
            raise UsageError(f"--baseline: {base.run_id} measured {metric} with other settings", hint=_ANEW)
        if not same_reliance and (region_family(metric) == "reliance" or metric in BESIDE_RELIANCE):
            raise UsageError(
                f"--baseline: {base.run_id} measured {metric} with other settings of `reliance`", hint=_ANEW
            )
        theirs, ours = readers[base.run_id][metric], readers[run.run_id][metric]
        if theirs and ours and theirs != ours:
            raise UsageError(
                f"--baseline: {base.run_id} held {metric} against other marks: "
                f"readers {', '.join(sorted(theirs))} there, {', '.join(sorted(ours))} here",
                hint=_ANEW,
            )


def _readers(scores: Iterable[ScoreResult]) -> defaultdict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for result in scores:
        found[result.key.metric_id].add(result.key.reader)
    return found
