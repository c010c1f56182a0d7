"""Verdicts compared with those that are reached again after a change of the data or of a setting.

A verdict holds if its code, its status and, for a finding, its claim stay the same: the first sentence without its numbers
and in any order, such as "uses the border, not the marked lesion".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from xaudit.catalog import MARGIN
from xaudit.config import Gate
from xaudit.records import InfillEffect, Interval, Summary, Verdict

MARGINS: Final = (MARGIN / 2, 2 * MARGIN)
"""Margins beside the usual one: half of it and twice as much."""

_STEP = 0.1
_STEP_AT_ZERO = 0.01
_FROM_REGIONS = ("XA201", "XA202", "XA211", "XA212")


def is_rejudged(verdict: Verdict) -> bool:
    """Return True for gates with a value, and for findings that follow from the reliance on regions."""
    is_gate = verdict.kind == "gate" and verdict.code == "XA101"
    return verdict.value is not None and (is_gate or verdict.code in _FROM_REGIONS)


def holds(verdict: Verdict, again: Iterable[Verdict], *, rule: str | None = None) -> bool:
    """Return True if a verdict is among those that were reached again.

    Args:
        rule: the rule there, for a gate whose limit was moved.
    """
    key = (verdict.kind, verdict.subject, verdict.rule if rule is None else rule)
    return any(
        (one.kind, one.subject, one.rule) == key
        and (one.code, one.status) == (verdict.code, verdict.status)
        and (verdict.kind == "gate" or _claim(one) == _claim(verdict))
        for one in again
    )


def moved_gates(gate: Gate) -> tuple[Gate, ...]:
    """Return the gate with its limit a tenth lower and a tenth higher; by 0.01 for a limit of 0."""
    step = _STEP * abs(gate.value) or _STEP_AT_ZERO
    return tuple(gate.model_copy(update={"value": round(gate.value + sign * step, 12)}) for sign in (-1, 1))


def at_margin(summaries: Sequence[Summary], margin: float) -> list[Summary]:
    """Return summaries of reliance that are judged by the usual margin as these would be by another."""
    return [replace(one, interval=_scaled(one.interval, MARGIN / margin)) for one in summaries]


def effects_at_margin(effects: Sequence[InfillEffect], margin: float) -> list[InfillEffect]:
    """Return effects under each in-fill that are judged by the usual margin as these would be by another."""
    return [replace(one, effect=_scaled(one.effect, MARGIN / margin)) for one in effects]


def under_infill(summaries: Sequence[Summary], effects: Mapping[str, InfillEffect]) -> list[Summary]:
    """Return the summaries of reliance with the effects of one in-fill in place of the mean over in-fills.

    Args:
        effects: by region; a region that the in-fill has no value for is left out.
    """
    return [
        replace(one, interval=effect.effect, n_patients=effect.n_patients)
        for one in summaries
        if (effect := effects.get(one.metric_id.removeprefix("reliance-"))) is not None
    ]


def _scaled(interval: Interval, factor: float) -> Interval:
    low, high = (None if end is None else end * factor for end in (interval.low, interval.high))
    return replace(interval, estimate=interval.estimate * factor, low=low, high=high)


def _claim(verdict: Verdict) -> frozenset[str]:
    sentence = verdict.sentence.removeprefix(f"{verdict.model_id}: ")
    first = re.split(r"\. (?=[A-Z])", sentence, maxsplit=1)[0]
    return frozenset(word for word in re.findall(r"[\w'-]+", first) if not any(map(str.isdigit, word)))
