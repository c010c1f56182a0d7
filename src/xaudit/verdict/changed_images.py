"""Findings on answers and maps that small changes or a coarser image alter; they decide no exit code.

A finding is made only if the whole interval lies beyond the limit, its favourable end included; with too few patients
for an interval there is none. See docs/decisions/0016-what-survives-a-change.md.
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
"""Largest small change, in degrees and in per cent of the side: an image taken a little askew. Flips are not small."""

_TURN = re.compile(r"equivariance-(?P<change>(?P<kind>rotate|shift)-(?P<size>\d+))(?P<measure>-class)?")
_STEP = re.compile(r"resolution-(?P<step>\d+)-class")
_ROWS = METRICS.by_id

_Index = Mapping[tuple[str, str, str], Summary]


@dataclass(frozen=True, slots=True)
class Survival:
    """Limits below which an answer or a map counts as unstable.

    Attributes:
        same_class: share of cases on which the predicted class must stay the same.
        same_map: rank correlation of the map with that of the unchanged image.
        kept: share of the localization on the unchanged, or the full-resolution, image.
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
    """Return XA203 for unstable models, XA304 and XA305 for unstable explainers.

    Args:
        explainers: ids of those that are no controls.
        metric_names: catalog name of each metric id, if an audit gives a metric its own id.
    """
    names = metric_names or {}
    verdicts: list[Verdict] = []
    for model in dict.fromkeys(summary.model_id for summary in summaries):
        own = [summary for summary in summaries if summary.model_id == model and summary.stratum == ALL_CASES]
        verdicts += _unstable_answers(own, model, survival)
        for name in explainers:
            verdicts += _unstable_maps(own, (model, name), survival, names)
            verdicts += _collapses(own, name, survival, names)
    return verdicts


def _small(own: Sequence[Summary], explainer: str, measure: str | None) -> list[tuple[str, Summary]]:
    """Return the summaries of small changes, each with its change, in the order of the changes."""
    small: list[tuple[str, int, str, Summary]] = []
    for summary in own:
        match = _TURN.fullmatch(summary.metric_id)
        if (
            match is not None
            and summary.explainer_id == explainer
            and match["measure"] == measure
            and int(match["size"]) <= SMALL[match["kind"]]
        ):
            small.append((match["kind"], int(match["size"]), match["change"], summary))
    return [(change, summary) for _, _, change, summary in sorted(small, key=lambda item: item[:2])]


def _below(changed: Sequence[tuple[str, Summary]], limit: float) -> list[tuple[str, Summary]]:
    return [item for item in changed if item[1].interval.high is not None and item[1].interval.high < limit]


def _unstable_answers(own: Sequence[Summary], model: str, survival: Survival) -> list[Verdict]:
    unstable = _below(_small(own, MODEL_LEVEL, "-class"), survival.same_class)
    if not unstable:
        return []
    shares = ", ".join(
        f"{shown_interval(summary.interval, beside=survival.same_class)} of the cases after {change}"
        for change, summary in unstable
    )
    return [
        _finding(
            "XA203",
            model,
            model,
            f"upper end of equivariance-…-class >= {survival.same_class:g} for small changes",
            f"{model}: small changes of the image alter the answer. The predicted class stays the same in {shares}",
            unstable[0][1],
            survival.same_class,
        )
    ]


def _unstable_maps(
    own: Sequence[Summary], about: tuple[str, str], survival: Survival, names: Mapping[str, str]
) -> list[Verdict]:
    """Return XA304 for maps that neither rank the pixels nor meet the marks as on the unchanged image.

    A fine-grained map can rank single pixels by chance and still point at the same place.
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

    small = _below(_small(own, explainer, None), survival.same_map)
    unstable = [(change, summary) for change, summary in small if not still_meets(change)]
    if not unstable:
        return []
    same_class = dict(_small(own, MODEL_LEVEL, "-class"))
    figures = ", ".join(
        f"{shown_interval(summary.interval, beside=survival.same_map)} after {change}"
        + (
            f" (same class in {shown(same_class[change].interval.estimate)} of the cases)"
            if change in same_class
            else ""
        )
        for change, summary in unstable
    )
    return [
        _finding(
            "XA304",
            model,
            f"{model}/{explainer}",
            f"upper end of equivariance-… >= {survival.same_map:g} for small changes",
            f"{in_words(model, explainer)}: small changes of the image alter the map. Its rank correlation with the map "
            f"of the unchanged image is {figures}",
            unstable[0][1],
            survival.same_map,
        )
    ]


def _collapses(
    own: Sequence[Summary], explainer: str, survival: Survival, names: Mapping[str, str]
) -> list[Verdict]:
    """Return XA305 for the first step, for each reader, at which a metric that beat the controls loses its value."""
    index = _indexed(own)
    steps = sorted(
        int(match["step"])
        for summary in own
        if summary.explainer_id == MODEL_LEVEL and (match := _STEP.fullmatch(summary.metric_id))
    )
    wholes: dict[str, list[Summary]] = defaultdict(list)
    for summary in _meeting_marks(own, explainer, names):
        wholes[summary.reader].append(summary)
    verdicts: list[Verdict] = []
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
                verdicts.append(_collapse(fallen, step, index, survival, several=len(wholes) > 1))
                break
    return verdicts


def _meeting_marks(own: Sequence[Summary], explainer: str, names: Mapping[str, str]) -> list[Summary]:
    """Return an explainer's localization scores on the unchanged image that exceed the best control, or zero."""
    meeting: list[Summary] = []
    for summary in own:
        row = _ROWS.get(names.get(summary.metric_id, summary.metric_id))
        margin = summary.interval if summary.control_difference is None else summary.control_difference
        if (
            row is not None
            and summary.explainer_id == explainer
            and summary.family == "localization"
            and row.higher_is_better
            and row.is_share
            and margin.low is not None
            and margin.low > 0
        ):
            meeting.append(summary)
    return meeting


def _indexed(own: Sequence[Summary]) -> _Index:
    return {(summary.explainer_id, summary.metric_id, summary.reader): summary for summary in own}


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
        f"{full.metric_id} falls from {shown(full.interval.estimate)} to {shown_interval(part.interval, beside=limit)}"
        for full, part in fallen
    )
    same = index.get((MODEL_LEVEL, changed_metric_id("resolution", str(step), "class"), NO_READER))
    answer = (
        ""
        if same is None
        else f". The predicted class stays the same in {shown(same.interval.estimate)} of the cases"
    )
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
