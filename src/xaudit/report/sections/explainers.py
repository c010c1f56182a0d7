"""The explainers of each model in one table: do they show what it uses, do they meet the marks, what do they cost."""

from collections.abc import Sequence

from xaudit.catalog import CEILING, PRIOR
from xaudit.records import MODEL_LEVEL, ExplainerJudgement, ExplainerState, Interval, Outcome
from xaudit.report.grid import Block, Cell, Column, Paragraph, Row, Section, Tone, grid, heading
from xaudit.report.lookup import SummaryLookup
from xaudit.report.sections.evidence import metric_title, score_cell, why_no_reliance
from xaudit.report.wording import count, duration, interval

STATE_WORDS: dict[ExplainerState, tuple[str, Tone]] = {
    "shows": ("shows it", "good"),
    "does-not-show": ("does not show it", "bad"),
    "undecided": ("undecided", "plain"),
}
_FIRST = ("iou", "pointing-game", "relevance-mass-accuracy")
_OF_SANITY = ("XA311", "XA312", "XA313")
_SANITY_METRICS = ("mprt", "location-collapse", "seed-stability")
_CEILING = 5
"""Place of the column with the ceiling."""

_TITLE = "Which explainer should I show for this model?"


def advice_section(outcome: Outcome) -> Section:
    """Return one block per model: every explainer, then the controls and the prior, with what to show in a sentence on top."""
    lookup = SummaryLookup(outcome)
    metric = _localization(lookup)
    leads: list[Block] = []
    rows: list[Row] = []
    for model in outcome.model_ids:
        own = [one for one in outcome.explainers_judged if one.model_id == model]
        if own:
            leads.append(Paragraph(_advice(outcome, model, own)))
            rows += [heading(_about(model, own)), *_rows(outcome, lookup, own, metric)]
    if not rows:
        return Section(_TITLE, (Paragraph(why_not_judged(outcome), "dim"),))
    columns = [
        Column("explainer"),
        Column("reliance\ncaptured (+)"),
        Column("shows what\nthe model uses"),
        Column("more than\nthe prior"),
        Column(metric_title(metric) if metric else ""),
        Column("at most", numeric=True),
        Column("evaluations\nper map", numeric=True),
        Column("time\nper map", numeric=True),
        Column("sanity\nchecks"),
    ]
    kept = [index for index in range(len(columns)) if any(_says(row, index) for row in rows)]
    shorter = [row if row.heading else Row(tuple(row.cells[index] for index in kept)) for row in rows]
    return Section(
        _TITLE,
        (
            *leads,
            grid([columns[index] for index in kept], shorter),
            Paragraph(_legend(has_ceiling=_CEILING in kept), "dim"),
        ),
    )


def state_of(outcome: Outcome, model: str, explainer: str) -> tuple[str, Tone]:
    """Return the state of an explainer in words, empty if it was not judged."""
    for one in outcome.explainers_judged:
        if (one.model_id, one.explainer_id) == (model, explainer):
            return STATE_WORDS[one.state]
    return "", "plain"


def why_not_judged(outcome: Outcome) -> str:
    """Why no explainer of a run was judged."""
    if all(model in outcome.external_ids for model in outcome.model_ids) or not outcome.reliance_asked:
        return why_no_reliance(outcome)
    return "Not measured: this run has no reliance map (`reliance.map.enabled`)."


def _says(row: Row, index: int) -> bool:
    return not row.heading and bool(row.cells[index].text.strip("-"))


def _localization(lookup: SummaryLookup) -> str:
    """Return the localization metric that is shown; empty if none was measured."""
    measured = lookup.headline_metrics(("localization",))
    return next((one for one in _FIRST if one in measured), measured[0] if measured else "")


def _advice(outcome: Outcome, model: str, own: Sequence[ExplainerJudgement]) -> str:
    explainers = [one for one in own if one.explainer_id not in outcome.control_ids]
    by_state: dict[str, list[ExplainerJudgement]] = {"shows": [], "does-not-show": [], "undecided": []}
    for one in sorted(explainers, key=lambda one: -_estimate(one.captured)):
        by_state[one.state].append(one)
    if shown := by_state["shows"]:
        text = (
            f"{_names(shown)} {'shows' if len(shown) == 1 else 'show'} what the model uses and may be shown."
        )
    elif by_state["undecided"]:
        text = "none is decided. Do not present a map as the reason of an answer yet."
    else:
        text = "none. No explainer of this run shows what the model uses."
    if wrong := by_state["does-not-show"]:
        text += f" Do not show {_names(wrong)}." if shown else ""
    planned = [one for one in by_state["undecided"] if one.n_needed is not None]
    if planned:
        plans = ", ".join(f"{one.explainer_id} {count(one.n_needed or 0, one.cluster)}" for one in planned)
        text += f" Needed for a decision, about: {plans}."
    return f"{model}: {text}"


