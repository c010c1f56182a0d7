"""From stored scores to what a person reads: summaries, verdicts, notes, and the outcome that every report shows."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from xaudit.catalog import CEILING, FAMILIES_WITH_QUESTIONS, METRICS, metric_row
from xaudit.catalog.plugin_rows import remember, told_row
from xaudit.config import (
    AuditFile,
    CategoriesSection,
    EquivarianceSection,
    Gate,
    MaxDrop,
    ResolutionSection,
    StatisticsSection,
)
from xaudit.config.plugged import brought_by
from xaudit.errors import IncompleteRunError, NothingScoredError, RunFolderError
from xaudit.records import (
    MODEL_LEVEL,
    Ceiling,
    Coefficient,
    Interval,
    LocalizedAndCausal,
    MapFacts,
    Outcome,
    Plan,
    Problem,
    ReaderAgreement,
    Regression,
    Score,
    ScoreResult,
    Summary,
    Unscored,
    UnscoredGroup,
    Verdict,
    Work,
)
from xaudit.stages.categories import categorise, category_counts, threshold_shifts
from xaudit.stages.causal import localized_and_causal
from xaudit.stages.published_intervals import with_published_intervals
from xaudit.stages.regressions import regressions_of
from xaudit.stages.resolution import resolution_findings
from xaudit.statistics.digits import counted
from xaudit.statistics.planning import plan
from xaudit.statistics.strata import CaseFacts, strata_of
from xaudit.store.json_records import read_evaluations, read_verdicts, write_verdicts
from xaudit.store.migrations import migrated
from xaudit.store.run_folder import RunFolder
from xaudit.store.schema_version import AUDIT_AGAIN
from xaudit.store.tables import (
    read_categories,
    read_problems,
    read_summaries,
    read_thresholds,
    write_categories,
    write_problems,
    write_summaries,
)
from xaudit.summarise import summarise
from xaudit.verdict import Reach, Survival, changed_findings, judge

OUTCOME = "outcome.json"


@dataclass(frozen=True)
class CaseFigures:
    """What a conclusion needs of the cases and their readers beside the scores.

    Attributes:
        facts: by model and case; empty where neither strata nor regressions are asked for.
        published: regressions of a published protocol, where the audit follows one.
    """

    facts: Mapping[str, Mapping[str, CaseFacts]] = field(default_factory=dict)
    agreements: tuple[ReaderAgreement, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    published: tuple[Regression, ...] = ()


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
            missing=_what_is_missing(scores, problems),
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
    verdicts = _judged(audit, summaries, head)
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
            "unscored": [asdict(group) for group in unscored_groups(scores)],
            **{name: value for name, value in head.items() if name != "data_findings"},
            "data_findings": [asdict(verdict) for verdict in head["data_findings"]],
            "agreements": [asdict(one) for one in figures.agreements],
            "ceilings": [asdict(one) for one in figures.ceilings],
            "regressions": [
                asdict(one) for one in (*_regressions(audit, scores, figures), *figures.published)
            ],
            "plans": [asdict(one) for one in _plans(audit, summaries)],
            "causal": [asdict(one) for one in localized_and_causal(facts, scores, audit.categories)],
        },
    )
    for failed, asked in failures(problems, n_cases=head["n_cases"], n_chosen=head["n_chosen"]):
        if failed / max(asked, 1) > audit.run.max_error_rate:
            raise IncompleteRunError(
                f"{failed} of {asked} cases failed, more than the allowed {audit.run.max_error_rate:.0%}",
                hint=f"`xaudit report {run.run_id}` shows what there is and why the rest is missing",
                run_folder=run.path,
                missing=tuple(
                    (problem.case_id, f"{problem.stage}: {problem.reason}") for problem in problems
                ),
            )
    return load(run)


def _what_is_missing(
    scores: Sequence[ScoreResult], problems: Sequence[Problem]
) -> tuple[tuple[str, str], ...]:
    """Every explainer of every model that has no score, and every case that failed, with the reason of each."""
    groups = unscored_groups(scores)
    found = [
        (
            group.model_id if group.explainer_id == MODEL_LEVEL else f"{group.model_id}/{group.explainer_id}",
            f"{counted(group.n_cases, 'case')}: {group.reason}",
        )
        for group in groups
    ]
    found += [(problem.case_id, f"{problem.stage}: {problem.reason}") for problem in problems]
    return tuple(found) or (("scores", "no case was explained"),)


def metric_names(audit: AuditFile) -> dict[str, str]:
    """The catalog's name of each metric of an audit, and of its ceiling, by the id that the audit gives it."""
    return dict(audit.metric_names) | {
        metric.id + CEILING: metric.name + CEILING
        for metric in audit.metrics
        if metric_row(metric.name).has_ceiling
    }


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
    try:
        return _outcome(run, head)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise RunFolderError(f"{run.run_id}/{OUTCOME}: damaged: {error!s:.200}", hint=AUDIT_AGAIN) from error


