"""The whole report in words and tables, in the order in which it is read."""

from xaudit.records import Outcome
from xaudit.report.grid import Section
from xaudit.report.sections.by_class import by_class_section
from xaudit.report.sections.by_infill import by_infill_section
from xaudit.report.sections.category import categories_section
from xaudit.report.sections.causal import causal_section
from xaudit.report.sections.changed import changed_section
from xaudit.report.sections.checks import checks_section, repeatability_section
from xaudit.report.sections.closing import notes_section, skipped_section, work_section
from xaudit.report.sections.data_audit.in_run import data_section
from xaudit.report.sections.evaluation import evaluation_section
from xaudit.report.sections.evidence import localization_section, looks_section
from xaudit.report.sections.explainers import advice_section
from xaudit.report.sections.image_properties import image_section
from xaudit.report.sections.maps.map_clusters import clusters_section
from xaudit.report.sections.protocol import protocol_section
from xaudit.report.sections.readers import readers_section
from xaudit.report.sections.reliance_areas import areas_section
from xaudit.report.sections.strata import planning_section, regression_section, strata_section
from xaudit.report.sections.verdict import gates_section, verdict_section
from xaudit.report.wording import count, explained_images


def report_title(outcome: Outcome) -> str:
    """Name the audit, its models, explainers and images in one line."""
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
        areas_section(outcome, plain=plain),
        looks_section(outcome, plain=plain),
        image_section(outcome),
        advice_section(outcome),
        by_class_section(outcome),
        by_infill_section(outcome),
        causal_section(outcome),
        localization_section(outcome),
        readers_section(outcome),
        protocol_section(outcome),
        categories_section(outcome),
        clusters_section(outcome),
        strata_section(outcome),
        regression_section(outcome),
        planning_section(outcome),
        changed_section(outcome, "equivariance"),
        changed_section(outcome, "resolution"),
        checks_section(outcome),
        repeatability_section(outcome),
        data_section(outcome),
        skipped_section(outcome),
        notes_section(outcome),
        work_section(outcome, folder=folder, command=command),
    ]
    return [section for section in sections if section is not None]
