"""Words for the changes under which a verdict was reached again."""

from collections.abc import Sequence

from xaudit.records import Stability, Verdict
from xaudit.report.wording import count
from xaudit.statistics.digits import shown

_NAMED = 3


def without_one_patient(stability: Stability | None) -> str:
    """Say in a sentence if a verdict rests on a single patient; empty if that was not tried.

    Example:
        >>> without_one_patient(Stability("patient", 6, 6, ("P0014",)))
        'Rests on one patient: without P0014 the verdict changes.'
        >>> without_one_patient(Stability("patient", 6, 6))
        'Holds without any one of the 6 patients.'
    """
    if stability is None or not stability.n_left_out:
        return ""
    unit, names = stability.cluster, stability.deciding
    if len(names) == 1:
        return f"Rests on one {unit}: without {names[0]} the verdict changes."
    if names:
        return f"Rests on single {unit}s: without any one of {_some(names)} the verdict changes."
    return f"Holds without any one of {_left_out(stability)}."


def other_changes(stability: Stability | None) -> str:
    """Say with which other draws, in-fills and thresholds a verdict holds, and with which it changes; empty if none was tried."""
    if stability is None:
        return ""
    same, other = ([text for text in _changes(stability, holds=holds) if text] for holds in (True, False))
    parts = [f"Holds with {_listed(same)}."] if same else []
    return " ".join([*parts, *([f"Changes with {_listed(other)}."] if other else [])])


def _changes(stability: Stability, *, holds: bool) -> tuple[str, ...]:
    """Name the draws, in-fills and thresholds with which a verdict holds, or those with which it changes."""
    draws = ""
    n_changed = stability.n_redrawn - stability.n_redrawn_held
    if stability.n_redrawn and holds == (n_changed == 0):
        share = "" if holds else f" ({n_changed} of {stability.n_redrawn})"
        draws = f"other random draws of {stability.cluster}s{share}"
    infills = [name for name, same in stability.by_infill if same == holds]
    limits = [shown(limit) for limit, same in stability.by_threshold if same == holds]
    return (
        draws,
        f"the in-fill {_listed(infills, 'or')} alone" if infills else "",
        f"{'a limit' if len(limits) == 1 else 'limits'} of {_listed(limits)}" if limits else "",
    )


def not_tried(stability: Stability | None) -> str:
    """Say why a verdict was not reached again without single patients; empty if it was."""
    if stability is None:
        return "Without single patients: not tried."
    if not stability.n_left_out:
        return f"Without single {stability.cluster}s: not tried, {count(stability.n_patients, stability.cluster)} are too few."
    return ""


def deciding_cell(verdict: Verdict) -> str:
    """Name the patients without whom a verdict changes, for a table."""
    stability = verdict.stability
    if stability is None or not stability.n_left_out:
        return "-"
    if not stability.deciding:
        return "none"
    more = f" +{len(stability.deciding) - 1}" if len(stability.deciding) > 1 else ""
    return stability.deciding[0] + more


def _left_out(stability: Stability) -> str:
    if stability.n_left_out < stability.n_patients:
        return f"the {stability.n_left_out:,} most influential of {count(stability.n_patients, stability.cluster)}"
    return f"the {count(stability.n_patients, stability.cluster)}"


def _some(names: Sequence[str]) -> str:
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} or {len(names) - _NAMED} more"
    return _listed(names, "or")


def _listed(names: Sequence[str], word: str = "and") -> str:
    return f" {word} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