def _outcome(run: RunFolder, head: Mapping[str, Any]) -> Outcome:
    # A run of a version that knew no categories has none.
    maps = read_categories(run) if "categories" in head else ()
    thresholds = CategoriesSection.model_validate(head.get("categories", {}))
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
        agreements=tuple(ReaderAgreement(**row) for row in head["agreements"]),
        ceilings=tuple(_ceiling(row) for row in head["ceilings"]),
        regressions=tuple(_regression(row) for row in head["regressions"]),
        plans=tuple(Plan(**row) for row in head["plans"]),
        categories=category_counts(maps),
        category_shifts=threshold_shifts(maps, thresholds),
        thresholds=read_thresholds(run) if head["tunes_thresholds"] else (),
        causal=tuple(LocalizedAndCausal(**row) for row in head["causal"]),
        external_ids=tuple(head["external"]),
    )


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


def _interval(plain: Mapping[str, Any] | None) -> Interval | None:
    return None if plain is None else Interval(**plain)


def _ceiling(plain: Mapping[str, Any]) -> Ceiling:
    nested = {name: _interval(plain[name]) for name in ("human", "share", "difference")}
    return Ceiling(**{**plain, **nested})


def _regression(plain: Mapping[str, Any]) -> Regression:
    coefficients = tuple(
        Coefficient(row["name"], Interval(**row["interval"]), row["p_value"]) for row in plain["coefficients"]
    )
    return Regression(**{**plain, "coefficients": coefficients})


def unscored_groups(scores: Sequence[ScoreResult]) -> list[UnscoredGroup]:
    """What has no value, by model, explainer and reason, the most cases first; neither region shares nor what only limits others count."""
    cases: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for result in scores:
        if isinstance(result, Unscored) and result.key.family not in ("regions", "limits"):
            key = result.key
            cases[key.model_id, key.explainer_id, result.reason].append(key.case_id)
    groups = [UnscoredGroup(*key, len(set(ids)), len(ids)) for key, ids in cases.items()]
    return sorted(
        groups, key=lambda group: (-group.n_cases, group.model_id, group.explainer_id, group.reason)
    )


def _judged(audit: AuditFile, summaries: Sequence[Summary], head: Mapping[str, Any]) -> tuple[Verdict, ...]:
    verdicts = judge(
        without_people(summaries, set(audit.control_ids) - set(audit.levels_to_beat)),
        gates=audit.gates,
        models=[model.id for model in audit.models],
        gate_on=audit.statistics.gate_on,
        strict=audit.statistics.strict,
        explainers=[spec.id for spec in audit.explainers],
        positive=head["positive"],
        reach=reach_of(head, audit.gates, metric_names(audit)),
    )
    of_changes = changed_findings(
        summaries,
        explainers=[spec.id for spec in audit.explainers],
        survival=survival_of(audit),
        metric_names=metric_names(audit),
    )
    coarse = resolution_findings(summaries, metric_names(audit))
    return (*verdicts, *coarse, *of_changes, *head["data_findings"])


def reach_of(head: Mapping[str, Any], limits: Iterable[Gate | MaxDrop], names: Mapping[str, str]) -> Reach:
    """Which limits concern which model of a run.

    Args:
        names: catalog name of each metric id.
    """
    families = {row.id: row.family for row in METRICS}
    asking = frozenset(
        one.metric
        for one in limits
        if families.get(names.get(one.metric, one.metric)) in FAMILIES_WITH_QUESTIONS
    )
    return Reach(head["explained_by"], dict.fromkeys(head["external"], asking))


def survival_of(audit: AuditFile) -> Survival:
    """The audit's limits below which something does not survive a change of the image."""
    turned, coarser = audit.equivariance or EquivarianceSection(), audit.resolution or ResolutionSection()
    return Survival(turned.least_same_class, turned.least_same_map, coarser.least_kept)


def without_people(summaries: Sequence[Summary], people: Collection[str]) -> list[Summary]:
    """What is judged: that readers reach a gate makes it a good gate, not an uninformative one."""
    return [summary for summary in summaries if summary.explainer_id not in people]


def read_head(run: RunFolder) -> dict[str, Any]:
    """What a finished run says of itself beside its tables; raises RunFolderError where it does not.

    What other packages brought stands in the catalog afterwards, installed or not.
    """
    shown = f"{run.run_id}/{OUTCOME}"
    try:
        return _checked_head(json.loads((run.path / OUTCOME).read_text(encoding="utf-8")), shown)
    except FileNotFoundError:
        raise RunFolderError(
            f"{run.run_id}: this run was not finished",
            hint="give the command that made it again: it goes on where it stopped",
        ) from None
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        raise RunFolderError(f"{shown}: damaged", hint="run the audit again") from None


def _checked_head(plain: Any, shown: str) -> dict[str, Any]:  # noqa: ANN401
    """What other files of the stages take from a run's head without looking.

    Raises:
        ValueError, KeyError, TypeError: where it is damaged.
        RunFolderError: where a newer version wrote it.
    """
    head = dict(migrated(OUTCOME, dict(plain), shown))
    for name in ("models", "explainers", "controls", "notes"):
        if not isinstance(head[name], list) or not all(isinstance(one, str) for one in head[name]):
            raise ValueError(f"{name} is no list of texts")
    if not isinstance(head["n_explained"], dict) or not isinstance(head["positive"], dict):
        raise TypeError("n_explained and positive are told by model")
    dict(head["metric_names"])
    StatisticsSection.model_validate(head["statistics"])
    remember(head["plugins"])
    return head
