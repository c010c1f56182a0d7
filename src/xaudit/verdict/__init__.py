"""Verdicts from summaries: gates decide, findings inform; pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from xaudit.catalog import EXPLAINERS, MARGIN
from xaudit.config import Gate, MaxDrop
from xaudit.records import ALL_CASES, MODEL_LEVEL, Evaluation, InfillEffect, Summary, Verdict
from xaudit.verdict.answers import REFUSING, answer_findings, is_refused
from xaudit.verdict.areas import AREA_RULE, TOO_FEW, area_findings
from xaudit.verdict.by_class import class_findings, lungs_known
from xaudit.verdict.changed_images import Survival, changed_findings
from xaudit.verdict.data_gates import data_gate_verdicts
from xaudit.verdict.drops import Baseline, drop_verdicts
from xaudit.verdict.explainers import Decision, decide, explainer_findings
from xaudit.verdict.findings import ELSEWHERE, USE_RULE, model_findings, region_name
from xaudit.verdict.gates import finding_gate_verdicts, gate_verdicts, missed_gates
from xaudit.verdict.image_properties import ONE_CLASS_RULE, image_findings
from xaudit.verdict.infills import disputed_regions, with_odd_images
from xaudit.verdict.limits import Strictness
from xaudit.verdict.naming import in_words
from xaudit.verdict.own_regions import own_region_findings
from xaudit.verdict.reach import Reach
from xaudit.verdict.sanity import sanity_findings

__all__ = [
    "AREA_RULE",
    "ELSEWHERE",
    "MARGIN",
    "ONE_CLASS_RULE",
    "REFUSING",
    "TOO_FEW",
    "USE_RULE",
    "Baseline",
    "Decision",
    "Reach",
    "Strictness",
    "Survival",
    "area_findings",
    "changed_findings",
    "class_findings",
    "data_gate_verdicts",
    "decide",
    "explainer_findings",
    "image_findings",
    "in_words",
    "is_refused",
    "judge",
    "judge_drops",
    "lungs_known",
    "missed_gates",
]

_EVERYTHING = Reach()
_CONTROLS = frozenset(row.id for row in EXPLAINERS if row.control)


def judge(
    summaries: Sequence[Summary],
    *,
    gates: Sequence[Gate],
    models: Sequence[str],
    gate_on: Literal["lower", "mean"],
    strict: bool = False,
    explainers: Sequence[str] = (),
    positive: Mapping[str, str] | None = None,
    reach: Reach = _EVERYTHING,
    evaluations: Sequence[Evaluation] = (),
    own_regions: Mapping[str, Mapping[str, bool]] | None = None,
    by_infill: Sequence[InfillEffect] = (),
) -> tuple[Verdict, ...]:
    """Return the verdicts of every gate on every model, then the findings on models, then those of sanity checks.

    A gate passes if the unfavourable end of the interval does: the lower end for a smallest allowed value, the
    upper end for a largest one; with ``gate_on`` ``mean`` the estimate. A gate that names no explainer applies to each that
    is no control, and one that names no stratum to all cases together. A gate without a value, or with too few
    patients for an interval, is an error (XA102). If a control passes the gate too, XA103 follows: status
    ``fail``, and gating only if ``strict``.

    Findings (XA2xx, XA3xx) never gate by themselves, and use all cases. With several readers there is one verdict
    for each. A gate may name a finding. If the answers of a model show that its classes are swapped, or are all the
    same, there is a finding about that and none about the mark.

    Args:
        models: in the order of the verdicts; one without summaries fails its gates as errors.
        explainers: ids of those that are no controls; by default all in the summaries that are no controls in
            the catalog.
        positive: the class whose evidence is explained, by model, for the sentences.
        reach: the limits that concern each model; by default all.
        evaluations: classification performance of each model; without them there are no findings about its answers.
        own_regions: by model, regions that the audit file names, true where an answer may rest on them.
        by_infill: reliance under each in-fill alone; where they do not agree, a finding is undecided (XA212).
    """
    named = dict.fromkeys(s.explainer_id for s in summaries)
    explainers = tuple(explainers) or tuple(name for name in named if name not in _CONTROLS | {MODEL_LEVEL})
    strictness = Strictness(gate_on, strict)
    by_model = {model: [s for s in summaries if s.model_id == model] for model in models}
    overall = {model: [s for s in own if s.stratum == ALL_CASES] for model, own in by_model.items()}
    about = _AboutModels(evaluations, positive or {}, own_regions or {}, by_infill)
    model_findings_of = {model: about.findings(own, model) for model, own in overall.items()}
    verdicts: list[Verdict] = []
    for model_id, own in by_model.items():
        for gate in gates:
            if not reach.concerns(gate, model_id, explainers):
                continue
            if gate.finding is not None:
                verdicts += finding_gate_verdicts(gate, model_id, model_findings_of[model_id])
            else:
                of_model = reach.explainers(model_id, explainers)
                verdicts += gate_verdicts(own, gate, model_id, explainers=of_model, strictness=strictness)
    of_models = [finding for findings in model_findings_of.values() for finding in findings]
    of_sanity = [one for own in overall.values() for one in sanity_findings(own, explainers)]
    return (*verdicts, *of_models, *of_sanity)


@dataclass(frozen=True, slots=True)
class _AboutModels:
    """The facts beside the summaries from which findings about models follow; see :func:`judge`."""

    evaluations: Sequence[Evaluation]
    positive: Mapping[str, str]
    own_regions: Mapping[str, Mapping[str, bool]]
    by_infill: Sequence[InfillEffect]

    def findings(self, own: Sequence[Summary], model: str) -> list[Verdict]:
        """Return the findings about one model, those about its answers first; they may rule out the others."""
        of_answers = answer_findings(self.evaluations, model)
        if any(finding.code in REFUSING for finding in of_answers):
            return of_answers
        own_regions, positive = self.own_regions.get(model, {}), self.positive.get(model)
        answer = "the target's probability" if positive is None else f"P({positive})"
        disputed = disputed_regions(self.by_infill, model)
        agreed = {name: may_matter for name, may_matter in own_regions.items() if name not in disputed}
        names = {region: region_name(region, "the rest of the image") for region in ("mark", *ELSEWHERE)}
        of_evidence = model_findings(own, positive, own_regions, disputed)
        return [
            *of_answers,
            *(with_odd_images(one, self.by_infill, names) for one in of_evidence),
            *own_region_findings(own, model, agreed, answer),
        ]


def judge_drops(
    baseline: Baseline,
    *,
    limits: Sequence[MaxDrop],
    models: Sequence[str],
    explainers: Sequence[str],
    strictness: Strictness,
    reach: Reach = _EVERYTHING,
) -> tuple[Verdict, ...]:
    """Return the verdicts of every largest drop on every model, compared with an earlier run.

    Args:
        explainers: ids of those that are no controls.
        reach: the limits that concern each model; by default all.
    """
    return tuple(
        verdict
        for model_id in models
        for limit in limits
        if reach.concerns(limit, model_id, explainers)
        for verdict in drop_verdicts(
            baseline,
            limit,
            model_id,
            explainers=reach.explainers(model_id, explainers),
            strictness=strictness,
        )
    )
