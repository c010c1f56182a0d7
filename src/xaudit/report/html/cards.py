"""Cards at the head of the page: the verdict on each model in words, with its accuracy, gates and pictures."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from xaudit.records import Outcome, Verdict
from xaudit.report.grid import Paragraph, Tone
from xaudit.report.html.reliance_part import ReliancePart
from xaudit.report.sections.evaluation import shown_evaluations
from xaudit.report.sections.stability import not_tried, other_changes, without_one_patient
from xaudit.report.sections.verdict import (
    LEADS,
    TONES,
    data_verdicts,
    is_gate,
    model_verdict,
    statements,
    worst_first,
)
from xaudit.report.wording import MEASURE_WORDS, count, interval
from xaudit.statistics.digits import shown

_MOST_GATES = 6
_TABLES = {
    **dict.fromkeys(("XA204", "XA205", "XA206"), ("answers", "right and wrong answers")),
    **dict.fromkeys(("XA207", "XA208", "XA209"), ("areas", "areas and maps")),
    **dict.fromkeys(("XA210",), ("looks", "regions by class")),
    **dict.fromkeys(("XA203",), ("strata", "changed images")),
}
_REGIONS = ("looks", "table of regions")


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim of a verdict.

    Attributes:
        figures: the numbers behind the claim; may be empty.
        code: of the finding; empty for a sentence about gates.
        rests_on: anchor and words of the part of the page with the numbers; None for a sentence about gates.
        stability: the changes under which the verdict holds.
        deciding: patients without whom alone it would be another.
    """

    claim: str
    figures: str
    code: str = ""
    rests_on: tuple[str, str] | None = None
    stability: str = ""
    deciding: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateLine:
    """A gate with its result."""

    tone: Tone
    result: str
    rule: str
    measured: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one model, or on a data set, with what stands beside it.

    Attributes:
        statements: what decides first, then each further finding, and the gates.
        accuracy: name and value of each measure of its answers.
        about: images and patients of the measures.
        more_gates: number of gates that only the table holds.
    """

    model_id: str
    word: str
    tone: Tone
    statements: tuple[Statement, ...]
    reliance: ReliancePart | None = None
    accuracy: tuple[tuple[str, str], ...] = ()
    about: str = ""
    gates: tuple[GateLine, ...] = ()
    more_gates: int = 0


def judgements(outcome: Outcome, reliance: Mapping[str, ReliancePart]) -> tuple[Judgement, ...]:
    """Return the cards of the data sets that missed a gate, then those of the models, the failing ones first."""
    of_data = [_of_data(said) for said in data_verdicts(outcome)]
    return (*of_data, *(_of_model(outcome, model, reliance.get(model)) for model in worst_first(outcome)))


def _of_data(said: Paragraph) -> Judgement:
    subject, _, sentence = said.text.partition(": ")
    return Judgement(subject, said.lead, said.tone, (_statement(sentence, None),))


def _of_model(outcome: Outcome, model: str, reliance: ReliancePart | None) -> Judgement:
    said = model_verdict(outcome, model)
    gates = [v for v in outcome.verdicts if v.model_id == model and is_gate(v)]
    gates.sort(key=lambda v: (v.status == "pass", not v.gating))
    accuracy, about = _accuracy(outcome, model)
    said_of = statements(outcome, model)
    # The card lists the gates, so a sentence that counts them stands there only where there is nothing else to say.
    texts = [one for one in said_of if one[1] is not None or not one[0].startswith("Gates: ")] or said_of
    return Judgement(
        model,
        said.lead,
        said.tone,
        tuple(_statement(text, verdict) for text, verdict in texts),
        reliance,
        accuracy,
        about,
        tuple(_gate_line(v) for v in gates[:_MOST_GATES]),
        max(0, len(gates) - _MOST_GATES),
    )


def _accuracy(outcome: Outcome, model: str) -> tuple[tuple[tuple[str, str], ...], str]:
    own = [one for one in shown_evaluations(outcome) if one.model_id == model]
    if not own:
        return (), ""
    first = own[0]
    unit = count(first.n_patients, "patient") if first.patients_known else "patients unknown"
    names = [name for name in ("accuracy", "sensitivity", "specificity") if name in first.measures]
    measures = tuple((MEASURE_WORDS.get(name, name), interval(first.measures[name])) for name in names)
    return measures, f"{count(first.n_cases, f'{first.split} image')}, {unit}"


def _gate_line(verdict: Verdict) -> GateLine:
    measured = "no value" if verdict.value is None else shown(verdict.value, beside=verdict.threshold)
    whom = verdict.subject.removeprefix(verdict.model_id).strip("/")
    rule = verdict.rule if not whom or f"@{whom}" in verdict.rule else f"{verdict.rule} ({whom})"
    if verdict.code == "XA103":
        return GateLine("warn", "uninformative", rule, measured)
    result = LEADS[verdict.status] + ("" if verdict.gating else " (informs only)")
    return GateLine(TONES[verdict.status] if verdict.gating else "plain", result, rule, measured)


def _statement(text: str, verdict: Verdict | None) -> Statement:
    """Part a sentence into its claim and the numbers behind it.

    Example:
        >>> _statement("uses the mark. Hiding it lowers P(cancer) by 0.5 (9 patients).", None).claim
        'The model uses the mark.'
    """
    claim, figures = _first_sentence(text)
    claim = f"The model {claim}" if claim.startswith("uses ") else claim[:1].upper() + claim[1:]
    if verdict is None:
        return Statement(claim, figures)
    known = verdict.stability
    words = (without_one_patient(known), not_tried(known), other_changes(known))
    return Statement(
        claim,
        figures,
        verdict.code,
        _TABLES.get(verdict.code, _REGIONS),
        " ".join(filter(None, words)),
        () if known is None else known.deciding,
    )


def _first_sentence(text: str) -> tuple[str, str]:
    end = re.search(r"(?<=[.!?]) (?=[A-Z'])", text)
    return (text, "") if end is None else (text[: end.start()], text[end.end() :])
