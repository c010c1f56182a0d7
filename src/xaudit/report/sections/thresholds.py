"""Tuned thresholds of binary maps, and the number of cases that they were tuned on."""

from collections.abc import Sequence

from xaudit.records import Outcome, TunedThreshold
from xaudit.report.grid import Block, Paragraph
from xaudit.report.wording import count
from xaudit.statistics.digits import shown


def thresholds_blocks(outcome: Outcome) -> list[Block]:
    """Below the table of scores, per model: each explainer's threshold for each class; nothing without tuned ones."""
    known = all(summary.cluster == "patient" for summary in outcome.summaries)
    return [
        Paragraph(_line(model, own, patients_known=known), "dim")
        for model in outcome.model_ids
        if (own := [one for one in outcome.thresholds if one.model_id == model])
    ]


def _line(model: str, own: Sequence[TunedThreshold], *, patients_known: bool) -> str:
    by_explainer: dict[str, list[TunedThreshold]] = {}
    for one in own:
        by_explainer.setdefault(one.explainer_id, []).append(one)
    chosen = "; ".join(
        f"{name} {', '.join(_one(one, patients_known=patients_known) for one in tuned)}"
        for name, tuned in by_explainer.items()
    )
    return (
        f"{model}: `binarisation: tuned` chose the threshold, a share of the map's range, with the best mean IoU on the "
        f"split {own[0].split}, whose cases are not scored here: {chosen}."
    )


def _one(tuned: TunedThreshold, *, patients_known: bool) -> str:
    basis = count(tuned.n_cases, "case")
    if patients_known:
        basis += f" of {count(tuned.n_patients, 'patient')}"
    return f"{shown(tuned.threshold)} for '{tuned.target}' (mean IoU {shown(tuned.iou)}, {basis})"
