"""From stored scores to what a person reads: summaries, verdicts, notes, and the outcome that every report shows."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from xaudit.config import AuditFile
from xaudit.errors import IncompleteRunError, NothingScoredError, RunFolderError
from xaudit.records import (
    Outcome,
    Problem,
    Score,
    ScoreResult,
    Summary,
    Unscored,
    UnscoredGroup,
    Verdict,
    Work,
)
from xaudit.store.json_records import read_evaluations, read_verdicts, write_verdicts
from xaudit.store.run_folder import RunFolder
from xaudit.store.tables import read_problems, read_summaries, write_problems, write_summaries
from xaudit.summarise import summarise
from xaudit.verdict import judge

OUTCOME = "outcome.json"


def conclude(
    run: RunFolder,
    audit: AuditFile,
    *,
    scores: Sequence[ScoreResult],
    problems: Sequence[Problem],
    head: Mapping[str, Any],
    work: Work,
) -> Outcome:
    """Summarises and judges a run, writes the tables that say so, and gives the outcome.

    Args:
        head: ``n_cases``, ``n_chosen``, ``n_explained``, ``positive``, ``patients_known``, ``data_findings`` and
            ``notes`` of the run.

    Raises:
        NothingScoredError: where not one score has a value.
        IncompleteRunError: where more cases failed than the audit allows; the tables are written all the same.
    """
    if not any(isinstance(result, Score) for result in scores):
        reasons = sorted({result.reason for result in scores if not isinstance(result, Score)})
        raise NothingScoredError(
            "nothing could be scored" + (f": {reasons[0]}" if reasons else ": no case was explained"),
            hint="`xaudit data check` reads the data set and lists its problems",
        )
    summaries = summarise(
        scores,
        controls=[spec.id for spec in audit.controls],
        patients_known=bool(head["patients_known"]),
        settings=audit.statistics,
        seed=audit.seed,
        metric_names={metric.id: metric.name for metric in audit.metrics},
    )
    verdicts = _judged(audit, summaries, head)
    write_summaries(run, summaries)
    write_verdicts(run, verdicts)
    write_problems(run, problems)
    run.save_json(
        OUTCOME,
        {
            **run.identity,
            "models": [model.id for model in audit.models],
            "explainers": [spec.id for spec in audit.explainers_and_controls],
            "controls": [spec.id for spec in audit.controls],
            "seed": audit.seed,
            "gates": [gate.as_written() for gate in audit.gates],
            "statistics": audit.statistics.model_dump(mode="json"),
            "reliance": audit.reliance.model_dump(mode="json"),
            "metric_names": {metric.id: metric.name for metric in audit.metrics},
            "work": asdict(work),
            "unscored": [asdict(group) for group in unscored_groups(scores)],
            **{name: value for name, value in head.items() if name != "data_findings"},
            "data_findings": [asdict(verdict) for verdict in head["data_findings"]],
        },
    )
    for failed, asked in failures(problems, n_cases=head["n_cases"], n_chosen=head["n_chosen"]):
        if failed / max(asked, 1) > audit.run.max_error_rate:
            raise IncompleteRunError(
                f"{failed} of {asked} cases failed, more than the allowed {audit.run.max_error_rate:.0%}",
                hint=f"`xaudit report {run.run_id}` shows what there is and why the rest is missing",
            )
    return load(run)


def failures(problems: Sequence[Problem], *, n_cases: int, n_chosen: int) -> list[tuple[int, int]]:
    """How many cases failed of how many that were asked, first before the choice of cases, then after it.

    Every image of the data is opened and most are classified, but only a few may be explained: held against those
    few, one damaged training image would fail a run.

    Args:
        n_cases: images that the data lists.
        n_chosen: cases that were to be explained.
    """
    late = {problem.case_id for problem in problems if problem.stage == "explain"}
    early = {problem.case_id for problem in problems if problem.stage != "explain"}
    return [(len(early), n_cases), (len(late), n_chosen)]


def load(run: RunFolder) -> Outcome:
    """The outcome of a finished run.

    Raises:
        RunFolderError: where the run was not finished, or is damaged or newer than this program.
    """
    head = read_head(run)
    return Outcome(
        name=run.name,
        run_id=run.run_id,
        model_ids=tuple(head["models"]),
        explainer_ids=tuple(head["explainers"]),
        control_ids=tuple(head["controls"]),
        evaluations=read_evaluations(run),
        summaries=read_summaries(run),
        verdicts=read_verdicts(run),
        problems=read_problems(run),
        n_explained=head["n_explained"],
        positive=head["positive"],
        notes=tuple(head["notes"]),
        work=Work(**head["work"]),
        unscored=tuple(UnscoredGroup(**row) for row in head["unscored"]),
    )


def unscored_groups(scores: Sequence[ScoreResult]) -> list[UnscoredGroup]:
    """What has no value, by model, explainer and reason, the most cases first; region shares do not count."""
    cases: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for result in scores:
        if isinstance(result, Unscored) and result.key.family != "regions":
            key = result.key
            cases[key.model_id, key.explainer_id, result.reason].append(key.case_id)
    groups = [UnscoredGroup(*key, len(set(ids)), len(ids)) for key, ids in cases.items()]
    return sorted(
        groups, key=lambda group: (-group.n_cases, group.model_id, group.explainer_id, group.reason)
    )


def _judged(audit: AuditFile, summaries: Sequence[Summary], head: Mapping[str, Any]) -> tuple[Verdict, ...]:
    verdicts = judge(
        summaries,
        gates=audit.gates,
        models=[model.id for model in audit.models],
        gate_on=audit.statistics.gate_on,
        strict=audit.statistics.strict,
        explainers=[spec.id for spec in audit.explainers],
        positive=head["positive"],
    )
    return (*verdicts, *head["data_findings"])


def read_head(run: RunFolder) -> dict[str, Any]:
    """What a finished run says of itself beside its tables; raises RunFolderError where it does not."""
    try:
        plain = json.loads((run.path / OUTCOME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunFolderError(
            f"{run.run_id}: this run was not finished",
            hint="give the command that made it again: it goes on where it stopped",
        ) from None
    except (OSError, ValueError):
        raise RunFolderError(f"{run.run_id}/{OUTCOME}: damaged", hint="run the audit again") from None
    return dict(plain)
