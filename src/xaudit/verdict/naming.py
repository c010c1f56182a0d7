"""Names of the subjects of verdicts, and the figures that verdicts quote."""

from collections.abc import Sequence

from xaudit.records import ALL_CASES, MODEL_LEVEL, Move, Summary
from xaudit.statistics.digits import counted, shown_interval


def several_readers(rows: Sequence[Summary | Move]) -> bool:
    """Return True if several readers' marks were used, so that a verdict must name the reader."""
    return len({row.reader for row in rows}) > 1


def subject_of(row: Summary | Move, several: bool) -> str:
    """Return ``model``, ``model/explainer`` or ``model/explainer/reader``."""
    parts = [row.model_id]
    if row.explainer_id != MODEL_LEVEL:
        parts.append(row.explainer_id)
    if several:
        parts.append(row.reader)
    return "/".join(parts)


def named(row: Summary | Move, several: bool) -> str:
    """Name the subject in words, with the stratum unless it is all cases."""
    name = in_words(row.model_id, row.explainer_id)
    apart = [f"reader {row.reader}"] * several + [row.stratum] * (row.stratum != ALL_CASES)
    return f"{name} ({', '.join(apart)})" if apart else name


def in_words(model_id: str, explainer_id: str) -> str:
    """Name a model, or an explainer on a model.

    Example:
        >>> in_words("resnet50", "lime"), in_words("resnet50", "-")
        ('lime on resnet50', 'resnet50')
    """
    return model_id if explainer_id == MODEL_LEVEL else f"{explainer_id} on {model_id}"


def over(summary: Summary, *, beside: float, estimate_too: bool = True) -> str:
    """Format a summary: estimate, interval and number of patients."""
    figures = shown_interval(summary.interval, beside=beside, estimate_too=estimate_too)
    return f"{figures} over {counted(summary.n_patients, summary.cluster)}"
