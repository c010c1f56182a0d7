"""How verdicts name what they are about, and the figures they rest on."""

from collections.abc import Sequence

from xaudit.records import ALL_CASES, MODEL_LEVEL, Move, Summary
from xaudit.statistics.digits import counted, shown_interval


def several_readers(found: Sequence[Summary | Move]) -> bool:
    """Whether more than one reader's marks were used, so that a verdict must say whose."""
    return len({one.reader for one in found}) > 1


def subject_of(found: Summary | Move, several: bool) -> str:
    """``model``, ``model/explainer`` or ``model/explainer/reader``."""
    parts = [found.model_id]
    if found.explainer_id != MODEL_LEVEL:
        parts.append(found.explainer_id)
    if several:
        parts.append(found.reader)
    return "/".join(parts)


def named(found: Summary | Move, several: bool) -> str:
    """The same in words, with the part of the cases where it is not all of them."""
    name = in_words(found.model_id, found.explainer_id)
    apart = [f"reader {found.reader}"] * several + [found.stratum] * (found.stratum != ALL_CASES)
    return f"{name} ({', '.join(apart)})" if apart else name


def in_words(model_id: str, explainer_id: str) -> str:
    """A model, or an explainer on a model.

    Example:
        >>> in_words("resnet50", "lime"), in_words("resnet50", "-")
        ('lime on resnet50', 'resnet50')
    """
    return model_id if explainer_id == MODEL_LEVEL else f"{explainer_id} on {model_id}"


def over(summary: Summary, *, beside: float, estimate_too: bool = True) -> str:
    """The figures of a summary: estimate, interval and how many patients they rest on."""
    figures = shown_interval(summary.interval, beside=beside, estimate_too=estimate_too)
    return f"{figures} over {counted(summary.n_patients, summary.cluster)}"
