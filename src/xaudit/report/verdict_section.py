"""The verdict in one sentence per model, and the gates it rests on."""

from xaudit.records import Outcome, Status, Verdict
from xaudit.report.grid import Block, Cell, Column, Paragraph, Row, Section, Tone, grid, row
from xaudit.report.wording import count
from xaudit.statistics.digits import shown

LEADS: dict[Status, str] = {"pass": "PASS", "fail": "FAIL", "error": "ERROR"}
TONES: dict[Status, Tone] = {"pass": "good", "fail": "bad", "error": "bad"}
_MODEL_FINDINGS = ("XA201", "XA202")


def is_gate(verdict: Verdict) -> bool:
    """Whether it is about a limit that somebody set."""
    return verdict.kind == "gate"


def is_explainer_finding(verdict: Verdict) -> bool:
    """Whether it is about how far one explainer can be believed."""
    return verdict.code.startswith("XA3")


def overall(outcome: Outcome, model_id: str) -> Status | None:
    """The worst of a model's gating verdicts, or None where nothing gates."""
    statuses = {v.status for v in outcome.verdicts if v.gating and v.model_id == model_id}
    for status in ("error", "fail", "pass"):
        if status in statuses:
            return status
    return None


def verdict_section(outcome: Outcome) -> Section:
    """One sentence per model, the failing ones first; then what the run was."""
    return Section("Verdict", tuple(model_verdict(outcome, model) for model in worst_first(outcome)))


def worst_first(outcome: Outcome) -> list[str]:
    """The models, the failing ones first."""
    order = {"error": 0, "fail": 0, None: 1, "pass": 2}
    return sorted(outcome.model_ids, key=lambda model: order[overall(outcome, model)])


def model_verdict(outcome: Outcome, model_id: str) -> Paragraph:
    """What is to be said of one model in one sentence, which begins with its id."""
    status = overall(outcome, model_id)
    lead = "NOTE" if status is None else LEADS[status]
    tone: Tone = "plain" if status is None else TONES[status]
    mine = [v for v in outcome.verdicts if v.model_id == model_id]
    said = [v for v in mine if v.code in _MODEL_FINDINGS]
    gates = [v for v in mine if v.gating and is_gate(v)]
    missed = [v for v in gates if v.status != "pass"]
    if not said and missed:
        said, missed = missed[:1], missed[1:]
    if said:
        text = " ".join(_sentence(v) for v in said)
    elif gates:
        text = f"{count(len(gates), 'gate')} passed."
    else:
        text = "no gate was set and nothing was found to judge."
    return Paragraph(_about(model_id, text), tone=tone, lead=lead)


def _about(model_id: str, text: str) -> str:
    return text if text.startswith(model_id) else f"{model_id}: {text}"


def _sentence(verdict: Verdict) -> str:
    text = verdict.sentence.rstrip()
    text = text if text.endswith((".", "!", "?")) else text + "."
    return f"{text} ({verdict.code})"


def gates_section(outcome: Outcome, *, brief: bool = False) -> Section:
    """Every gate with the value it was held against, and why the missed ones were missed.

    Args:
        brief: leave out why a limit was missed, which the table shows.
    """
    gates = [v for v in outcome.verdicts if is_gate(v)]
    if not gates:
        text = "None were set: add `gates:` to the audit file, or try `xaudit gate RUN --fail-under METRIC=VALUE`."
        return Section("Gates", (Paragraph(text, "dim"),))
    table = grid(
        [
            Column("model"),
            Column("gate", wraps=True),
            Column("measured", numeric=True),
            Column("patients", numeric=True),
            Column("result"),
        ],
        [_gate_row(v) for v in gates],
    )
    legend = (
        "measured: the unfavourable end of the interval, or its middle where the audit gates on the mean."
    )
    missed: list[Block] = [
        Paragraph(f"{v.subject}: {v.sentence}" if v.model_id not in v.sentence else v.sentence, lead=v.code)
        for v in gates
        if v.status != "pass" and not (brief and v.code == "XA101")
    ]
    return Section("Gates", (table, *missed, Paragraph(legend, "dim")))


def _gate_row(verdict: Verdict) -> Row:
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
        Cell(result, TONES[verdict.status] if verdict.gating else "plain"),
    )
