"""The whole report in words and tables, in the order in which it is read."""

from xaudit.records import Outcome
from xaudit.report.category_section import categories_section
from xaudit.report.causal_section import causal_section
from xaudit.report.changed_sections import changed_section
from xaudit.report.checks_sections import checks_section, repeatability_section
from xaudit.report.closing_sections import notes_section, skipped_section, work_section
from xaudit.report.evaluation_section import evaluation_section
from xaudit.report.evidence_sections import localization_section, looks_section, truth_section
from xaudit.report.grid import Section
from xaudit.report.protocol_section import protocol_section
from xaudit.report.readers_section import readers_section
from xaudit.report.strata_section import planning_section, regression_section, strata_section
from xaudit.report.verdict_section import gates_section, verdict_section
from xaudit.report.wording import count, explained_images


def report_title(outcome: Outcome) -> str:
    """What was audited, in one line."""
    n_explainers = len(outcome.explainer_ids) - len(outcome.control_ids)
    return (
        f"xaudit: {outcome.name}, {count(len(outcome.model_ids), 'model')}, {count(n_explainers, 'explainer')}, "
        + explained_images(outcome)
    )


def report_sections(
    outcome: Outcome, *, folder: str = "", command: str = "", plain: bool = False
) -> list[Section]:
    """All sections of a finished run.

    Args:
        folder: where the run lies, as the reader would type it.
        command: what to type to have it again.
        plain: bars in ASCII.
    """
    sections = [
        verdict_section(outcome),
        gates_section(outcome),
        evaluation_section(outcome),
        categories_section(outcome),
        looks_section(outcome, plain=plain),
        truth_section(outcome),
        causal_section(outcome),
        localization_section(outcome),
        readers_section(outcome),
        protocol_section(outcome),
        strata_section(outcome),
        regression_section(outcome),
        planning_section(outcome),
        changed_section(outcome, "equivariance"),
        changed_section(outcome, "resolution"),
        checks_section(outcome),
        repeatability_section(outcome),
        skipped_section(outcome),
        notes_section(outcome),
        work_section(outcome, folder=folder, command=command),
    ]
    return [section for section in sections if section is not None]
