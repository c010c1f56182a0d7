"""What does not survive when the image is changed a little, or gets coarser: findings, which decide no exit code.

A finding is made only where the whole interval lies beyond the limit, its favourable end included; with too few patients
for an interval nothing is said. See docs/decisions/0016-what-survives-a-change.md.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xaudit.catalog import METRICS, changed_metric_id
from xaudit.records import ALL_CASES, MODEL_LEVEL, NO_READER, Summary, Verdict
from xaudit.statistics.digits import shown, shown_interval
from xaudit.verdict.naming import in_words

SMALL: Mapping[str, int] = {"rotate": 15, "shift": 10}
"""Degrees, and per cent of the side, up to which a change is small: an image taken a little askew. Flips are not."""

_TURN = re.compile(r"equivariance-(?P<change>(?P<kind>rotate|shift)-(?P<size>\d+))(?P<measure>-class)?")
_STEP = re.compile(r"resolution-(?P<step>\d+)-class")
_ROWS = METRICS.by_id

_Index = Mapping[tuple[str, str, str], Summary]


@dataclass(frozen=True, slots=True)
class Survival:
    """Limits below which something does not survive.

    Attributes:
        same_class: share of cases on which the model must name the same class.
        same_map: rank correlation of the map with that of the unchanged image.
        kept: share of the localization on the unchanged, or the whole, image.
    """

    same_class: float = 0.9
    same_map: float = 0.5
    kept: float = 0.5


def changed_findings(
    summaries: Sequence[Summary],
    *,
    explainers: Sequence[str],
    survival: Survival = Survival(),
    metric_names: Mapping[str, str] | None = None,
) -> list[Verdict]:
    """XA203 for each model, XA304 and XA305 for each explainer that is no control, where something does not survive.

    Args:
        explainers: ids of those that are no controls.
        metric_names: catalog name of each metric id, where an audit gives a metric its own id.
    """
    names = metric_names or {}
    found: list[Verdict] = []
    for model in dict.fromkeys(one.model_id for one in summaries):
        own = [one for one in summaries if one.model_id == model and one.stratum == ALL_CASES]
        found += _unstable_answers(own, model, survival)
        for name in explainers:
            found += _unstable_maps(own, (model, name), survival, names)
            found += _collapses(own, name, survival, names)
    return found


def _small(own: Sequence[Summary], explainer: str, measure: str | None) -> list[tuple[str, Summary]]:
    """The summaries of small changes, each with its change, in the order of the changes."""
    found: list[tuple[str, int, str, Summary]] = []
    for one in own:
        match = _TURN.fullmatch(one.metric_id)
        if (
            match is not None
            and one.explainer_id == explainer
            and match["measure"] == measure
            and int(match["size"]) <= SMALL[match["kind"]]
        ):
            found.append((match["kind"], int(match["size"]), match["change"], one))
    return [(change, one) for _, _, change, one in sorted(found, key=lambda item: item[:2])]


def _below(found: Sequence[tuple[str, Summary]], limit: float) -> list[tuple[str, Summary]]:
    return [
        (change, one) for change, one in found if one.interval.high is not None and one.interval.high < limit
    ]


def _unstable_answers(own: Sequence[Summary], model: str, survival: Survival) -> list[Verdict]:
    unstable = _below(_small(own, MODEL_LEVEL, "-class"), survival.same_class)
    if not unstable:
        return []
    shares = ", ".join(
        f"{shown_interval(one.interval, beside=survival.same_class)} of the cases under {change}"
        for change, one in unstable
    )
    return [
        _finding(
            "XA203",
            model,
            model,
            f"upper end of equivariance-…-class >= {survival.same_class:g} for small changes",
            f"{model}: the answer does not survive a small change: it names the same class on {shares}",
            unstable[0][1],
            survival.same_class,
        )
    ]


def _unstable_maps(
    own: Sequence[Summary], about: tuple[str, str], survival: Survival, names: Mapping[str, str]
) -> list[Verdict]:
    """Maps that neither order the pixels as before nor meet the marks as before.

    A fine map can order single pixels by chance and still point at the same place.
    """
    model, explainer = about
    index, wholes = _indexed(own), _meeting_marks(own, explainer, names)

    def still_meets(change: str) -> bool:
        for whole in wholes:
            metric = changed_metric_id("equivariance", change, whole.metric_id)
            moved = index.get((explainer, metric, whole.reader))
            if moved is not None and moved.interval.estimate >= survival.kept * whole.interval.estimate:
                return True
        return False

    unstable = [
        (change, one)
        for change, one in _below(_small(own, explainer, None), survival.same_map)
        if not still_meets(change)
    ]
    if not unstable:
        return []
    same_class = dict(_small(own, MODEL_LEVEL, "-class"))
    figures = ", ".join(
        f"{shown_interval(one.interval, beside=survival.same_map)} under {change}"
        + (f" (same class on {shown(same_class[change].interval.estimate)})" if change in same_class else "")
        for change, one in unstable
    )
    return [
        _finding(
            "XA304",
            model,
            f"{model}/{explainer}",
            f"upper end of equivariance-… >= {survival.same_map:g} for small changes",
            f"{in_words(model, explainer)}: the map does not survive a small change: its rank correlation with the map "
            f"of the unchanged image is {figures}",
            unstable[0][1],
            survival.same_map,
        )
    ]


def _collapses(
    own: Sequence[Summary], explainer: str, survival: Survival, names: Mapping[str, str]
) -> list[Verdict]:
    """The first step, for each reader, at which a metric that beats the controls on the whole image does so no more."""
    index = _indexed(own)
    steps = sorted(
        int(match["step"])
        for one in own
        if one.explainer_id == MODEL_LEVEL and (match := _STEP.fullmatch(one.metric_id))
    )
    wholes: dict[str, list[Summary]] = defaultdict(list)
    for one in _meeting_marks(own, explainer, names):
        wholes[one.reader].append(one)
    found: list[Verdict] = []
    for reader, placed in wholes.items():
        for step in steps:
            fallen = [
                (whole, coarse)
                for whole in placed
                if (
                    coarse := index.get(
                        (explainer, changed_metric_id("resolution", str(step), whole.metric_id), reader)
                    )
                )
                and coarse.interval.high is not None
                and coarse.interval.high < survival.kept * whole.interval.estimate
            ]
            if fallen:
                found.append(_collapse(fallen, step, index, survival, several=len(wholes) > 1))
                break
    return found


def _meeting_marks(own: Sequence[Summary], explainer: str, names: Mapping[str, str]) -> list[Summary]:
    """An explainer's shares, on the unchanged image, that there is something to lose of.

    That is, above the best control, or above zero where there is none.
    """
    found: list[Summary] = []
    for one in own:
        row = _ROWS.get(names.get(one.metric_id, one.metric_id))
        margin = one.interval if one.control_difference is None else one.control_difference
        if (
            row is not None
            and one.explainer_id == explainer
            and one.family == "localization"
            and row.higher_is_better
            and row.is_share
            and margin.low is not None
            and margin.low > 0
        ):
            found.append(one)
    return found


def _indexed(own: Sequence[Summary]) -> _Index:
    return {(one.explainer_id, one.metric_id, one.reader): one for one in own}


def _collapse(
    fallen: Sequence[tuple[Summary, Summary]], step: int, index: _Index, survival: Survival, *, several: bool
) -> Verdict:
    whole, coarse = fallen[0]
    about = in_words(whole.model_id, whole.explainer_id)
    subject = f"{whole.model_id}/{whole.explainer_id}"
    if several:
        about, subject = f"{about} (reader {whole.reader})", f"{subject}/{whole.reader}"
    limit = survival.kept * whole.interval.estimate
    figures = ", ".join(
        f"{full.metric_id} {shown_interval(part.interval, beside=limit)} of {shown(full.interval.estimate)}"
        for full, part in fallen
    )
    same = index.get((MODEL_LEVEL, changed_metric_id("resolution", str(step), "class"), NO_READER))
    answer = "" if same is None else f"; the model names the same class on {shown(same.interval.estimate)}"
    return _finding(
        "XA305",
        whole.model_id,
        subject,
        f"upper end of a score at every step >= {survival.kept:g} of the score on the whole image",
        f"{about}: localization collapses at resolution step {step}: {figures}{answer}",
        coarse,
        limit,
    )


def _finding(
    code: str, model: str, subject: str, rule: str, sentence: str, first: Summary, threshold: float
) -> Verdict:
    return Verdict(
        code=code,
        status="fail",
        model_id=model,
        subject=subject,
        rule=rule,
        sentence=sentence,
        value=first.interval.high,
        threshold=threshold,
        n_patients=first.n_patients,
        gating=False,
    )
