"""A calibration in the report of a run: its sentences, and what explainers show where the evidence is known."""

from xaudit.records import Calibration, ExplainerOnPlant
from xaudit.report.grid import Paragraph, Section
from xaudit.report.sections.calibration.explainers import sentence
from xaudit.report.sections.calibration.sentences import headlines

TITLE = "How often this audit would be right"


def calibration_summary(calibration: Calibration) -> Section:
    """Return a sentence for each model and explainer, and where the tables are."""
    by_name: dict[tuple[str, str, str], list[ExplainerOnPlant]] = {}
    for one in calibration.explainers:
        by_name.setdefault((one.judgement.model_id, one.plant, one.judgement.explainer_id), []).append(one)
    return Section(
        TITLE,
        (
            *(Paragraph(f"{text}.", "strong") for text in headlines(calibration)),
            *(Paragraph(sentence(own)) for own in by_name.values()),
            Paragraph(
                f"From the calibration {calibration.run_id}: known evidence was planted into the images of this audit, and audits of "
                "patients drawn anew were judged. Its folder holds all tables. Without a plant, failures of an honest model "
                "are false alarms.",
                "dim",
            ),
        ),
    )
