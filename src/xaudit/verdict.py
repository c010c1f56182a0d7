"""From summaries to verdicts: gates that decide, and findings that inform; pure.

Comparisons use unrounded numbers; the sentences show enough digits to tell a figure from the limit it was held
against. No verdict claims that a model has no shortcut: it can only say that none was seen where it looked.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from xaudit.catalog import EXPLAINERS, METRICS
from xaudit.config import Gate
from xaudit.records import MODEL_LEVEL, Interval, Status, Summary, Verdict
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.digits import counted, shown, shown_interval

MARGIN = 0.02
"""Reliance below which a region does not matter in practice: a fall in probability beyond a random area's.

With many patients an interval leaves out zero for effects that change no decision, so another region than the mark
counts as used only where even the lower end of its interval lies above this. The mark itself need only lie above 0.
"""

ELSEWHERE: tuple[str, ...] = ("border", "outside", "opposite-lung", "thorax", "body", "empty")
"""Regions that hold no evidence of a lesion.

The rest of the same lung is none of them: the surroundings of a mark may rightly count.
"""

_AGREEMENT = "reliance-agreement"
_FAMILIES = {row.id: row.family for row in METRICS}
_CONTROLS = frozenset(row.id for row in EXPLAINERS if row.control)
_USE_RULE = f"lower end of reliance-mark > 0, and of no other region > {MARGIN:g}"
_AGREEMENT_RULE = f"lower end of {_AGREEMENT} > 0, and of its difference to the best control > 0"
_LUNGS = ("same-lung", "opposite-lung")
_PLACES = {
    "thorax": "the rest of the thorax",
    "body": "the rest of the body",
    "empty": "what lies outside the body",
}


def judge(
    summaries: Sequence[Summary],
    *,
    gates: Sequence[Gate],
    models: Sequence[str],
    gate_on: Literal["lower", "mean"],
    explainers: Sequence[str] = (),
    positive: Mapping[str, str] | None = None,
) -> tuple[Verdict, ...]:
    """Every gate for every model, then what each model uses, then which explainers can be believed.

    A gate holds where the conservative end of the interval keeps it: the lower end of a smallest allowed value, the
    upper end of a largest one; with ``gate_on`` ``mean`` the estimate. A gate that names no explainer asks each that
    is no control. A gate without a value, or with too few patients for the end it asks for, is an error (XA102).
    Where a control keeps the gate too, XA103 follows: status ``fail``, but not gating.

    Findings (XA2xx, XA3xx) never gate. With several readers there is one verdict for each.

    Args:
        models: in the order of the verdicts; one without summaries fails its gates as errors.
        explainers: ids of those that are no controls; by default all that the summaries name and the catalog does
            not call controls.
        positive: the class whose evidence is explained, by model, for the sentences.
    """
    named = dict.fromkeys(s.explainer_id for s in summaries)
    asked = tuple(explainers) or tuple(name for name in named if name not in _CONTROLS | {MODEL_LEVEL})
    by_model = {model: [s for s in summaries if s.model_id == model] for model in models}
    verdicts: list[Verdict] = []
    for model_id, own in by_model.items():
        for gate in gates:
            verdicts += _gate_verdicts(own, gate, model_id, asked, on_mean=gate_on == "mean")
    for model_id, own in by_model.items():
        verdicts += _model_findings(own, (positive or {}).get(model_id))
    for own in by_model.values():
        verdicts += _explainer_findings(own, asked)
    return tuple(verdicts)


def _gate_verdicts(
    own: Sequence[Summary], gate: Gate, model_id: str, asked: Sequence[str], *, on_mean: bool
) -> list[Verdict]:
    of_metric = [summary for summary in own if summary.metric_id == gate.metric]
    several = _several_readers(of_metric)
    subjects: Sequence[str] = asked if gate.subject is None else (gate.subject,)
    if _FAMILIES.get(gate.metric) == "reliance":
        subjects = (MODEL_LEVEL,)
    verdicts: list[Verdict] = []
    for subject in subjects or (MODEL_LEVEL,):
        found = [summary for summary in of_metric if summary.explainer_id == subject]
        verdicts += [_held(summary, gate, on_mean=on_mean, several=several) for summary in found]
        if not found:
            verdicts.append(_without_data(gate, model_id, subject))
    if any(subject in asked for subject in subjects):
        controls = [s for s in of_metric if s.explainer_id not in (*asked, MODEL_LEVEL)]
        verdicts += _uninformative(controls, gate, on_mean=on_mean, several=several)
    return verdicts


def _held(summary: Summary, gate: Gate, *, on_mean: bool, several: bool) -> Verdict:
    value, end = _judged(summary.interval, gate, on_mean=on_mean)
    figures = f"{gate.metric} of {_named(summary, several)}: " + _over(summary, beside=gate.value)
    code: str = "XA101"
    status: Status
    if value is None:
        code, status = "XA102", "error"
        sentence = f"{figures}; an interval needs at least {MIN_CLUSTERS}, and the gate asks for its {end}"
    else:
        kept = _keeps(value, gate)
        status = "pass" if kept else "fail"
        relation = {
            (True, True): "reaches",
            (True, False): "is below",
            (False, True): "stays within",
            (False, False): "is above",
        }[gate.at_least, kept]
        limit = shown(gate.value, beside=gate.value)
        sentence = f"{figures}; its {end} {shown(value, beside=gate.value)} {relation} {limit}"
        if not kept and _keeps(summary.interval.estimate, gate):
            sentence += ", though its mean is not"
    return Verdict(
        code=code,
        status=status,
        model_id=summary.model_id,
        subject=_subject(summary, several),
        rule=str(gate),
        sentence=sentence,
        value=value,
        threshold=gate.value,
        n_patients=summary.n_patients,
    )


def _without_data(gate: Gate, model_id: str, explainer_id: str) -> Verdict:
    per_map = explainer_id != MODEL_LEVEL
    named = f"{explainer_id} on {model_id}" if per_map else model_id
    return Verdict(
        code="XA102",
        status="error",
        model_id=model_id,
        subject=f"{model_id}/{explainer_id}" if per_map else model_id,
        rule=str(gate),
        sentence=f"{gate.metric} of {named}: no case has a value",
        threshold=gate.value,
    )


def _uninformative(controls: Sequence[Summary], gate: Gate, *, on_mean: bool, several: bool) -> list[Verdict]:
    """XA103 for each reader against whom a control keeps the gate too: the one that keeps it best."""
    best: dict[str, tuple[float, Summary]] = {}
    for summary in controls:
        value, _ = _judged(summary.interval, gate, on_mean=on_mean)
        if value is None or not _keeps(value, gate):
            continue
        lead = value if gate.at_least else -value
        if summary.reader not in best or lead > best[summary.reader][0]:
            best[summary.reader] = (lead, summary)
    return [
        Verdict(
            code="XA103",
            status="fail",
            model_id=summary.model_id,
            subject=_subject(summary, several),
            rule=str(gate),
            sentence=(
                f"the gate tells nothing: the control {_named(summary, several)} passes it too, "
                f"{_over(summary, beside=gate.value)}"
            ),
            value=lead if gate.at_least else -lead,
            threshold=gate.value,
            n_patients=summary.n_patients,
            gating=False,
        )
        for lead, summary in best.values()
    ]


def _model_findings(own: Sequence[Summary], positive: str | None) -> list[Verdict]:
    """XA201 or XA202 for each reader with reliance on the mark; nothing where reliance was not measured."""
    regions = {(s.reader, s.metric_id.removeprefix("reliance-")): s for s in own if s.family == "reliance"}
    marks = [summary for (_, region), summary in regions.items() if region == "mark"]
    several = _several_readers(marks)
    outside = (
        "what lies outside the lungs" if any(r in _LUNGS for _, r in regions) else "the rest of the image"
    )
    verdicts = [] if marks else _unmarked(regions.values(), positive)
    for mark in marks:
        others = {
            region: regions[mark.reader, region] for region in ELSEWHERE if (mark.reader, region) in regions
        }
        if mark.interval.low is None:
            verdicts.append(_undecided(mark, "what it uses", _USE_RULE, several=several))
        else:
            answer = "the target's probability" if positive is None else f"P({positive})"
            verdicts.append(_use(mark, others, answer, outside, several=several))
    return verdicts


def _unmarked(found: Iterable[Summary], positive: str | None) -> list[Verdict]:
    """XA201 for each region that counts although no reader's mark is there to compare it with."""
    answer = "the target's probability" if positive is None else f"P({positive})"
    return [
        Verdict(
            code="XA201",
            status="fail",
            model_id=summary.model_id,
            subject=summary.model_id,
            rule=f"lower end of {summary.metric_id} <= {MARGIN:g}",
            sentence=(
                f"{summary.model_id}: shortcut: hiding the {summary.metric_id.removeprefix('reliance-')} lowers "
                f"{answer} by {shown_interval(summary.interval, beside=MARGIN, estimate_too=False)} more than hiding "
                f"a random area of its size; without marks the lesion's own part is not known "
                f"({counted(summary.n_patients, summary.cluster)})"
            ),
            value=summary.interval.low,
            threshold=MARGIN,
            n_patients=summary.n_patients,
            gating=False,
        )
        for summary in found
        if summary.interval.low is not None and summary.interval.low > MARGIN
    ]


