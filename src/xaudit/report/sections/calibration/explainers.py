"""The section on explainers where the evidence is known: the reliance that their maps capture, by share of the answer."""

from collections.abc import Sequence

from xaudit.records import ExplainerOnPlant
from xaudit.report.grid import Cell, Column, Grid, Paragraph, Row, grid, row
from xaudit.report.sections.explainers import STATE_WORDS
from xaudit.report.wording import interval
from xaudit.statistics.digits import shown

_COLUMNS = (
    Column("explainer"),
    Column("sees"),
    Column("w", numeric=True),
    Column("reliance\ncaptured (+)", numeric=True),
    Column("prior", numeric=True),
    Column("shows what\nthe model uses"),
    Column("patients", numeric=True),
)

ALONE = (
    "Explainers that see the network alone read its gradients or layers. The plant's part of the answer does not pass through "
    "it, so their maps are the same at every w: they cannot show the plant, however much of the answer rests on it."
)


def explainer_blocks(explained: Sequence[ExplainerOnPlant]) -> list[Grid | Paragraph]:
    """Return a sentence for each explainer of one plant on one model, and their table."""
    if not explained:
        return []
    by_name: dict[str, list[ExplainerOnPlant]] = {}
    for one in explained:
        by_name.setdefault(one.judgement.explainer_id, []).append(one)
    blocks: list[Grid | Paragraph] = [Paragraph(sentence(own)) for own in by_name.values()]
    first = explained[0]
    title = f"explainers of {first.judgement.model_id} where {first.plant} carries a share w of the answer"
    rows = [_row(one) for own in by_name.values() for one in own]
    blocks.append(grid(_COLUMNS, rows, title=title, n_keys=3))
    if not all(one.sees_plant for one in explained):
        blocks.append(Paragraph(ALONE, "dim"))
    return blocks


def sentence(explained: Sequence[ExplainerOnPlant]) -> str:
    """Say what one explainer shows of one model, from the smallest share of the answer to the largest."""
    last = max(explained, key=lambda one: one.share)
    judged = last.judgement
    captured = "".join(
        f"{', ' * bool(index)}{shown(one.judgement.captured.estimate)} at w = {one.share:g}"
        for index, one in enumerate(one for one in explained if one.judgement.captured is not None)
        if one.judgement.captured is not None
    )
    state = {
        "shows": "shows what the model uses",
        "does-not-show": "does not show what the model uses",
        "undecided": f"is undecided ({judged.reason})",
    }[judged.state]
    alone = "" if last.sees_plant else "; it sees the network alone, and not the plant's part of the answer"
    figures = f"its maps capture {captured} of the reliance" if captured else "no image counts"
    return f"{judged.explainer_id} with {last.plant} on {judged.model_id}: {figures}; at w = {last.share:g} it {state}{alone}."


def _row(one: ExplainerOnPlant) -> Row:
    judged = one.judgement
    words, tone = STATE_WORDS[judged.state]
    return row(
        judged.explainer_id,
        "all of the answer" if one.sees_plant else "network alone",
        f"{one.share:g}",
        "-" if judged.captured is None else interval(judged.captured),
        "-" if judged.prior is None else shown(judged.prior.estimate),
        Cell(words, tone),
        f"{judged.n_patients}",
    )
