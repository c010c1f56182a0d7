"""Findings on explainers: do their maps show what the model's answer depends on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from xaudit.config import ExplainersSection
from xaudit.records import Comparison, ExplainerJudgement, ExplainerState, Interval, Status, Verdict
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.digits import counted, shown, shown_interval
from xaudit.statistics.planning import patients_needed
from xaudit.verdict.naming import in_words

MOST_NEEDED = 100_000
"""More patients than this are no plan: the value lies at the limit."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The state of an explainer, and for an undecided one the reason and the patients that would decide it."""

    state: ExplainerState
    reason: str = ""
    n_needed: int | None = None


def decide(
    captured: Interval,
    prior: Interval | None,
    beside: Comparison | None,
    limits: ExplainersSection,
    *,
    alpha: float,
) -> Decision:
    """Decide if an explainer shows what the model uses.

    It *shows* it if the lower end of the captured share is at least ``limits.shows``, and it is better than the prior, or the
    prior itself captures ``limits.prior``: then the evidence lies at one place in everybody, and nothing can be better. It
    *does not show* it if the upper end is below ``limits.shows`` and the lower end of the difference to the prior is not above
    zero. Better means what `xaudit compare` calls better: the interval of the paired difference leaves out zero, and
    Wilcoxon's p, adjusted for the explainers compared, is at most ``alpha``.

    Args:
        beside: the explainer compared with the prior on the same cases.
    """
    difference = None if beside is None else beside.difference
    if prior is None or beside is None or difference is None:
        return Decision("undecided", "no other patient has a reliance map to take the prior from")
    if captured.low is None or captured.high is None or difference.low is None or prior.low is None:
        return Decision("undecided", f"an interval needs at least {MIN_CLUSTERS} {beside.cluster}s")
    fixed_place = prior.estimate >= limits.prior
    better = beside.conclusion == "higher"
    if captured.low >= limits.shows and (better or fixed_place):
        return Decision("shows")
    if captured.high < limits.shows and difference.low <= 0:
        return Decision("does-not-show")
    return Decision(
        "undecided",
        _why(captured, difference, limits, better=better or fixed_place),
        _needed(captured, beside, limits, fixed_place=fixed_place, alpha=alpha),
    )


def _why(captured: Interval, difference: Interval, limits: ExplainersSection, *, better: bool) -> str:
    low, high, limit = captured.low, captured.high, shown(limits.shows)
    if low is not None and high is not None and low < limits.shows <= high:
        lead = f"the interval includes {limit}"
        return lead if better else f"{lead}, and chance may explain the difference to the prior"
    if high is not None and high < limits.shows:
        return (
            f"it is below {limit}, but better than the prior"
            if better
            else (f"it is below {limit}, and chance may explain the difference to the prior")
        )
    if difference.high is not None and difference.high <= 0:
        return "it is not better than the prior"
    return "chance may explain the difference to the prior"


def _needed(
    captured: Interval, beside: Comparison, limits: ExplainersSection, *, fixed_place: bool, alpha: float
) -> int | None:
    """Return the patients with which the same values would be decided; None if none would suffice."""
    difference, n = beside.difference, beside.n_patients
    if difference is None or None in (captured.low, captured.high, difference.low):
        return None
    distance = captured.estimate - limits.shows
    if distance > 0 and (fixed_place or difference.estimate > 0):
        needed = [_for_distance(captured.estimate - (captured.low or 0.0), n, distance)]
        if not fixed_place:
            needed += [
                _for_distance(difference.estimate - (difference.low or 0.0), n, difference.estimate),
                _for_p(beside.p_adjusted, n, alpha),
            ]
    elif distance < 0 and difference.estimate <= 0:
        needed = [_for_distance((captured.high or 0.0) - captured.estimate, n, -distance)]
    else:
        return None
    most = max(n + 1, *needed)
    return int(most) if most <= MOST_NEEDED else None


def _for_distance(reached: float, n_patients: int, distance: float) -> float:
    return patients_needed(reached, n_patients, distance) if reached > 0 else 0


def _for_p(p: float | None, n_patients: int, alpha: float) -> float:
    """Return the patients with which Wilcoxon's p would reach ``alpha``: its normal deviate grows with their root."""
    if p is None or p >= 1:
        return math.inf
    if p <= alpha:
        return 0
    normal = NormalDist()
    return math.ceil(n_patients * (normal.inv_cdf(1 - alpha / 2) / normal.inv_cdf(1 - p / 2)) ** 2)


_CODES: dict[ExplainerState, tuple[str, Status]] = {
    "shows": ("XA302", "pass"),
    "does-not-show": ("XA301", "fail"),
    "undecided": ("XA306", "error"),
}


def explainer_findings(
    judgements: Sequence[ExplainerJudgement], explainers: Sequence[str], limits: ExplainersSection
) -> list[Verdict]:
    """Return XA301, XA302 or XA306 for each explainer that was judged; controls are no explainers.

    Args:
        explainers: ids of those that are no controls.
    """
    models = dict.fromkeys(one.model_id for one in judgements)
    return [
        _finding(one, limits)
        for model in models
        for name in explainers
        for one in judgements
        if (one.model_id, one.explainer_id) == (model, name)
    ]


def _finding(judgement: ExplainerJudgement, limits: ExplainersSection) -> Verdict:
    code, status = _CODES[judgement.state]
    captured = judgement.captured
    return Verdict(
        code=code,
        status=status,
        model_id=judgement.model_id,
        subject=f"{judgement.model_id}/{judgement.explainer_id}",
        rule=(
            f"lower end of reliance-captured >= {limits.shows:g}, and better than the prior or prior >= {limits.prior:g}"
        ),
        sentence=_sentence(judgement, limits),
        value=None
        if captured is None
        else captured.high
        if judgement.state == "does-not-show"
        else captured.low,
        threshold=limits.shows,
        n_patients=judgement.n_patients,
        gating=False,
    )


def _sentence(judgement: ExplainerJudgement, limits: ExplainersSection) -> str:
    name = in_words(judgement.model_id, judgement.explainer_id)
    captured, prior, difference = judgement.captured, judgement.prior, judgement.difference
    if captured is None:
        return f"{name}: undecided if it shows what the model uses. {judgement.reason[0].upper()}{judgement.reason[1:]}"
    area = f"{100 * limits.area:g} %"
    figures = (
        f"The strongest {area} of its maps holds {shown_interval(captured, beside=limits.shows, estimate_too=False)} of the "
        f"reliance that the best {area} of the image holds"
    )
    if prior is not None and difference is not None:
        figures += (
            f"; the mean reliance map of the other patients (prior) holds {shown_interval(prior)}, difference "
            f"{shown_interval(difference, beside=0.0, estimate_too=False)}"
        )
    figures += f" ({counted(judgement.n_patients, judgement.cluster)})"
    match judgement.state:
        case "shows":
            fixed = prior is not None and difference is not None and (difference.low or 0.0) <= 0
            place = ". The evidence lies at the same place in nearly every patient, so the prior shows it too"
            return f"{name} shows what the model uses. {figures}{place if fixed else ''}"
        case "does-not-show":
            return f"{name} does not show what the model uses. {figures}"
        case _:
            plan = ""
            if judgement.n_needed is not None:
                plan = f". About {counted(judgement.n_needed, judgement.cluster)} would decide it"
            return f"{name}: undecided if it shows what the model uses: {judgement.reason}. {figures}{plan}"