def _use(
    mark: Summary, others: Mapping[str, Summary], answer: str, outside: str, *, several: bool
) -> Verdict:
    """Where the model's evidence lies.

    Only a fall counts. A random area of the border's size may touch the mark, so on an honest model the border's
    reliance is negative, and that is no shortcut.
    """
    uses_mark = mark.interval.low is not None and mark.interval.low > 0
    used = {
        region: summary
        for region, summary in others.items()
        if summary.interval.low is not None and summary.interval.low > MARGIN
    }
    beyond = "more than hiding a random area of its size"
    by_mark = shown_interval(mark.interval, beside=0.0, estimate_too=False)
    places = [
        (
            outside if region == "outside" else _PLACES.get(region, f"the {region.replace('-', ' ')}"),
            shown_interval(summary.interval, beside=MARGIN, estimate_too=False),
        )
        for region, summary in sorted(used.items(), key=lambda item: -item[1].interval.estimate)
    ]
    if used and not uses_mark:
        (place, figures), *rest = places
        sentence = f"shortcut: hiding {place} lowers {answer} by {figures} {beyond}; " + "".join(
            f"hiding {other} by {by}; " for other, by in [*rest, ("the mark", by_mark)]
        ).removesuffix("; ")
    elif used:
        sentence = f"mixed evidence: hiding the mark lowers {answer} by {by_mark} {beyond}, but so does " + (
            " and ".join(f"hiding {place} by {figures}" for place, figures in places)
        )
    elif uses_mark:
        sentence = (
            f"uses the mark: hiding it lowers {answer} by {by_mark} {beyond}; "
            "no other region measured stands out, which is no proof that no shortcut exists"
        )
    else:
        sentence = (
            f"the mark does not count: hiding it lowers {answer} by {by_mark} {beyond}; "
            "no other region measured stands out either"
        )
    sound = uses_mark and not used
    return Verdict(
        code="XA202" if sound else "XA201",
        status="pass" if sound else "fail",
        model_id=mark.model_id,
        subject=_subject(mark, several),
        rule=_USE_RULE,
        sentence=f"{_named(mark, several)}: {sentence} ({counted(mark.n_patients, mark.cluster)})",
        value=mark.interval.low,
        threshold=0.0,
        n_patients=mark.n_patients,
        gating=False,
    )


