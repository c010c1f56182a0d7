"""The verdict on each model, the worse of its gates and its findings, and the gates it rests on."""

from collections.abc import Sequence
from typing import Literal

from xaudit.records import Outcome, Status, Verdict
from xaudit.report.grid import Block, Cell, Column, Paragraph, Row, Section, Tone, grid, row
from xaudit.report.sections.stability import deciding_cell, without_one_patient
from xaudit.report.wording import unit_of
from xaudit.statistics.digits import shown
from xaudit.verdict import AREA_RULE, ONE_CLASS_RULE, TOO_FEW, USE_RULE, is_refused
from xaudit.verdict.data_gates import THE_DATA

LEADS: dict[Status, str] = {"pass": "PASS", "fail": "FAIL", "error": "ERROR"}
TONES: dict[Status, Tone] = {"pass": "good", "fail": "bad", "error": "bad"}

Judged = Literal["error", "fail", "warn", "note", "pass"]
_JUDGED: dict[Judged, tuple[str, Tone]] = {
    "error": ("ERROR", "bad"),
    "fail": ("FAIL", "bad"),
    "warn": ("WARN", "warn"),
    "note": ("NOTE", "plain"),
    "pass": ("PASS", "good"),
}
_OF_ANSWERS = ("XA204", "XA205", "XA206")
_OF_EVIDENCE = ("XA201", "XA202", "XA211", "XA212", "XA203", "XA207", "XA208", "XA209", "XA210", "XA213")
_NAMED_GATES = 3


def is_gate(verdict: Verdict) -> bool:
    """Return True if the verdict is about a gate."""
    return verdict.kind == "gate"


def is_explainer_finding(verdict: Verdict) -> bool:
    """Return True if the verdict is about the truth of one explainer's maps."""
    return verdict.code.startswith("XA3")


def is_about_answers(verdict: Verdict) -> bool:
    """Return True for what is wrong with a model's answers themselves, whatever they rest on."""
    return verdict.code in _OF_ANSWERS


def overall(outcome: Outcome, model_id: str) -> Status | None:
    """The worst of a model's gating verdicts, or None where nothing gates."""
    statuses = {v.status for v in outcome.verdicts if v.gating and v.model_id == model_id}
    for status in ("error", "fail", "pass"):
        if status in statuses:
            return status
    return None


def model_findings(outcome: Outcome, model_id: str) -> list[Verdict]:
    """Findings about a model, those about its answers first; what could not be decided about its evidence included.

    Sensitivity to the quality of the image (XA214) says how far an answer can be relied upon and not what it rests on: it
    stands in its own section, unless only one class was asked and it is not decided which of the two it is.
    """
    own = [v for v in outcome.verdicts if v.model_id == model_id and not is_gate(v)]
    answers = [v for v in own if v.code in _OF_ANSWERS]
    return [
        *answers,
        *(
            v
            for v in own
            if v.code in _OF_EVIDENCE
            or (v.code == "XA102" and v.rule in (USE_RULE, AREA_RULE))
            or v.rule == ONE_CLASS_RULE
        ),
    ]


def is_judged_by_mark(outcome: Outcome, model_id: str) -> bool:
    """Return False where the model's answers leave nothing to say about its evidence: swapped classes, one answer."""
    return not is_refused(outcome.verdicts, model_id)


def judged(outcome: Outcome, model_id: str) -> Judged:
    """The worse of a model's gates and its findings; the exit code is that of the gates alone."""
    status = overall(outcome, model_id)
    if status in ("error", "fail"):
        return status
    findings = model_findings(outcome, model_id)
    passes = any(v.code == "XA202" for v in findings)
    # Too few patients to exclude an effect that nothing shows is a caveat of a model that uses the mark, and no warning.
    if any(v.status != "pass" and not (passes and _is_caveat(v)) for v in findings):
        return "warn"
    return "note" if status is None else "pass"


def _is_caveat(verdict: Verdict) -> bool:
    few = verdict.code == "XA102" and verdict.rule == AREA_RULE
    return few or verdict.code == "XA208" or (verdict.code == "XA209" and TOO_FEW in verdict.sentence)


def verdict_section(outcome: Outcome) -> Section:
    """Say for each model what its gates and findings conclude, the failing ones first."""
    of_models = [model_verdict(outcome, model) for model in worst_first(outcome)]
    return Section("Verdict", (*data_verdicts(outcome), *of_models))


def data_verdicts(outcome: Outcome) -> list[Paragraph]:
    """Name the gates on the data that were missed, for each data set; nothing if all were kept."""
    missed: dict[str, list[Verdict]] = {}
    for verdict in outcome.verdicts:
        if is_gate(verdict) and verdict.gating and verdict.model_id not in outcome.model_ids:
            missed.setdefault(verdict.model_id, []).append(verdict)
    return [
        Paragraph(
            f"{subject}: {_gates_in_words(own, subject, alone=True)}",
            tone="bad",
            lead="FAIL" if any(v.status == "fail" for v in own) else "ERROR",
        )
        for subject, own in missed.items()
        if any(v.status != "pass" for v in own)
    ]


def worst_first(outcome: Outcome) -> list[str]:
    """The models, the failing ones first, then those with a warning."""
    order: dict[Judged, int] = {"error": 0, "fail": 0, "warn": 1, "note": 2, "pass": 3}
    return sorted(outcome.model_ids, key=lambda model: order[judged(outcome, model)])


