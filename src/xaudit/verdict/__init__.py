"""From summaries to verdicts: gates that decide, and findings that inform; pure."""

from collections.abc import Mapping, Sequence
from typing import Literal

from xaudit.catalog import EXPLAINERS, MARGIN
from xaudit.config import Gate, MaxDrop
from xaudit.records import ALL_CASES, MODEL_LEVEL, Evaluation, Summary, Verdict
from xaudit.verdict.answers import REFUSING, answer_findings, is_refused
from xaudit.verdict.changed_images import Survival, changed_findings
from xaudit.verdict.drops import Baseline, drop_verdicts
from xaudit.verdict.findings import ELSEWHERE, USE_RULE, explainer_findings, model_findings
from xaudit.verdict.gates import finding_gate_verdicts, gate_verdicts, missed_gates
from xaudit.verdict.limits import Strictness
from xaudit.verdict.reach import Reach
from xaudit.verdict.sanity import sanity_findings

__all__ = [
    "ELSEWHERE",
    "MARGIN",
    "REFUSING",
    "USE_RULE",
    "Baseline",
    "Reach",
    "Strictness",
    "Survival",
    "changed_findings",
    "is_refused",
    "judge",
    "judge_drops",
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
) -> tuple[Verdict, ...]:
    """Every gate for every model, then what each model uses, then which explainers can be believed.

    A gate holds where the conservative end of the interval keeps it: the lower end of a smallest allowed value, the
    upper end of a largest one; with ``gate_on`` ``mean`` the estimate. A gate that names no explainer asks each that
    is no control, and one that names no stratum asks all cases together. A gate without a value, or with too few
    patients for the end it asks for, is an error (XA102). Where a control keeps the gate too, XA103 follows: status
    ``fail``, and gating only where ``strict``.

    Findings (XA2xx, XA3xx) never gate by themselves, and rest on all cases. With several readers there is one verdict
    for each. A gate may ask for a finding by its name. Where the answers of a model show that its classes are swapped, or
    where they are all the same, that is said and nothing about the mark.

    Args:
        models: in the order of the verdicts; one without summaries fails its gates as errors.
        explainers: ids of those that are no controls; by default all that the summaries name and the catalog does
            not call controls.
        positive: the class whose evidence is explained, by model, for the sentences.
        reach: which limits concern which model; by default each concerns all.
        evaluations: how well each model classifies; without them nothing is said of its answers.
    """
    named = dict.fromkeys(s.explainer_id for s in summaries)
    asked = tuple(explainers) or tuple(name for name in named if name not in _CONTROLS | {MODEL_LEVEL})
    strictness = Strictness(gate_on, strict)
    by_model = {model: [s for s in summaries if s.model_id == model] for model in models}
    overall = {model: [s for s in own if s.stratum == ALL_CASES] for model, own in by_model.items()}
    said = {
        model: _of_model(own, answer_findings(evaluations, model), (positive or {}).get(model))
        for model, own in overall.items()
    }
    verdicts: list[Verdict] = []
    for model_id, own in by_model.items():
        for gate in gates:
            if not reach.concerns(gate, model_id, asked):
                continue
            if gate.finding is not None:
                verdicts += finding_gate_verdicts(gate, model_id, said[model_id])
            else:
                of_model = reach.asked(model_id, asked)
                verdicts += gate_verdicts(own, gate, model_id, asked=of_model, strictness=strictness)
    for findings in said.values():
        verdicts += findings
    for own in overall.values():
        verdicts += explainer_findings(own, asked)
    for own in overall.values():
        verdicts += sanity_findings(own, asked)
    return tuple(verdicts)


def _of_model(own: Sequence[Summary], of_answers: list[Verdict], positive: str | None) -> list[Verdict]:
    """Findings about one model, those about its answers first; they may leave no room for others."""
    if any(one.code in REFUSING for one in of_answers):
        return of_answers
    return [*of_answers, *model_findings(own, positive)]


def judge_drops(
    baseline: Baseline,
    *,
    limits: Sequence[MaxDrop],
    models: Sequence[str],
    explainers: Sequence[str],
    strictness: Strictness,
    reach: Reach = _EVERYTHING,
) -> tuple[Verdict, ...]:
    """Every largest drop for every model, held against an earlier run.

    Args:
        explainers: ids of those that are no controls.
        reach: which limits concern which model; by default each concerns all.
    """
    return tuple(
        verdict
        for model_id in models
        for limit in limits
        if reach.concerns(limit, model_id, explainers)
        for verdict in drop_verdicts(
            baseline, limit, model_id, asked=reach.asked(model_id, explainers), strictness=strictness
        )
    )