def _explainer_findings(own: Sequence[Summary], asked: Sequence[str]) -> list[Verdict]:
    """XA301 or XA302 for each explainer whose maps could be held against the model's reliance."""
    found = [summary for summary in own if summary.metric_id == _AGREEMENT]
    several = _several_readers(found)
    verdicts = []
    for summary in (summary for name in asked for summary in found if summary.explainer_id == name):
        difference = summary.control_difference
        if summary.interval.low is None or (difference is not None and difference.low is None):
            verdicts.append(
                _undecided(summary, "whether its maps can be believed", _AGREEMENT_RULE, several=several)
            )
        else:
            verdicts.append(_agreement(summary, several=several))
    return verdicts


def _agreement(summary: Summary, *, several: bool) -> Verdict:
    low, difference = summary.interval.low, summary.control_difference
    above_zero = low is not None and low > 0
    above_control = difference is None or (difference.low is not None and difference.low > 0)
    agrees = above_zero and above_control
    figures = (
        f"rank correlation with what the model depends on {_over(summary, beside=0.0, estimate_too=False)}"
    )
    reasons = [] if above_zero else ["not above zero"]
    if difference is not None:
        beyond = shown_interval(difference, beside=0.0, estimate_too=False)
        if agrees:
            figures += f", above the best control ({summary.control_id}) by {beyond}"
        elif not above_control:
            reasons.append(f"not above the best control ({summary.control_id}): difference {beyond}")
    verb = "agrees" if agrees else "misreports"
    why = "" if agrees else f", {' and '.join(reasons)}"
    return Verdict(
        code="XA302" if agrees else "XA301",
        status="pass" if agrees else "fail",
        model_id=summary.model_id,
        subject=_subject(summary, several),
        rule=_AGREEMENT_RULE,
        sentence=f"{_named(summary, several)} {verb}: {figures}{why}",
        value=low,
        threshold=0.0,
        n_patients=summary.n_patients,
        gating=False,
    )


