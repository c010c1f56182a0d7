"""Explainers, models and runs compared on the stored scores of finished runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xaudit.catalog import METRICS, MODEL_FAMILIES, PRIOR
from xaudit.compare import Axis, compare, pairs_of
from xaudit.config import STRATA, StatisticsSection, StratumSpec
from xaudit.errors import UsageError, did_you_mean
from xaudit.records import Annotation, Case, Comparison, Outcome, ScoreResult
from xaudit.stages.outcome.read_outcome import load, read_head
from xaudit.stages.outcome.stored_strata import stored_strata
from xaudit.statistics.strata import StratumCases, missing_property
from xaudit.store.parts import SCORES, part_keys, read_parts
from xaudit.store.run_folder import RunFolder
from xaudit.store.tables import read_annotations, read_attributes, read_cases, read_predictions


@dataclass(frozen=True)
class _StoredRun:
    """The parts of a finished run that a comparison needs."""

    folder: RunFolder
    outcome: Outcome
    head: Mapping[str, Any]
    scores: Sequence[ScoreResult]

    @property
    def id(self) -> str:
        return self.folder.run_id

    @property
    def explainer_ids(self) -> list[str]:
        """Those that are no controls."""
        return [one for one in self.outcome.explainer_ids if one not in self.outcome.control_ids]

    @property
    def comparable_ids(self) -> list[str]:
        """Explainers and controls, and the prior if explainers were judged beside it."""
        return [*self.outcome.explainer_ids, *([PRIOR] if self.outcome.explainers_judged else [])]

    @property
    def statistics(self) -> StatisticsSection:
        return StatisticsSection.model_validate(self.head["statistics"])


def compare_runs(
    runs: Sequence[Path],
    *,
    explainers: Sequence[str],
    models: Sequence[str],
    metrics: Sequence[str],
    by: str | None,
    seed: int,
) -> tuple[Comparison, ...]:
    """See :func:`xaudit.stages.load_comparisons`.

    Raises:
        UsageError: for a name that a run does not have, fewer than two to compare, an unknown stratum, or runs
            of different data or different metrics.
    """
    stored = [_stored(path) for path in runs]
    if by is not None:
        _check_by(by, (*STRATA, *read_attributes(stored[0].folder)))
    twice = [run.id for index, run in enumerate(stored) if run.id in [s.id for s in stored[:index]]]
    if twice:
        raise UsageError(f"{twice[0]}: named twice", hint="a run differs from itself in nothing")
    axis: Axis = "run" if len(stored) > 1 else "model" if len(models) > 1 else "explainer"
    for run in stored:
        _check_names(run, run.comparable_ids, explainers, "explainer")
        _check_names(run, run.outcome.model_ids, models, "model")
        _check_names(run, {result.key.metric_id for result in run.scores}, metrics, "metric")
    first, *others = stored
    for other in others:
        _check_same_data(first, other)
    chosen = list(explainers) or _in_all([run.explainer_ids for run in stored])
    chosen_models = list(models) or _in_all([run.outcome.model_ids for run in stored])
    if axis == "explainer" and len(chosen) < 2:
        raise UsageError(
            "a comparison takes at least two explainers",
            hint=f"{first.id} has {', '.join(first.explainer_ids)}",
        )
    if not chosen or not chosen_models:
        what = "explainer" if not chosen else "model"
        raise UsageError(
            f"{first.id} and {others[0].id} have no {what} in common",
            hint="runs are compared for explainers and models of the same name",
        )
    has = {result.key.metric_id for run in stored for result in run.scores}
    headline = [
        row.id for row in METRICS if row.headline and row.family not in MODEL_FAMILIES and row.id in has
    ]
    wanted = list(metrics) or headline
    _check_same_metrics(stored, wanted)
    return compare(
        {run.id: run.scores for run in stored},
        pairs_of(axis, runs=[run.id for run in stored], models=chosen_models, explainers=chosen),
        metrics=wanted,
        settings=first.statistics,
        seed=seed,
        metric_names=first.head["metric_names"],
        strata=None if by is None else _strata(first, by),
    )


def _check_by(name: str, known: Sequence[str]) -> None:
    """Raise UsageError if no stratum has this name."""
    if name not in known:
        raise UsageError(
            f"--by: no stratum is called '{name}'",
            hint=did_you_mean(name, known, otherwise=f"there are {', '.join(known)}"),
        )


def _in_all(names: Sequence[Sequence[str]]) -> list[str]:
    return [name for name in names[0] if all(name in others for others in names[1:])]


def _strata(run: _StoredRun, name: str) -> Mapping[str, StratumCases]:
    """By model, the parts of the run's scored cases; UsageError where the data does not tell them apart."""
    cases = read_cases(run.folder)
    attributes = read_attributes(run.folder)
    if missing_property(cases, [StratumSpec(name=name)], attributes) is not None:
        raise UsageError(
            f"--by {name}: {run.id} knows the {name} of no case",
            hint=f"give the table a column '{name}' and run the audit again",
        )
    return stored_strata(
        [name],
        cases=cases,
        annotations=read_annotations(run.folder),
        predictions=read_predictions(run.folder),
        attributes=attributes,
        scores=run.scores,
        settings=run.statistics,
    )


