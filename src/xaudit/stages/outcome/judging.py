"""Verdicts on a run, by its own gates."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from xaudit.catalog import CEILING, FAMILIES_WITH_QUESTIONS, METRICS, metric_row
from xaudit.config import AuditFile, EquivarianceSection, Gate, MaxDrop, ResolutionSection
from xaudit.records import Evaluation, InfillEffect, PropertyEffect, Summary, Verdict
from xaudit.stages.outcome.dependence.measured import Dependence
from xaudit.stages.outcome.resolution import resolution_findings
from xaudit.stages.outcome.results import RunFacts
from xaudit.verdict import (
    Reach,
    Survival,
    area_findings,
    changed_findings,
    class_findings,
    image_findings,
    is_refused,
    judge,
)

NOTHING_MEASURED = Dependence()


def metric_names(audit: AuditFile) -> dict[str, str]:
    """The catalog's name of each metric of an audit, and of its ceiling, by the id that the audit gives it."""
    return dict(audit.metric_names) | {
        metric.id + CEILING: metric.name + CEILING
        for metric in audit.metrics
        if metric_row(metric.name).has_ceiling
    }


@dataclass(frozen=True, slots=True)
class Judge:
    """All that the verdicts on gates and on regions follow from beside summaries and effects."""

    audit: AuditFile
    facts: RunFacts
    evaluations: Sequence[Evaluation]

    def verdicts(
        self,
        summaries: Sequence[Summary],
        by_infill: Sequence[InfillEffect],
        *,
        gates: Sequence[Gate] | None = None,
        models: Sequence[str] | None = None,
    ) -> tuple[Verdict, ...]:
        """Judge summaries by gates, and what the models depend on; by default by the audit's gates, and all models."""
        audit = self.audit
        limits = [gate for gate in audit.gates if not gate.is_of_data] if gates is None else gates
        return judge(
            without_people(summaries, set(audit.control_ids) - set(audit.levels_to_beat)),
            gates=limits,
            models=[model.id for model in audit.models] if models is None else models,
            gate_on=audit.statistics.gate_on,
            strict=audit.statistics.strict,
            explainers=[spec.id for spec in audit.explainers],
            positive=self.facts.positive,
            reach=reach_of(self.facts.explained_by, self.facts.external, limits, metric_names(audit)),
            evaluations=self.evaluations,
            own_regions=audit.own_regions_by_model,
            by_infill=by_infill,
        )


def judge_run(
    audit: AuditFile,
    summaries: Sequence[Summary],
    facts: RunFacts,
    evaluations: Sequence[Evaluation] = (),
    dependence: Dependence = NOTHING_MEASURED,
) -> tuple[Verdict, ...]:
    """Return every verdict on a run: on its gates, and findings that nobody asked for."""
    verdicts = Judge(audit, facts, evaluations).verdicts(summaries, dependence.by_infill)
    of_changes = changed_findings(
        summaries,
        explainers=[spec.id for spec in audit.explainers],
        survival=survival_of(audit),
        metric_names=metric_names(audit),
    )
    coarse = resolution_findings(summaries, metric_names(audit))
    of_image = image_findings_where_judged(verdicts, dependence.properties)
    refused = [model.id for model in audit.models if is_refused(verdicts, model.id)]
    return (
        *verdicts,
        *area_findings(dependence.tests, refused=refused, own_regions=audit.own_regions_by_model),
        *class_findings(
            [row for row in dependence.by_class if row.model_id not in refused], audit.own_regions_by_model
        ),
        *of_image,
        *coarse,
        *of_changes,
        *facts.data_findings,
    )


def image_findings_where_judged(
    verdicts: Sequence[Verdict], effects: Sequence[PropertyEffect]
) -> list[Verdict]:
    """Return the findings on whole-image properties of the models whose answers leave something to judge."""
    return [one for one in image_findings(effects) if not is_refused(verdicts, one.model_id)]


def reach_of(
    explained_by: Mapping[str, Sequence[str]],
    external: Iterable[str],
    limits: Iterable[Gate | MaxDrop],
    names: Mapping[str, str],
) -> Reach:
    """Return the limits that concern each model of a run.

    Args:
        explained_by: ids of the explainers of each model.
        external: ids of the models that are known by their files only.
        names: catalog name of each metric id.
    """
    families = {row.id: row.family for row in METRICS}
    asking = frozenset(
        one.metric
        for one in limits
        if families.get(names.get(one.metric, one.metric)) in FAMILIES_WITH_QUESTIONS
    )
    return Reach(explained_by, dict.fromkeys(external, asking))


def survival_of(audit: AuditFile) -> Survival:
    """The audit's limits below which something does not survive a change of the image."""
    turned, coarser = audit.equivariance or EquivarianceSection(), audit.resolution or ResolutionSection()
    return Survival(turned.least_same_class, turned.least_same_map, coarser.least_kept)


def without_people(summaries: Sequence[Summary], people: Collection[str]) -> list[Summary]:
    """Leave out the readers' own scores: a gate that readers reach is a good gate, not an uninformative one."""
    return [summary for summary in summaries if summary.explainer_id not in people]
