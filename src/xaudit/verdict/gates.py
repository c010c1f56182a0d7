"""Gates: limits that an audit sets on a summary, and whether they were kept.

Comparisons use unrounded numbers; the sentences show enough digits to tell a figure from the limit it was held
against.
"""

from collections.abc import Sequence
from dataclasses import replace

from xaudit.config import Gate
from xaudit.records import MODEL_LEVEL, Interval, Status, Summary, Verdict
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.digits import shown
from xaudit.verdict.answers import REFUSING
from xaudit.verdict.findings import USE_RULE
from xaudit.verdict.limits import Held, Strictness, asked_subjects, verdict_on, without_data
from xaudit.verdict.naming import named, over, several_readers


def gate_verdicts(
    own: Sequence[Summary], gate: Gate, model_id: str, *, asked: Sequence[str], strictness: Strictness
) -> list[Verdict]:
    """What one gate concludes about one model: a verdict for each explainer and reader, and XA103 where it fits.

    A gate without a value, or with too few patients for the end that it is held against, is an error (XA102).

    Args:
        own: the model's summaries.
        asked: ids of the explainers that are no controls; a gate that names none asks each.
    """
    of_metric = [summary for summary in own if summary.metric_id == gate.metric]
    in_stratum = [summary for summary in of_metric if summary.stratum == gate.stratum]
    several = several_readers(in_stratum)
    subjects = asked_subjects(gate, asked)
    verdicts: list[Verdict] = []
    for subject in subjects:
        found = [summary for summary in in_stratum if summary.explainer_id == subject]
        verdicts += [_held(summary, gate, strictness, several=several) for summary in found]
        if not found:
            others = [summary.stratum for summary in of_metric]
            verdicts.append(without_data(gate, model_id, subject, "no case has a value", others=others))
    if any(subject in asked for subject in subjects):
        controls = [s for s in in_stratum if s.explainer_id not in (*asked, MODEL_LEVEL)]
        verdicts += _uninformative(controls, gate, strictness, several=several)
    return [replace(verdict, gating=False) for verdict in verdicts] if gate.informational else verdicts


def missed_gates(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts that fail a run: gating ones that failed or had no value."""
    return [one for one in verdicts if one.gating and one.status != "pass"]


def finding_gate_verdicts(gate: Gate, model_id: str, said: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts of a gate that asks for a finding, one for each reader: kept where the finding holds.

    Args:
        said: the findings about the model.
    """
    refused = [one.sentence.removeprefix(f"{model_id}: ") for one in said if one.code in REFUSING]
    asked = [] if refused else [one for one in said if one.rule == USE_RULE]
    gating = not gate.informational
    if not asked:
        reason = refused[0] if refused else "no case has a value for reliance on a reader's mark"
        missing = without_data(gate, model_id, MODEL_LEVEL, reason)
        sentence = missing.sentence.replace(gate.metric, str(gate), 1)
        return [replace(missing, sentence=sentence, gating=gating)]
    return [
        replace(
            one,
            code="XA102" if one.status == "error" else "XA101",
            rule=str(gate),
            gating=gating,
            kind="gate",
        )
        for one in asked
    ]


def _held(summary: Summary, gate: Gate, strictness: Strictness, *, several: bool) -> Verdict:
    value, end = _judged(summary.interval, gate, strictness)
    figures = f"{gate.metric} of {named(summary, several)}: " + over(summary, beside=gate.value)
    code: str = "XA101"
    status: Status
    if value is None:
        code, status = "XA102", "error"
        sentence = f"{figures}; an interval needs at least {MIN_CLUSTERS}, and the gate asks for its {end}"
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
    return verdict_on(summary, gate, Held(code, status, sentence, value), several=several)


def _uninformative(
    controls: Sequence[Summary], gate: Gate, strictness: Strictness, *, several: bool
) -> list[Verdict]:
    """XA103 for each reader against whom a control keeps the gate too: the one that keeps it best."""
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
            Held(
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
    """The number that the gate is held against, and what it is called."""
    if strictness.gate_on == "mean":
        return interval.estimate, "mean"
    return (interval.low, "lower end") if gate.at_least else (interval.high, "upper end")


def _keeps(value: float, gate: Gate) -> bool:
    return value >= gate.value if gate.at_least else value <= gate.value