def model_verdict(outcome: Outcome, model_id: str) -> Paragraph:
    """Say for one model what its gates and findings conclude; what is wrong with its answers comes first."""
    lead, tone = _JUDGED[judged(outcome, model_id)]
    first, *others = [
        text
        if verdict is None
        else " ".join(filter(None, (text, without_one_patient(verdict.stability), f"({verdict.code})")))
        for text, verdict in statements(outcome, model_id)
    ]
    parts = [first, *(f"{one[0].upper()}{one[1:]}" for one in others)]
    return Paragraph(f"{model_id}: {' '.join(parts)}", tone=tone, lead=lead)


def statements(outcome: Outcome, model_id: str) -> list[tuple[str, Verdict | None]]:
    """Return each sentence of the verdict on a model, and the finding that it states; None for those on its gates."""
    findings = model_findings(outcome, model_id)
    own = [v for v in outcome.verdicts if v.model_id == model_id and is_gate(v)]
    gates = [v for v in own if v.gating]
    if not gates and not findings:
        return [("no verdict. No gate was set, and no measure of this run leads to a finding.", None)]
    parts: list[tuple[str, Verdict | None]] = [(_sentence(v, model_id), v) for v in findings]
    parts.append((_gates_in_words(gates, model_id, alone=not findings), None))
    empty = list(dict.fromkeys(v.rule for v in own if v.code == "XA103" and not v.gating))
    if empty:
        text = f"A control that does not use the model passes {_some(empty)} too, so passing means little."
        parts.append((text, None))
    return parts


def _gates_in_words(gates: Sequence[Verdict], model_id: str, *, alone: bool) -> str:
    """Count the gates that were missed, and name them.

    Args:
        alone: nothing else is said, so the first missed one is explained.
    """
    missed = [v for v in gates if v.status != "pass"]
    if not gates:
        return "No gate was set."
    if not missed:
        return f"Gates: {len(gates)} of {len(gates)} passed."
    lead = f"Gates: {len(missed)} of {len(gates)} failed"
    if alone:
        return f"{lead}, the first: {_sentence(missed[0], model_id)} ({missed[0].code})"
    return f"{lead}: {_some(list(dict.fromkeys(v.rule for v in missed)))}."


def _some(names: Sequence[str]) -> str:
    """Name the first few, and count the others."""
    more = f" and {len(names) - _NAMED_GATES} more" if len(names) > _NAMED_GATES else ""
    return f"{', '.join(names[:_NAMED_GATES])}{more}"


def _sentence(verdict: Verdict, model_id: str) -> str:
    text = verdict.sentence.rstrip().removeprefix(f"{model_id}: ")
    return text if text.endswith((".", "!", "?")) else text + "."


def gates_section(outcome: Outcome, *, brief: bool = False) -> Section:
    """Every gate with the value it was held against, and why the missed ones were missed.

    Args:
        brief: leave out why a limit was missed, which the table shows.
    """
    gates = [v for v in outcome.verdicts if is_gate(v)]
    if not gates:
        text = "No gates. Add `gates:` to the audit file, or try `xaudit gate RUN --fail-under METRIC=VALUE`."
        return Section("Gates", (Paragraph(text, "dim"),))
    return section_of_gates(gates, unit_of(outcome), on_mean=outcome.gate_on == "mean", brief=brief)


def section_of_gates(gates: Sequence[Verdict], unit: str, *, on_mean: bool, brief: bool = False) -> Section:
    """Show gates with the values they were held against; ``unit`` is what the statistics count, such as ``patient``."""
    tried = any(v.stability is not None for v in gates)
    columns = [
        Column("model" if all(v.model_id != THE_DATA for v in gates) else "of"),
        Column("gate", wraps=True),
        Column("measured", numeric=True),
        Column(f"{unit}s", numeric=True),
        *([Column(f"deciding\n{unit}")] if tried else []),
        Column("result"),
    ]
    table = grid(columns, [_gate_row(v, tried=tried) for v in gates])
    legend = f"measured: {'the mean, as this audit asks' if on_mean else 'the end of the 95 % interval that is less favourable'}."
    if tried:
        legend += f" deciding {unit}: without whom alone the result would be another."
    missed: list[Block] = [
        Paragraph(f"{v.subject}: {v.sentence}" if v.model_id not in v.sentence else v.sentence, lead=v.code)
        for v in gates
        if v.status != "pass" and not (brief and v.code == "XA101")
    ]
    return Section("Gates", (table, *missed, Paragraph(legend, "dim")))


def _gate_row(verdict: Verdict, *, tried: bool) -> Row:
    measured = "no value"
    if verdict.value is not None:
        measured = shown(verdict.value, beside=verdict.threshold)
    result = "uninformative" if verdict.code == "XA103" else LEADS[verdict.status]
    if not verdict.gating and verdict.code != "XA103":
        result += " (informs only)"
    whom = verdict.subject.removeprefix(verdict.model_id).strip("/")
    gate = verdict.rule if not whom or f"@{whom}" in verdict.rule else f"{verdict.rule} ({whom})"
    return row(
        verdict.model_id,
        gate,
        measured,
        str(verdict.n_patients),
        *([deciding_cell(verdict)] if tried else []),
        Cell(result, TONES[verdict.status] if verdict.gating else "plain"),
    )