def _names(judgements: Sequence[ExplainerJudgement]) -> str:
    names = [one.explainer_id for one in judgements]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _estimate(found: Interval | None) -> float:
    return -1.0 if found is None else found.estimate


def _about(model: str, own: Sequence[ExplainerJudgement]) -> str:
    most = max(own, key=lambda one: one.n_cases)
    text = f"{model}: {count(most.n_cases, 'image')}"
    if most.cluster == "patient":
        text += f", {count(most.n_patients, 'patient')}"
    if most.n_without_reliance:
        text += f", {count(most.n_without_reliance, 'image')} not counted"
    return text


def _rows(
    outcome: Outcome, lookup: SummaryLookup, own: Sequence[ExplainerJudgement], metric: str
) -> list[Row]:
    rows = [_row(outcome, lookup, one, metric) for one in own if one.explainer_id not in outcome.control_ids]
    rows += [_row(outcome, lookup, one, metric) for one in own if one.explainer_id in outcome.control_ids]
    prior = next((one.prior for one in own if one.prior is not None), None)
    if prior is not None:
        empty = [Cell("") for _ in range(7)]
        rows.append(Row((Cell(PRIOR, "dim"), Cell(interval(prior), "dim"), *empty)))
    return rows


def _row(outcome: Outcome, lookup: SummaryLookup, one: ExplainerJudgement, metric: str) -> Row:
    is_control = one.explainer_id in outcome.control_ids
    tone: Tone = "dim" if is_control else "plain"
    words, verdict_tone = STATE_WORDS[one.state]
    reader = next(iter(lookup.readers(one.model_id)), "")
    score = lookup.find(one.model_id, one.explainer_id, metric, reader) if metric else None
    ceiling = lookup.find(one.model_id, one.explainer_id, metric + CEILING, reader) if metric else None
    return Row(
        (
            Cell(one.explainer_id, tone),
            Cell(
                "-" if one.captured is None else interval(one.captured), tone if is_control else verdict_tone
            ),
            Cell(f"({words})", "dim") if is_control else Cell(words, verdict_tone),
            Cell("-" if one.difference is None else interval(one.difference), tone),
            score_cell(score, is_control=is_control),
            Cell("-" if ceiling is None else f"{ceiling.interval.estimate:.2f}", tone),
            Cell("-" if one.n_evals is None else f"{one.n_evals:,.0f}", tone),
            Cell(_time(one.seconds), tone),
            Cell(_sanity(outcome, lookup, one), tone),
        )
    )


def _time(seconds: float | None) -> str:
    """Format the time of one map, which may be a few milliseconds.

    Example:
        >>> _time(0.0123), _time(42.0), _time(None)
        ('0.012 s', '42 s', '-')
    """
    if seconds is None:
        return "-"
    return f"{seconds:.2g} s" if seconds < 1 else duration(seconds)


def _sanity(outcome: Outcome, lookup: SummaryLookup, one: ExplainerJudgement) -> str:
    """Name the findings of the sanity checks on an explainer; a dash if none was measured."""
    subject = f"{one.model_id}/{one.explainer_id}"
    found = [v.code for v in outcome.verdicts if v.code in _OF_SANITY and v.subject.startswith(subject)]
    if found:
        return ", ".join(dict.fromkeys(found))
    readers = (*lookup.readers(one.model_id), MODEL_LEVEL)
    measured = any(
        lookup.find(one.model_id, one.explainer_id, metric, reader) is not None
        for metric in _SANITY_METRICS
        for reader in readers
    )
    return "no finding" if measured else "-"


def _legend(*, has_ceiling: bool) -> str:
    text = (
        "reliance captured: of the reliance (fall of the answer when windows are hidden) that the best 5 % of the image holds, "
        "the share that the map's strongest 5 % holds (another area: `reliance.explainers.area`). prior: the same for the mean reliance map of the other patients. "
        "Not counted are images on which hiding any window changes nothing. Controls are never recommended."
    )
    if has_ceiling:
        text += " at most: what the marks themselves would score on the explainer's grid."
    return text
