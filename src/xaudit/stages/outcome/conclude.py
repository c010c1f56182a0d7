"""Conclusion of a run: summaries, verdicts and notes from its stored scores, as every report shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from xaudit.catalog import made_of_maps_id
from xaudit.catalog.plugin_rows import told_row
from xaudit.config import AuditFile
from xaudit.counts import counted
from xaudit.errors import IncompleteRunError, NothingScoredError
from xaudit.records import (
    CategorisedMap,
    MapFacts,
    Outcome,
    Plan,
    Problem,
    Regression,
    Score,
    ScoreResult,
    Summary,
)
from xaudit.stages.outcome.categories import categorise, with_categories
from xaudit.stages.outcome.dependence.causal import localized_and_causal
from xaudit.stages.outcome.dependence.gate_values import area_summaries
from xaudit.stages.outcome.dependence.image_properties import property_summaries
from xaudit.stages.outcome.dependence.judged_explainers import judged_explainers
from xaudit.stages.outcome.dependence.measured import dependence_of
from xaudit.stages.outcome.judging import Judge, judge_run, metric_names, survival_of
from xaudit.stages.outcome.left_out import failures, groups_without_value, what_is_missing
from xaudit.stages.outcome.published_intervals import with_published_intervals
from xaudit.stages.outcome.read_outcome import OUTCOME
from xaudit.stages.outcome.regressions import regressions_of
from xaudit.stages.outcome.results import CaseFigures, Results, RunFacts
from xaudit.stages.outcome.stability import StoredValues, with_stability
from xaudit.statistics.planning import plan
from xaudit.statistics.strata import strata_of
from xaudit.store.data_checks import check_as_plain
from xaudit.store.json_records import write_verdicts
from xaudit.store.run_folder import RunFolder
from xaudit.store.tables import (
    write_areas,
    write_categories,
    write_map_clusters,
    write_mean_reliance,
    write_misclassified,
    write_problems,
    write_summaries,
)
from xaudit.summarise import summarise
from xaudit.verdict import Strictness, data_gate_verdicts, explainer_findings


@dataclass(frozen=True, slots=True)
class Conclusion:
    """Outcome of a run, and what its folder keeps of it beside the outcome.

    Attributes:
        maps: every map with its failure category.
        misclassified: every map of a case that is explained for its error alone.
        head: the content of ``outcome.json``.
    """

    outcome: Outcome
    maps: tuple[CategorisedMap, ...]
    misclassified: tuple[CategorisedMap, ...]
    head: Mapping[str, Any]


def conclude(
    run: RunFolder, audit: AuditFile, results: Results, facts: RunFacts, figures: CaseFigures
) -> Conclusion:
    """Summarise and judge the results of a run; nothing is written.

    Raises:
        NothingScoredError: if not one score has a value.
    """
    scores = _scores_of(run, results)
    dependence = dependence_of(audit, results, patients_known=facts.patients_known)
    summaries = (
        *_summaries(audit, scores, facts, figures),
        *area_summaries(dependence.tests),
        *property_summaries(dependence.properties),
    )
    judgements = judged_explainers(audit, summaries, scores, results.maps)
    judge = Judge(audit, facts, figures.evaluations)
    rejudged = StoredValues(summaries, scores, results.reliances, dependence.by_infill)
    verdicts = (
        *with_stability(judge_run(audit, summaries, facts, figures.evaluations, dependence), judge, rejudged),
        *data_gate_verdicts(audit.gates, figures.data_checks, Strictness(audit.statistics.gate_on)),
        *explainer_findings(judgements, [spec.id for spec in audit.explainers], audit.reliance.explainers),
    )
    maps = categorise(results.maps, audit.categories, facts.positive)
    causal = tuple(localized_and_causal(_under_own_marks(audit, results.maps), scores, audit.categories))
    outcome = Outcome(
        name=run.name,
        run_id=run.run_id,
        model_ids=tuple(model.id for model in audit.models),
        explainer_ids=(*(spec.id for spec in audit.explainers), *audit.control_ids),
        control_ids=audit.control_ids,
        evaluations=figures.evaluations,
        summaries=summaries,
        verdicts=verdicts,
        problems=tuple(results.problems),
        work=results.work,
        unscored=tuple(groups_without_value(scores)),
        agreements=figures.agreements,
        ceilings=figures.ceilings,
        regressions=(*_regressions(audit, scores, figures), *figures.published),
        plans=_plans(audit, summaries),
        thresholds=tuple(results.thresholds),
        map_tests=dependence.tests,
        by_class=dependence.by_class,
        by_infill=dependence.by_infill,
        reliance_asked=audit.reliance.enabled,
        explainers_judged=judgements,
        image_properties=dependence.properties,
        own_regions=audit.own_regions_by_model,
        gate_on=audit.statistics.gate_on,
        mean_reliance=tuple(results.mean_reliance),
        map_clusters=tuple(results.map_clusters),
        data_checks=figures.data_checks,
        **_stated(facts),
    )
    head = _head(audit, outcome, facts) | {"causal": [asdict(one) for one in causal]}
    errors = categorise(results.misclassified, audit.categories, facts.positive)
    return Conclusion(with_categories(outcome, maps, audit.categories, causal), maps, errors, head)


def _stated(facts: RunFacts) -> dict[str, Any]:
    """Return the fields of the outcome that only the facts of the run hold."""
    return {
        "n_explained": facts.n_explained,
        "positive": facts.positive,
        "notes": tuple(facts.notes),
        "external_ids": tuple(facts.external),
        "misclassified": tuple(facts.misclassified),
        "misclassified_problems": tuple(facts.misclassified_problems),
    }


def _summaries(
    audit: AuditFile, scores: Sequence[ScoreResult], facts: RunFacts, figures: CaseFigures
) -> tuple[Summary, ...]:
    summaries = summarise(
        scores,
        controls=audit.levels_to_beat,
        patients_known=facts.patients_known,
        settings=audit.statistics,
        seed=audit.seed,
        metric_names=metric_names(audit),
        strata={model: strata_of(known, audit.statistics.strata) for model, known in figures.facts.items()},
    )
    return with_published_intervals(summaries, scores, metric_names=metric_names(audit), seed=audit.seed)


def _scores_of(run: RunFolder, results: Results) -> Sequence[ScoreResult]:
    """Return the scores of a run; raise NothingScoredError if not one has a value."""
    scores = results.scores
    if any(isinstance(result, Score) for result in scores):
        return scores
    reasons = sorted({result.reason for result in scores if not isinstance(result, Score)})
    raise NothingScoredError(
        "nothing could be scored" + (f": {reasons[0]}" if reasons else ": no case was explained"),
        hint="`xaudit data check` reads the data set and lists its problems",
        run_folder=run.path,
        missing=what_is_missing(scores, results.problems),
    )


def save_conclusion(run: RunFolder, conclusion: Conclusion) -> None:
    """Write the tables and JSON files of a conclusion; raises OutputError if the folder refuses."""
    outcome = conclusion.outcome
    write_summaries(run, outcome.summaries)
    write_verdicts(run, outcome.verdicts)
    write_problems(run, outcome.problems)
    write_areas(run, [area for test in outcome.map_tests for area in test.tested_areas])
    write_categories(run, conclusion.maps)
    write_misclassified(run, conclusion.misclassified)
    write_mean_reliance(run, outcome.mean_reliance)
    write_map_clusters(run, [group for one in outcome.map_clusters for group in one.source_clusters])
    run.save_json(OUTCOME, {**run.identity, **conclusion.head})


def check_failures(run: RunFolder, audit: AuditFile, problems: Sequence[Problem], facts: RunFacts) -> None:
    """Raise IncompleteRunError if more cases failed than the audit allows."""
    for n_failed, n_cases in failures(problems, n_cases=facts.n_cases, n_chosen=facts.n_chosen):
        if n_failed / max(n_cases, 1) > audit.run.max_error_rate:
            raise IncompleteRunError(
                f"{n_failed} of {counted(n_cases, 'case')} failed, more than the allowed {audit.run.max_error_rate:.0%}",
                hint=f"`xaudit report {run.path}` shows what there is and why the rest is missing",
                run_folder=run.path,
                missing=tuple(
                    (problem.case_id, f"{problem.stage}: {problem.reason}") for problem in problems
                ),
            )


def _head(audit: AuditFile, outcome: Outcome, facts: RunFacts) -> dict[str, Any]:
    """Return what ``outcome.json`` holds: the outcome without its tables, and the settings to judge it again."""
    return {
        "models": list(outcome.model_ids),
        "explainers": list(outcome.explainer_ids),
        "controls": list(outcome.control_ids),
        "levels_to_beat": list(audit.levels_to_beat),
        "seed": audit.seed,
        "gates": [gate.as_written() for gate in audit.gates],
        "statistics": audit.statistics.model_dump(mode="json"),
        "reliance": audit.reliance.model_dump(mode="json", exclude={"image"}),
        "own_regions": audit.own_regions_by_model,
        "metric_names": metric_names(audit),
        "plugins": [told_row(one) for one in audit.plugins],
        "categories": audit.categories.model_dump(mode="json"),
        "survival": asdict(survival_of(audit)),
        "tunes_thresholds": audit.tunes_thresholds,
        "work": asdict(outcome.work),
        "unscored": [asdict(group) for group in outcome.unscored],
        "data_checks": [check_as_plain(one) for one in outcome.data_checks],
        **asdict(facts),
        **{
            name: [asdict(one) for one in getattr(outcome, name)]
            for name in (
                "agreements",
                "ceilings",
                "regressions",
                "plans",
                "map_tests",
                "by_class",
                "by_infill",
                "image_properties",
                "explainers_judged",
                "map_clusters",
            )
        },
    }


def _under_own_marks(audit: AuditFile, facts: Sequence[MapFacts]) -> list[MapFacts]:
    """Return the maps that were compared with the marks of their own case, which the model's reliance is about."""
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
