"""Verdicts of gates: limits that an audit sets on a summary.

Comparisons use unrounded numbers; the sentences show enough digits to tell a figure from its limit.
"""

from collections.abc import Sequence
from dataclasses import replace

from xaudit.config import Gate
from xaudit.records import MODEL_LEVEL, Interval, Status, Summary, Verdict
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.digits import shown
from xaudit.verdict.answers import REFUSING
from xaudit.verdict.findings import USE_RULE
from xaudit.verdict.limits import Result, Strictness, subjects_of, verdict_on, without_data
from xaudit.verdict.naming import named, over, several_readers


def gate_verdicts(
    own: Sequence[Summary], gate: Gate, model_id: str, *, explainers: Sequence[str], strictness: Strictness
) -> list[Verdict]:
    """Return the verdicts of one gate on one model, for each explainer and reader, and XA103 if a control passes too.

    A gate without a value, or with too few patients for the end that it uses, is an error (XA102).

    Args:
        own: the model's summaries.
        explainers: ids of those that are no controls; a gate that names none applies to each.
    """
    of_metric = [summary for summary in own if summary.metric_id == gate.metric]
    in_stratum = [summary for summary in of_metric if summary.stratum == gate.stratum]
    several = several_readers(in_stratum)
    subjects = subjects_of(gate, explainers)
    verdicts: list[Verdict] = []
    for subject in subjects:
        measured = [summary for summary in in_stratum if summary.explainer_id == subject]
        verdicts += [_verdict(summary, gate, strictness, several=several) for summary in measured]
        if not measured:
            others = [summary.stratum for summary in of_metric]
            verdicts.append(without_data(gate, model_id, subject, "no case has a value", others=others))
    if any(subject in explainers for subject in subjects):
        controls = [s for s in in_stratum if s.explainer_id not in (*explainers, MODEL_LEVEL)]
        verdicts += _uninformative(controls, gate, strictness, several=several)
    return [replace(verdict, gating=False) for verdict in verdicts] if gate.informational else verdicts


def missed_gates(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts that fail a run: gating ones that failed or had no value."""
    return [one for one in verdicts if one.gating and one.status != "pass"]


def finding_gate_verdicts(gate: Gate, model_id: str, findings: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts of a gate on a finding, one for each reader: passed if the finding holds.

    Args:
        findings: the findings about the model.
    """
    refused = [f.sentence.removeprefix(f"{model_id}: ") for f in findings if f.code in REFUSING]
    of_use = [] if refused else [finding for finding in findings if finding.rule == USE_RULE]
    gating = not gate.informational
    if not of_use:
        reason = refused[0] if refused else "no case has a value for reliance on a reader's mark"
        missing = without_data(gate, model_id, MODEL_LEVEL, reason)
        sentence = missing.sentence.replace(gate.metric, str(gate), 1)
        return [replace(missing, sentence=sentence, gating=gating)]
    return [
        replace(
            finding,
            code="XA102" if finding.status == "error" else "XA101",
            rule=str(gate),
            gating=gating,
            kind="gate",
        )
        for finding in of_use
    ]


def _verdict(summary: Summary, gate: Gate, strictness: Strictness, *, several: bool) -> Verdict:
    value, end = _judged(summary.interval, gate, strictness)
    figures = f"{gate.metric} of {named(summary, several)}: " + over(summary, beside=gate.value)
    code: str = "XA101"
    status: Status
    if value is None:
        code, status = "XA102", "error"
        sentence = f"{figures}; an interval needs at least {MIN_CLUSTERS}, and the gate uses its {end}"
    else:
        kept = _keeps(value, gate)
        status = "pass" if kept else "fail"
        relation = {
            (True, True): "reaches",
            (True, False): "is below",
            (False, True): "stays within",
            (False, False): "is above",
        }[gate.at_least, kept]
        limit = shown(gate.value, beside=gate.value)
        sentence = f"{figures}; its {end} {shown(value, beside=gate.value)} {relation} {limit}"
        if not kept and _keeps(summary.interval.estimate, gate):
            sentence += ", though its mean is not"
    return verdict_on(summary, gate, Result(code, status, sentence, value), several=several)


def _uninformative(
    controls: Sequence[Summary], gate: Gate, strictness: Strictness, *, several: bool
) -> list[Verdict]:
    """Return XA103 for each reader for whom a control passes the gate too, with the best such control."""
    best: dict[str, tuple[float, Summary]] = {}
    for summary in controls:
        value, _ = _judged(summary.interval, gate, strictness)
        if value is None or not _keeps(value, gate):
            continue
        lead = value if gate.at_least else -value
        if summary.reader not in best or lead > best[summary.reader][0]:
            best[summary.reader] = (lead, summary)
    return [
        verdict_on(
            summary,
            gate,
            Result(
                "XA103",
                "fail",
                f"the gate is uninformative: the control {named(summary, several)} passes it too, "
                f"{over(summary, beside=gate.value)}",
                lead if gate.at_least else -lead,
            ),
            several=several,
            gating=strictness.strict,
        )
        for lead, summary in best.values()
    ]


def _judged(interval: Interval, gate: Gate, strictness: Strictness) -> tuple[float | None, str]:
    """Return the number that the gate is compared with, and its name."""
    if strictness.gate_on == "mean":
        return interval.estimate, "mean"
    return (interval.low, "lower end") if gate.at_least else (interval.high, "upper end")


def _keeps(value: float, gate: Gate) -> bool:
    return value >= gate.value if gate.at_least else value <= gate.value
