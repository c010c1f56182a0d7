"""The study in words, for the head of the page."""

import re

from xaudit.report.sections.evaluation import shown_evaluations
from xaudit.report.wording import count, explained_images
from xaudit.stages.views.report_material import ReportMaterial

_MOST_NAMES = 4


def study_name(name: str) -> str:
    """Write an audit's name as words, with a capital.

    Example:
        >>> study_name("chest_xray-nodules"), study_name("COVID-19")
        ('Chest xray nodules', 'COVID-19')
    """
    words = re.sub(r"(?<=[a-z0-9])[-_](?=[a-z])", " ", name)
    return words[:1].upper() + words[1:]


def study_in_words(material: ReportMaterial) -> str:
    """Say what the models tell apart, on how many images, and which explainers were audited."""
    outcome = material.outcome
    tested = shown_evaluations(outcome)
    classes = list(dict.fromkeys(name for one in tested for name in one.class_names))
    names = [name for name in outcome.explainer_ids if name not in outcome.control_ids]
    models = count(len(outcome.model_ids), "model")
    if 1 < len(classes) <= _MOST_NAMES:
        tell = "tells" if len(outcome.model_ids) == 1 else "tell"
        models += f" that {tell} {classes[0]} from {_listed(classes[1:], 'and')}"
    explained = f"{count(len(names), 'explainer')}" + (
        f" ({', '.join(names)})" if 0 < len(names) <= _MOST_NAMES else ""
    )
    return f"{models}, {explained}, {explained_images(outcome)}."


def _listed(names: list[str], word: str) -> str:
    return f" {word} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
