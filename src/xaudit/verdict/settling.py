"""Questions that more patients can still decide: gates and findings whose confidence sequence lies on both sides of a limit.

Conventions of this file: every interval is that of a confidence sequence, so what is settled once may be acted on at
once. A gate is settled if the whole interval keeps it, or no part does. A region is settled if the lower end of its effect
lies above the margin, as in XA201, or the upper end is at most :data:`~xaudit.verdict.areas.NOTHING`, up to which an effect is
called none in XA208. An effect between the two is settled by neither, and takes all patients. A region that the audit file
names is settled above the margin or below it, as XA211 says of each if it affects the answer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from xaudit.catalog import AREA_METRICS, MARGIN, METRICS, PRIOR, MetricRow
from xaudit.config import Gate
from xaudit.records import ALL_CASES, MODEL_LEVEL, InfillEffect, Interval, Summary
from xaudit.verdict.areas import NOTHING
from xaudit.verdict.findings import ELSEWHERE
from xaudit.verdict.limits import subjects_of

_OWN_SAMPLE = ("sanity", "robustness", "repeatability")


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A mean over patients that does not decide its gate or finding yet.

    Attributes:
        subject: the explainer, or ``-`` for the model itself.
        measure: id of the metric, with the in-fill behind a colon where it is about one alone.
        rule: the gate, or the limits of a region.
        interval: None if no patient has a value yet.
    """

    model_id: str
    subject: str
    measure: str
    rule: str
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one model over the patients that were used so far.

    Attributes:
        summaries: over all cases, with the intervals of their sequences.
        by_infill: effects of regions under each in-fill alone, with the intervals of their sequences.
        explainers: ids of the explainers that are no controls.
        controls: ids of the controls that need no other patient's map.
        own_regions: regions that the audit file names, true where an answer may rest on them.
        is_refused: True if the model's answers rule out findings about its evidence (XA204 to XA206).
    """

    model_id: str
    summaries: Sequence[Summary]
    by_infill: Sequence[InfillEffect]
    explainers: Sequence[str]
    controls: Collection[str] = ()
    own_regions: Mapping[str, bool] | None = None
    is_refused: bool = False


def obstacle(gate: Gate, names: Mapping[str, str]) -> str:
    """Return the reason why no confidence sequence over patients can decide a gate; empty if one can.

    Args:
        names: catalog name of each metric id, where an audit gives metrics ids of their own.

    Example:
        >>> obstacle(Gate.parse("reliance-border <= 0.1"), {})
        ''
        >>> obstacle(Gate.parse("centroid-distance <= 0.1"), {})
        'the values of centroid-distance have no bounds that are known before they are measured'
    """
    if gate.finding is not None or gate.is_of_data:
        return ""
    row = METRICS.by_id.get(names.get(gate.metric, gate.metric))
    if gate.stratum != ALL_CASES:
        return "a stratum may depend on all patients, such as a third of the lesions by size"
    if gate.metric in AREA_METRICS or (row is not None and row.family == "image"):
        return f"{gate.metric} is the largest or smallest of several means, not a mean over patients"
    if gate.subject is not None and (gate.subject == PRIOR or "." in gate.subject):
        return f"{gate.subject} is made of the maps of all patients"
    return _obstacle_of_metric(gate.metric, row)


def _obstacle_of_metric(metric: str, row: MetricRow | None) -> str:
    if row is not None and row.family in _OWN_SAMPLE:
        return f"{metric} is measured on a sample of its own, which does not grow with the patients"
    if row is None or row.bounds is None:
        return f"the values of {metric} have no bounds that are known before they are measured"
    return ""


def open_questions(measured: Measured, gates: Sequence[Gate]) -> list[OpenQuestion]:
    """Return every question about one model that its gates and its findings on regions leave open.

    A gate asks about each explainer that it is about, and about the controls, as one that passes too makes it
    uninformative (XA103). The findings on regions (XA201, XA202, XA211, XA212) ask about the mark and each region without
    evidence, over all in-fills and under each alone, and if the rest of the marked lung clearly has a larger effect than
    the mark.

    Args:
        gates: those without an :func:`obstacle`.
    """
    asked = [
        one
        for gate in gates
        if gate.finding is None and not gate.is_of_data
        for one in _of_gate(measured, gate)
    ]
    if measured.is_refused:
        return asked
    return [*asked, *_of_regions(measured), *_of_marked_lung(measured)]


def is_settled_by(interval: Interval, gate: Gate) -> bool:
    """Return True if the whole interval keeps a gate, or no part of it does.

    Example:
        >>> gate = Gate.parse("iou@lime >= 0.3")
        >>> [
        ...     is_settled_by(Interval(0.4, low, high, "sequence"), gate)
        ...     for low, high in ((0.3, 0.5), (0.29, 0.5), (0.1, 0.3), (0.1, 0.29))
        ... ]
        [True, False, False, True]
    """
    if interval.low is None or interval.high is None:
        return False
    if gate.at_least:
        return interval.low >= gate.value or interval.high < gate.value
    return interval.high <= gate.value or interval.low > gate.value


def is_region_settled(interval: Interval, *, none: float = NOTHING) -> bool:
    """Return True if a region clearly has an effect, or clearly none that matters.

    Args:
        none: upper end up to which an effect counts as none.

    Example:
        >>> [is_region_settled(Interval(0.03, *ends, "sequence")) for ends in ((0.021, 0.4), (0.01, 0.06), (0.0, 0.05))]
        [True, False, True]
    """
    if interval.low is None or interval.high is None:
        return False
    return interval.low > MARGIN or interval.high <= none


def _of_gate(measured: Measured, gate: Gate) -> list[OpenQuestion]:
    subjects = tuple(subjects_of(gate, measured.explainers))
    required = subjects
    if any(subject in measured.explainers for subject in subjects):
        subjects += tuple(name for name in measured.controls if name not in subjects)
    questions = []
    for subject in subjects:
        own = [
            one
            for one in measured.summaries
            if (one.metric_id, one.explainer_id, one.stratum) == (gate.metric, subject, gate.stratum)
        ]
        intervals: list[Interval | None] = [
            one.interval for one in own if not is_settled_by(one.interval, gate)
        ]
        if not own and subject in required:
            intervals = [None]
        questions += [
            OpenQuestion(measured.model_id, subject, gate.metric, str(gate), interval)
            for interval in intervals
        ]
    return questions


def _of_regions(measured: Measured) -> list[OpenQuestion]:
    limits = dict.fromkeys(("mark", *ELSEWHERE), NOTHING) | dict.fromkeys(measured.own_regions or {}, MARGIN)
    effects = [
        (one.metric_id.removeprefix("reliance-"), one.metric_id, one.interval)
        for one in measured.summaries
        if one.stratum == ALL_CASES and one.metric_id in {f"reliance-{region}" for region in limits}
    ]
    effects += [
        (one.region, f"reliance-{one.region}:{one.infill}", one.effect)
        for one in measured.by_infill
        if one.region in limits
    ]
    return [
        OpenQuestion(
            measured.model_id,
            MODEL_LEVEL,
            measure,
            f"lower end > {MARGIN:g} or upper end <= {limits[region]:g}",
            interval,
        )
        for region, measure, interval in effects
        if not is_region_settled(interval, none=limits[region])
    ]


def _of_marked_lung(measured: Measured) -> list[OpenQuestion]:
    """Ask which has the larger effect where a mark has one: it, or the rest of its lung; XA202 is undecided for the latter."""
    by_reader: dict[str, dict[str, Interval]] = {}
    for one in measured.summaries:
        if one.stratum == ALL_CASES and one.metric_id in ("reliance-mark", "reliance-same-lung"):
            by_reader.setdefault(one.reader, {})[one.metric_id] = one.interval
    rule = "whole interval above or below that of reliance-mark"
    questions = []
    for own in by_reader.values():
        mark, lung = own.get("reliance-mark"), own.get("reliance-same-lung")
        if mark is None or lung is None or (mark.high is not None and mark.high <= NOTHING):
            continue
        if not (_is_above(mark, lung) or _is_above(lung, mark)):
            questions.append(OpenQuestion(measured.model_id, MODEL_LEVEL, "reliance-same-lung", rule, lung))
    return questions


def _is_above(one: Interval, other: Interval) -> bool:
    return one.low is not None and other.high is not None and one.low > other.high