def _stored(path: Path) -> _StoredRun:
    folder = RunFolder.open_run(path)
    outcome = load(folder)
    return _StoredRun(
        folder, outcome, read_head(folder), read_parts(folder, SCORES, part_keys(folder, SCORES)).rows
    )


def _check_names(run: _StoredRun, known: Sequence[str] | set[str], names: Sequence[str], kind: str) -> None:
    for name in names:
        if name not in known:
            otherwise = (
                "`xaudit list metrics` shows what can be measured"
                if kind == "metric"
                else f"it has {', '.join(known)}"
            )
            raise UsageError(
                f"{run.id} has no {kind} '{name}'", hint=did_you_mean(name, known, otherwise=otherwise)
            )


def _check_same_data(first: _StoredRun, other: _StoredRun) -> None:
    """Cases are paired by id, so those that both runs have must be the same images with the same marks."""
    scored = [{result.key.case_id for result in run.scores} for run in (first, other)]
    common = scored[0] & scored[1]
    if not common:
        raise UsageError(
            f"{first.id} and {other.id} have no scored case in common",
            hint="runs are compared on the same cases: audit the same data, with the same `run.limit`",
        )
    images = [_images(run, common) for run in (first, other)]
    marks = [_marks(run, common) for run in (first, other)]
    for case_id in sorted(common):
        for what, by_case in (("image", images), ("marks", marks)):
            if by_case[0].get(case_id) != by_case[1].get(case_id):
                raise UsageError(
                    f"{case_id}: {first.id} and {other.id} were made of different data (its {what})",
                    hint="a paired difference needs the same images with the same marks in both runs",
                )


def _images(run: _StoredRun, cases: set[str]) -> dict[str, tuple[str, str, str | None]]:
    found: Sequence[Case] = read_cases(run.folder)
    return {c.case_id: (c.sha256, c.label, c.patient_id) for c in found if c.case_id in cases}


def _marks(run: _StoredRun, cases: set[str]) -> dict[str, set[Annotation]]:
    marks: dict[str, set[Annotation]] = {}
    for mark in read_annotations(run.folder):
        if mark.case_id in cases:
            marks.setdefault(mark.case_id, set()).add(mark)
    return marks


def _check_same_metrics(runs: Sequence[_StoredRun], metrics: Sequence[str]) -> None:
    for metric in metrics:
        hashes = {r.key.metric_hash for run in runs for r in run.scores if r.key.metric_id == metric}
        if len(hashes) > 1:
            raise UsageError(
                f"{runs[0].id} and {runs[1].id} measured '{metric}' with different settings",
                hint="name the metrics that they share with --metric, or audit one of them again",
            )
