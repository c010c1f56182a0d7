"""Subjects, strictness and verdicts of limits, which gates and largest drops share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from xaudit.catalog import METRICS, MODEL_FAMILIES, asks_model_of_change, region_family
from xaudit.config import Gate, MaxDrop
from xaudit.records import ALL_CASES, MODEL_LEVEL, Move, Status, Summary, Verdict
from xaudit.verdict.naming import in_words, subject_of

_FAMILIES = {row.id: row.family for row in METRICS}


@dataclass(frozen=True, slots=True)
class Strictness:
    """The strictness of gates.

    Attributes:
        gate_on: ``lower`` compares a gate with the unfavourable end of the interval, ``mean`` with the estimate.
        strict: True if a gate that a control passes too fails the run, as it tells nothing.
    """

    gate_on: Literal["lower", "mean"] = "lower"
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """The result of comparing one figure with a limit.

    Attributes:
        code: XA102 if the figure is missing.
        value: the figure.
    """

    code: str
    status: Status
    sentence: str
    value: float | None


def subjects_of(limit: Gate | MaxDrop, explainers: Sequence[str]) -> Sequence[str]:
    """Return the subjects of a limit: the explainer it names, the model itself, or all ``explainers``."""
    row = METRICS.by_id.get(limit.metric)
    family = region_family(limit.metric) if row is None else row.family
    if family in MODEL_FAMILIES or asks_model_of_change(limit.metric):
        return (MODEL_LEVEL,)
    if limit.subject is not None:
        return (limit.subject,)
    return explainers or (MODEL_LEVEL,)


def verdict_on(
    row: Summary | Move, limit: Gate | MaxDrop, result: Result, *, several: bool, gating: bool = True
) -> Verdict:
    """Return the verdict of one limit on one summary or move.

    Args:
        several: True to name the reader.
    """
    return Verdict(
        code=result.code,
        status=result.status,
        model_id=row.model_id,
        subject=subject_of(row, several),
        rule=str(limit),
        sentence=result.sentence,
        value=result.value,
        threshold=limit.value,
        n_patients=row.n_patients,
        gating=gating,
        kind="gate",
    )


def without_data(
    limit: Gate | MaxDrop, model_id: str, explainer_id: str, reason: str, *, others: Iterable[str] = ()
) -> Verdict:
    """Return XA102 for a limit without a value.

    Args:
        others: strata that have a value, which a limit on a stratum might have meant.
    """
    subject = in_words(model_id, explainer_id)
    alternatives = ""
    if limit.stratum != ALL_CASES:
        subject += f" ({limit.stratum})"
        known = ", ".join(sorted({f"%{other}" for other in others if other != ALL_CASES}))
        alternatives = f"; there are values for {known}" if known else ""
    return Verdict(
        code="XA102",
        status="error",
        model_id=model_id,
        subject=model_id if explainer_id == MODEL_LEVEL else f"{model_id}/{explainer_id}",
        rule=str(limit),
        sentence=f"{limit.metric} of {subject}: {reason}{alternatives}",
        threshold=limit.value,
        kind="gate",
    )
