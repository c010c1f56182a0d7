"""What gates and largest drops share: whom they ask, how hard they are to pass, and what they conclude."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from xaudit.catalog import METRICS, asks_model_of_change
from xaudit.config import Gate, MaxDrop
from xaudit.records import ALL_CASES, MODEL_LEVEL, Move, Status, Summary, Verdict
from xaudit.verdict.naming import in_words, subject_of

_FAMILIES = {row.id: row.family for row in METRICS}


@dataclass(frozen=True, slots=True)
class Strictness:
    """How hard gates are to pass.

    Attributes:
        gate_on: ``lower`` holds a gate against the unfavourable end of the interval, ``mean`` against the estimate.
        strict: whether a gate that a control keeps too fails the run, as it tells nothing.
    """

    gate_on: Literal["lower", "mean"] = "lower"
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What came of holding one figure against a limit.

    Attributes:
        code: XA102 where the figure is missing.
        value: the figure.
    """

    code: str
    status: Status
    sentence: str
    value: float | None


def asked_subjects(limit: Gate | MaxDrop, asked: Sequence[str]) -> Sequence[str]:
    """Whom a limit is about: the explainer it names, the model itself, or every explainer that is no control."""
    if _FAMILIES.get(limit.metric) == "reliance" or asks_model_of_change(limit.metric):
        return (MODEL_LEVEL,)
    if limit.subject is not None:
        return (limit.subject,)
    return asked or (MODEL_LEVEL,)


def verdict_on(
    found: Summary | Move, limit: Gate | MaxDrop, held: Held, *, several: bool, gating: bool = True
) -> Verdict:
    """The verdict of one limit on one summary or move.

    Args:
        several: whether the reader is named.
    """
    return Verdict(
        code=held.code,
        status=held.status,
        model_id=found.model_id,
        subject=subject_of(found, several),
        rule=str(limit),
        sentence=held.sentence,
        value=held.value,
        threshold=limit.value,
        n_patients=found.n_patients,
        gating=gating,
        kind="gate",
    )


def without_data(
    limit: Gate | MaxDrop, model_id: str, explainer_id: str, reason: str, *, others: Iterable[str] = ()
) -> Verdict:
    """XA102 where there is nothing to hold against a limit.

    Args:
        others: strata that have a value, which a limit on a stratum might have meant.
    """
    whom = in_words(model_id, explainer_id)
    told = ""
    if limit.stratum != ALL_CASES:
        whom += f" ({limit.stratum})"
        known = ", ".join(sorted({f"%{other}" for other in others if other != ALL_CASES}))
        told = f"; there are values for {known}" if known else ""
    return Verdict(
        code="XA102",
        status="error",
        model_id=model_id,
        subject=model_id if explainer_id == MODEL_LEVEL else f"{model_id}/{explainer_id}",
        rule=str(limit),
        sentence=f"{limit.metric} of {whom}: {reason}{told}",
        threshold=limit.value,
        kind="gate",
    )
