"""Gates: limits that an audit sets on a summary, and whether they were kept.

Comparisons use unrounded numbers; the sentences show enough digits to tell a figure from the limit it was held
against.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from xaudit.catalog import METRICS, asks_model_of_change
from xaudit.config import Gate, MaxDrop
from xaudit.records import ALL_CASES, MODEL_LEVEL, Interval, Status, Summary, Verdict
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.digits import shown
from xaudit.verdict.naming import in_words, named, over, several_readers, subject_of

_FAMILIES = {row.id: row.family for row in METRICS}


@dataclass(frozen=True, slots=True)
class Strictness:
    """How hard gates are to pass.

    Attributes:
        gate_on: ``lower`` holds a gate against the unfavourable end of the interval, ``mean`` against the estimate.
        strict: whether a gate that a control keeps too fails the run, as it tells nothing.
    """

    gate_on: Literal["lower", "mean"] = "lower"
    strict: bool = False


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
            verdicts.append(_without_data(gate, model_id, subject, _other_strata(of_metric, gate)))
    if any(subject in asked for subject in subjects):
        controls = [s for s in in_stratum if s.explainer_id not in (*asked, MODEL_LEVEL)]
        verdicts += _uninformative(controls, gate, strictness, several=several)
    return [replace(verdict, gating=False) for verdict in verdicts] if gate.informational else verdicts


def asked_subjects(limit: Gate | MaxDrop, asked: Sequence[str]) -> Sequence[str]:
    """Whom a limit is about: the explainer it names, the model itself, or every explainer that is no control."""
    if _FAMILIES.get(limit.metric) == "reliance" or asks_model_of_change(limit.metric):
        return (MODEL_LEVEL,)
    if limit.subject is not None:
        return (limit.subject,)
    return asked or (MODEL_LEVEL,)


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
    return Verdict(
        code=code,
        status=status,
        model_id=summary.model_id,
        subject=subject_of(summary, several),
        rule=str(gate),
        sentence=sentence,
        value=value,
        threshold=gate.value,
        n_patients=summary.n_patients,
        kind="gate",
    )


def _without_data(gate: Gate, model_id: str, explainer_id: str, others: Sequence[str]) -> Verdict:
    subject = model_id if explainer_id == MODEL_LEVEL else f"{model_id}/{explainer_id}"
    whom = in_words(model_id, explainer_id)
    if gate.stratum != ALL_CASES:
        whom += f" ({gate.stratum})"
    instead = f"; there are values for {', '.join(others)}" if others else ""
    return Verdict(
        code="XA102",
        status="error",
        model_id=model_id,
        subject=subject,
        rule=str(gate),
        sentence=f"{gate.metric} of {whom}: no case has a value{instead}",
        threshold=gate.value,
        kind="gate",
    )


def _other_strata(of_metric: Iterable[Summary], gate: Gate) -> list[str]:
    """What a gate on a stratum without data might have meant."""
    if gate.stratum == ALL_CASES:
        return []
    return sorted({f"%{summary.stratum}" for summary in of_metric if summary.stratum != ALL_CASES})


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
        Verdict(
            code="XA103",
            status="fail",
            model_id=summary.model_id,
            subject=subject_of(summary, several),
            rule=str(gate),
            sentence=(
                f"the gate is uninformative: the control {named(summary, several)} passes it too, "
                f"{over(summary, beside=gate.value)}"
            ),
            value=lead if gate.at_least else -lead,
            threshold=gate.value,
            n_patients=summary.n_patients,
            gating=strictness.strict,
            kind="gate",
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
