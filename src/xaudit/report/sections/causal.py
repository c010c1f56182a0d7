"""Cases counted by where the map lies and by what the model uses."""

from xaudit.catalog import MARGIN
from xaudit.records import LocalizedAndCausal, Outcome
from xaudit.report.grid import Cell, Column, Paragraph, Row, Section, Tone, grid, heading


def causal_section(outcome: Outcome) -> Section | None:
    """Four counts per model and explainer; None where reliance on marks is not known."""
    rows: list[Row] = []
    unknown = 0
    for model in outcome.model_ids:
        own = {one.explainer_id: one for one in outcome.causal if one.model_id == model}
        there = [own[name] for name in outcome.explainer_ids if name in own]
        if any(_n_known(one) for one in there):
            rows.append(heading(model))
            rows += [_row(one, is_control=one.explainer_id in outcome.control_ids) for one in there]
            unknown = max([unknown, *(one.n_unknown for one in there)])
    if not rows:
        return None
    columns = [
        Column("explainer"),
        Column("map on mark,\nmodel uses it", numeric=True),
        Column("map on mark,\nnot used", numeric=True),
        Column("map elsewhere,\nmark used", numeric=True),
        Column("map elsewhere,\nnot used", numeric=True),
    ]
    legend = (
        "Number of cases. A map is on the mark if it does not miss the mark and is denser there than elsewhere. A model uses the "
        f"mark if hiding it lowers the answer by more than {MARGIN:g} beyond hiding random areas. Second column: the map looks "
        "right and is wrong about the model. Third: the map misses what the model uses. Fourth: model and map look elsewhere."
    )
    if unknown:
        legend += f" Not counted: up to {unknown} without a mark or without its reliance, or with an empty or diffuse map."
    return Section(
        "Do the maps lie on the evidence that the model uses", (grid(columns, rows), Paragraph(legend, "dim"))
    )


def _n_known(one: LocalizedAndCausal) -> int:
    return one.n_both + one.n_map_only + one.n_model_only + one.n_neither


def _row(one: LocalizedAndCausal, *, is_control: bool) -> Row:
    tone: Tone = "dim" if is_control else "plain"
    numbers = (one.n_both, one.n_map_only, one.n_model_only, one.n_neither)
    return Row((Cell(one.explainer_id, tone), *(Cell(str(n), tone) for n in numbers)))
