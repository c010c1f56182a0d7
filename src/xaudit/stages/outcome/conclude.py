"""From stored scores to what a person reads: summaries, verdicts, notes, and the outcome that every report shows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from xaudit.catalog import made_of_maps_id
from xaudit.catalog.plugin_rows import told_row
from xaudit.config import AuditFile
from xaudit.config.sections.plugged import brought_by
from xaudit.counts import counted
from xaudit.errors import IncompleteRunError, NothingScoredError
from xaudit.records import (
    Ceiling,
    Evaluation,
    MapFacts,
    Outcome,
    Plan,
    Problem,
    ReaderAgreement,
    Regression,
    Score,
    ScoreResult,
    Summary,
    Work,
)
from xaudit.stages.outcome.categories import categorise
from xaudit.stages.outcome.causal import localized_and_causal
from xaudit.stages.outcome.judging import judged, metric_names, survival_of
from xaudit.stages.outcome.left_out import failures, groups_without_value, what_is_missing
from xaudit.stages.outcome.published_intervals import with_published_intervals
from xaudit.stages.outcome.read_outcome import OUTCOME, load
from xaudit.stages.outcome.regressions import regressions_of
from xaudit.statistics.planning import plan
from xaudit.statistics.strata import CaseFacts, strata_of
from xaudit.store.json_records import write_verdicts
from xaudit.store.run_folder import RunFolder
from xaudit.store.tables import write_categories, write_problems, write_summaries
from xaudit.summarise import summarise


@dataclass(frozen=True)
class CaseFigures:
    """Figures of cases and readers that a conclusion needs beside the scores.

    Attributes:
        facts: by model and case; empty where neither strata nor regressions are asked for.
        published: regressions of a published protocol, where the audit follows one.
        evaluations: how well each model classifies.
    """

    facts: Mapping[str, Mapping[str, CaseFacts]] = field(default_factory=dict)
    agreements: tuple[ReaderAgreement, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    published: tuple[Regression, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()


def conclude(
    run: RunFolder,
    audit: AuditFile,
    *,
    scores: Sequence[ScoreResult],
    problems: Sequence[Problem],
    head: Mapping[str, Any],
    work: Work,
    figures: CaseFigures = CaseFigures(),
    facts: Sequence[MapFacts] = (),
) -> Outcome:
    """Summarises and judges a run, writes the tables that say so, and gives the outcome.

    Args:
        head: ``n_cases``, ``n_chosen``, ``n_explained``, ``positive``, ``patients_known``, ``data_findings`` and
            ``notes`` of the run.
        figures: what is known of the cases and their readers beside the scores.
        facts: of every map, from which its failure category follows.

    Raises:
        NothingScoredError: where not one score has a value.
        IncompleteRunError: where more cases failed than the audit allows; the tables are written all the same.
    """
    if not any(isinstance(result, Score) for result in scores):
        reasons = sorted({result.reason for result in scores if not isinstance(result, Score)})
        raise NothingScoredError(
            "nothing could be scored" + (f": {reasons[0]}" if reasons else ": no case was explained"),
            hint="`xaudit data check` reads the data set and lists its problems",
            run_folder=run.path,
            missing=what_is_missing(scores, problems),
        )
    summaries = summarise(
        scores,
        controls=audit.levels_to_beat,
        patients_known=bool(head["patients_known"]),
        settings=audit.statistics,
        seed=audit.seed,
        metric_names=metric_names(audit),
        strata={model: strata_of(facts, audit.statistics.strata) for model, facts in figures.facts.items()},
    )
    summaries = with_published_intervals(summaries, scores, metric_names=metric_names(audit), seed=audit.seed)
    verdicts = judged(audit, summaries, head, figures.evaluations)
    write_summaries(run, summaries)
    write_verdicts(run, verdicts)
    write_problems(run, problems)
    write_categories(run, categorise(facts, audit.categories, head["positive"]))
    run.save_json(
        OUTCOME,
        {
            **run.identity,
            "models": [model.id for model in audit.models],
            "explainers": [*(spec.id for spec in audit.explainers), *audit.control_ids],
            "controls": list(audit.control_ids),
            "levels_to_beat": list(audit.levels_to_beat),
            "seed": audit.seed,
            "gates": [gate.as_written() for gate in audit.gates],
            "statistics": audit.statistics.model_dump(mode="json"),
            "reliance": audit.reliance.model_dump(mode="json"),
            "metric_names": metric_names(audit),
            "plugins": [told_row(one) for one in brought_by(audit)],
            "categories": audit.categories.model_dump(mode="json"),
            "survival": asdict(survival_of(audit)),
            "tunes_thresholds": audit.tunes_thresholds,
            "work": asdict(work),
            "unscored": [asdict(group) for group in groups_without_value(scores)],
            **{name: value for name, value in head.items() if name != "data_findings"},
            "data_findings": [asdict(verdict) for verdict in head["data_findings"]],
            "agreements": [asdict(one) for one in figures.agreements],
            "ceilings": [asdict(one) for one in figures.ceilings],
            "regressions": [
                asdict(one) for one in (*_regressions(audit, scores, figures), *figures.published)
            ],
            "plans": [asdict(one) for one in _plans(audit, summaries)],
            "causal": [
                asdict(one)
                for one in localized_and_causal(_under_own_marks(audit, facts), scores, audit.categories)
            ],
        },
    )
    for failed, asked in failures(problems, n_cases=head["n_cases"], n_chosen=head["n_chosen"]):
        if failed / max(asked, 1) > audit.run.max_error_rate:
            raise IncompleteRunError(
                f"{failed} of {counted(asked, 'case')} failed, more than the allowed {audit.run.max_error_rate:.0%}",
                hint=f"`xaudit report {run.path}` shows what there is and why the rest is missing",
                run_folder=run.path,
                missing=tuple(
                    (problem.case_id, f"{problem.stage}: {problem.reason}") for problem in problems
                ),
            )
    return load(run)


def _under_own_marks(audit: AuditFile, facts: Sequence[MapFacts]) -> list[MapFacts]:
    """The maps that were held against the marks of their own case, which the model's reliance is about."""
    shuffled = {
        made_of_maps_id(explainer.id, control.id)
        for explainer in audit.explainers
        for control in audit.controls
        if control.name == "shuffled-marks"
    }
    return [one for one in facts if one.explainer_id not in shuffled]


def _regressions(
    audit: AuditFile, scores: Sequence[ScoreResult], figures: CaseFigures
) -> tuple[Regression, ...]:
    if not audit.statistics.regression:
        return ()
    return regressions_of(scores, figures.facts, confidence=audit.statistics.confidence)


def _plans(audit: AuditFile, summaries: Sequence[Summary]) -> tuple[Plan, ...]:
    if audit.statistics.half_width is None:
        return ()
    explainers = [spec.id for spec in audit.explainers]
    return plan(audit.gates, summaries, explainers=explainers, wanted=audit.statistics.half_width)