def _undecided(summary: Summary, what: str, rule: str, *, several: bool) -> Verdict:
    return Verdict(
        code="XA102",
        status="error",
        model_id=summary.model_id,
        subject=_subject(summary, several),
        rule=rule,
        sentence=(
            f"{_named(summary, several)}: cannot tell {what} from "
            f"{counted(summary.n_patients, summary.cluster)}; an interval needs at least {MIN_CLUSTERS}"
        ),
        threshold=0.0,
        n_patients=summary.n_patients,
        gating=False,
    )


def _judged(interval: Interval, gate: Gate, *, on_mean: bool) -> tuple[float | None, str]:
    """The number that the gate is held against, and what it is called."""
    if on_mean:
        return interval.estimate, "mean"
    return (interval.low, "lower end") if gate.at_least else (interval.high, "upper end")


def _keeps(value: float, gate: Gate) -> bool:
    return value >= gate.value if gate.at_least else value <= gate.value


def _several_readers(summaries: Sequence[Summary]) -> bool:
    return len({summary.reader for summary in summaries}) > 1


def _subject(summary: Summary, several: bool) -> str:
    parts = [summary.model_id]
    if summary.explainer_id != MODEL_LEVEL:
        parts.append(summary.explainer_id)
    if several:
        parts.append(summary.reader)
    return "/".join(parts)


def _named(summary: Summary, several: bool) -> str:
    per_map = summary.explainer_id != MODEL_LEVEL
    name = f"{summary.explainer_id} on {summary.model_id}" if per_map else summary.model_id
    return f"{name} (reader {summary.reader})" if several else name


def _over(summary: Summary, *, beside: float, estimate_too: bool = True) -> str:
    figures = shown_interval(summary.interval, beside=beside, estimate_too=estimate_too)
    return f"{figures} over {counted(summary.n_patients, summary.cluster)}"
