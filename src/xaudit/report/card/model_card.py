"""A finished run as a model card: what it says of the models, and what nobody has assessed."""

from collections.abc import Sequence

from xaudit.records import Calibration, Outcome
from xaudit.report.card.checklists import (
    CLAIM,
    CLAIM_SOURCE,
    CRITERIA_SOURCE,
    FDA_CRITERIA,
    NOT_ASSESSED,
    Item,
    Manifest,
)
from xaudit.report.files.markdown import escaped, markdown_section
from xaudit.report.grid import Cell, Column, Paragraph, Row, Section, Tone, grid, row
from xaudit.report.sections.calibration.in_run import TITLE, calibration_summary
from xaudit.report.sections.closing import notes_section, skipped_section
from xaudit.report.sections.evaluation import evaluation_section
from xaudit.report.sections.evidence import looks_section
from xaudit.report.sections.first_screen import explainers_section
from xaudit.report.sections.strata import strata_section
from xaudit.report.sections.verdict import gates_section, verdict_section

_SOURCES = {"Criteria for explanations": CRITERIA_SOURCE, "CLAIM": CLAIM_SOURCE}
_TO_WRITE = f"{NOT_ASSESSED}: for whoever releases the model to write"


def model_card(outcome: Outcome, manifest: Manifest, calibration: Calibration | None = None) -> str:
    """The card as Markdown.

    Every number is one of the run's; whatever the run holds nothing about is called not assessed, never left out.

    Args:
        manifest: the run's ``manifest.json``, and under ``audit`` its audit file, where that is known.
        calibration: how often an audit such as this run would be right, if that was measured.

    Source: Mitchell et al. 2019, Model cards for model reporting, for the order of the parts.
    """
    sections = [
        _details(outcome, manifest),
        _words("Intended use", _TO_WRITE),
        evaluation_section(outcome),
        verdict_section(outcome),
        gates_section(outcome),
        _words(TITLE, f"{NOT_ASSESSED}: `xaudit calibrate` measures it, and `--calibration` shows it here")
        if calibration is None
        else calibration_summary(calibration),
        looks_section(outcome),
        explainers_section(outcome),
        strata_section(outcome)
        or _words("Strata", f"{NOT_ASSESSED}: `statistics.strata` in the audit file asks for them"),
        skipped_section(outcome),
        notes_section(outcome),
        _checklist("Criteria for explanations", FDA_CRITERIA, outcome, manifest),
        _checklist("CLAIM", CLAIM, outcome, manifest),
        _words("Ethical considerations", _TO_WRITE),
    ]
    parts = [f"# Model card: {escaped(', '.join(outcome.model_ids))}"]
    parts += [markdown_section(section) for section in sections if section is not None]
    return "\n\n".join(parts) + "\n"


def _details(outcome: Outcome, manifest: Manifest) -> Section:
    weights = manifest.get("checksums", {}).get("weights", {})
    lines = [row(model, str(weights.get(model, "unknown"))[:16]) for model in outcome.model_ids]
    text = (
        f"From run {outcome.run_id} of the audit {outcome.name}, seed {manifest.get('seed', 'unknown')}. "
        f"Architecture, training and data are described in the run folder's audit.resolved.yaml; versions and checksums "
        "in its manifest.json."
    )
    return Section("Models", (grid(["model", "final weights (SHA-256, first 16)"], lines), Paragraph(text)))


def _words(title: str, text: str) -> Section:
    return Section(title, (Paragraph(text),))


def _checklist(title: str, items: Sequence[Item], outcome: Outcome, manifest: Manifest) -> Section:
    rows = []
    for item in items:
        answer = item.answer(outcome, manifest)
        tone: Tone = "dim" if answer.startswith(NOT_ASSESSED) else "plain"
        rows.append(Row((Cell(item.number), Cell(item.asks), Cell(answer, tone))))
    n_answered = sum(not line.cells[2].text.startswith(NOT_ASSESSED) for line in rows)
    table = grid([Column("item"), Column("asks for"), Column("this run", wraps=True)], rows)
    text = f"{n_answered} of {len(items)} have an answer in this run; an answer is no judgement that it suffices."
    return Section(title, (table, Paragraph(text, "dim"), Paragraph(_SOURCES[title], "dim")))
