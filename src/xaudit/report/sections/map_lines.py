"""Lines of a table of maps: explainers first, then controls; those made of maps share a line."""

from collections.abc import Iterable
from dataclasses import dataclass

from xaudit.catalog import METRICS
from xaudit.records import Outcome, Summary


@dataclass(frozen=True, slots=True)
class MapLine:
    """A line of a table of maps.

    Attributes:
        ids: one explainer or control, or a control that each explainer has its own of.
    """

    label: str
    ids: tuple[str, ...]
    is_control: bool


def explainers_of(outcome: Outcome, model: str) -> list[str]:
    """The explainers that one model has maps of, in the audit's order.

    Where an audit holds models that are not here, each has maps of its own explainers only.
    """
    there = {one.explainer_id for one in outcome.summaries if one.model_id == model}
    return [
        name
        for name in outcome.explainer_ids
        if name not in outcome.control_ids and (name in there or not outcome.external_ids)
    ]


def map_lines(outcome: Outcome, model: str | None = None) -> list[MapLine]:
    """Explainers, then controls, in the audit's order; a control made of maps stands once, for all explainers.

    Args:
        model: only the explainers of this one; None for those of all.
    """
    explainers = [name for name in outcome.explainer_ids if name not in outcome.control_ids]
    shown = explainers if model is None else explainers_of(outcome, model)
    lines = [MapLine(name, (name,), is_control=False) for name in shown]
    groups: dict[str, list[str]] = {}
    for name in outcome.explainer_ids:
        if name in outcome.control_ids:
            groups.setdefault(_shared_name(name, explainers), []).append(name)
    return [*lines, *(MapLine(label, tuple(ids), is_control=True) for label, ids in groups.items())]


def shown_summary(found: Iterable[Summary | None]) -> Summary | None:
    """The best of several summaries of one metric; None where none is known, or where the metric has no direction.

    Of the controls of one kind the best is the level to beat, whichever explainer it was made of.
    """
    known = [summary for summary in found if summary is not None]
    if len(known) < 2:
        return known[0] if known else None
    row = METRICS.by_id.get(known[0].metric_id)
    higher = None if row is None else row.higher_is_better
    if higher is None:
        return None
    return (max if higher else min)(known, key=lambda summary: summary.interval.estimate)


def _shared_name(control: str, explainers: Iterable[str]) -> str:
    """Return the name that controls of one kind share: ``mean-map`` of ``gradcam.mean-map``."""
    owners = [name for name in explainers if control.startswith(f"{name}.")]
    return control[len(max(owners, key=len)) + 1 :] if owners else control
