"""Why a part of the page is empty, from what the run asked and what came of it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from xaudit.catalog import CHECK_FAMILIES, METRICS
from xaudit.records import Comparison
from xaudit.report.grid import Section
from xaudit.report.sections.evidence import has_marks, has_model
from xaudit.report.sections.verdict import is_judged_by_mark
from xaudit.stages.outcome.reasons import giving_reasons
from xaudit.stages.views.report_material import ReportMaterial
from xaudit.verdict import in_words

_PARTS = (
    ("Strata, such as lesion size", "`statistics.strata` in the audit file"),
    ("Effect of coarser resolution", "`resolution: true`"),
    ("Effect of flipping, turning or shifting the image", "`equivariance: true`"),
)
_IN_VAIN = "requested, and no case has a value; the section 'Left out' gives the reasons."


def no_reasons(material: ReportMaterial, shown: Collection[str]) -> str:
    """Why some explainers, or all, have no count of right and wrong reasons; empty where each has one.

    Args:
        shown: models that have a table.
    """
    outcome = material.outcome
    giving = giving_reasons(outcome)
    names = [name for name in outcome.explainer_ids if name not in outcome.control_ids]
    missing = [model for model in outcome.model_ids if model not in shown]
    refused = [model for model in missing if not is_judged_by_mark(outcome, model)]
    texts = []
    if refused:
        texts.append(f"Not judged for {', '.join(refused)}, because of its answers: see the verdict.")
    if not has_marks(outcome):
        others = [model for model in missing if model not in refused]
        why = "none was given"
    else:
        silent = [
            in_words(model, name)
            for model in outcome.model_ids
            for name in names
            if model not in refused and (model, name) not in giving
        ]
        if silent:
            texts.append(
                f"Not said of {', '.join(silent)}: a map gives the reason of an answer only if its explainer is shown to show "
                "what the model uses."
            )
        others = [model for model in missing if any((model, name) in giving for name in names)]
        why = "no explained case has one with a map"
    if others:
        whose = "" if len(others) == len(outcome.model_ids) else f" for {', '.join(others)}"
        texts.append(f"Not measured{whose}: this needs explained cases with a reader’s mark, and {why}.")
    return " ".join(texts)


def no_pairs(material: ReportMaterial) -> str:
    """Why no two explainers are compared."""
    outcome = material.outcome
    n_explainers = len(outcome.explainer_ids) - len(outcome.control_ids)
    if n_explainers < 2:
        return f"Left out: it takes two explainers, and this run has {n_explainers or 'none'}."
    return (
        "Left out: it takes two explainers that were scored on the same cases with the same headline metric."
    )


def nothing_decided(comparisons: Sequence[Comparison]) -> str:
    """Say why no comparison decides anything."""
    same = all(one.conclusion == "same" for one in comparisons)
    few = all(one.difference is None or one.difference.low is None for one in comparisons)
    if same:
        return "All explainers have the same scores in every case."
    if few:
        return "Too few patients to tell any difference between two explainers from chance."
    return "No difference between two explainers is larger than chance may explain."


def not_asked(material: ReportMaterial, sections: Sequence[Section | None]) -> tuple[str, ...]:
    """Name the parts of the section on strata that the audit did not ask for, and how to ask."""
    return tuple(
        f"{what}: {how}."
        for place, (what, how) in enumerate(_PARTS)
        if sections[place] is None
        and not _asked(material.settings, place)
        and (place == 0 or has_model(material.outcome))
    )


def asked_in_vain(material: ReportMaterial, sections: Sequence[Section | None]) -> tuple[str, ...]:
    """Name the parts of the section on strata that the audit asked for and of which no case has a value."""
    return tuple(
        f"{what}: {_IN_VAIN}"
        for place, (what, _) in enumerate(_PARTS)
        if sections[place] is None and _asked(material.settings, place)
    )


def _asked(settings: Mapping[str, Any], place: int) -> bool:
    """Return True where the audit file asks for strata, resolution or equivariance."""
    if place == 0:
        return bool((settings.get("statistics") or {}).get("strata"))
    return bool(settings.get(("resolution", "equivariance")[place - 1]))


def no_sanity(material: ReportMaterial) -> str:
    """Why the section of checks is empty."""
    families = {row.id: row.family for row in METRICS}
    asked = [name for name in CHECK_FAMILIES if material.settings.get(name)]
    asked += ["complexity"] * any(
        families.get(name) == "complexity" for name in material.metric_names.values()
    )
    if asked:
        return f"No value of {', '.join(asked)}, which this audit asked for: the section 'Left out' gives the reasons."
    if not has_model(material.outcome):
        return (
            "Not assessed: sanity but for location-collapse, and robustness, have no model to ask; this audit asked for "
            "neither that nor complexity."
        )
    return "Not assessed: this audit asked for no metric of sanity, robustness or complexity."
