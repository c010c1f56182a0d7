"""Failure categories of the maps by the model's answer, and how much they depend on the thresholds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from xaudit.records import CategoryCount, Outcome, ThresholdShift
from xaudit.report.grid import Block, Cell, Column, Grid, Paragraph, Row, Section, Tone, grid
from xaudit.report.sections.verdict import is_judged_by_mark
from xaudit.report.wording import count, percent

CELLS = ("TP", "FN", "FP", "TN")
_LEGEND_CELLS = {
    "TP": "TP correctly positive",
    "FN": "FN missed",
    "FP": "FP false alarm",
    "TN": "TN correctly negative",
}

_WORDS = {
    "good": "good",
    "covered_with_spill": "covers, spills:",
    "under_coverage": "covers too little",
    "partial_with_spill": "partly, spills:",
    "miss": "misses:",
    "diffuse": "points at everything",
    "no_map": "no map",
    "unmarked": "no mark to meet",
}
_ORDER = tuple(_WORDS)
_TONES: dict[str, Tone] = {"good": "good", "miss": "bad", "no_map": "bad", "diffuse": "bad"}
_PLACES = {
    "same_lung": "same lung",
    "opposite_lung": "opposite lung",
    "lungs": "a lung, side unknown",
    "outside_lung": "outside lungs",
    "body": "the body",
    "empty": "outside body",
    "elsewhere": "rest of the image",
}


def categories_section(outcome: Outcome) -> Section | None:
    """Counts by category and confusion cell, per model; None for a run that sorted no maps."""
    counts = [one for one in outcome.categories if one.explainer_id in outcome.explainer_ids]
    if not counts:
        return None
    cells = tuple(cell for cell in CELLS if any(one.cell == cell for one in counts))
    blocks: list[Block] = []
    for model in outcome.model_ids:
        own = [one for one in counts if one.model_id == model]
        if own:
            blocks.append(_table(outcome, model, own, cells))
    blocks.append(Paragraph(_legend(cells), "dim"))
    shifts = _shift_table(outcome)
    if shifts is not None:
        text = (
            "Share of maps whose category changes when one threshold is a fifth lower / higher; in brackets the change in "
            "the number of answers that are right for the wrong reason, if it changes."
        )
        blocks += [shifts, Paragraph(text, "dim")]
    return Section("How the maps fail, and whether the model was right", tuple(blocks))


def category_words(category: str) -> str:
    """A category as a person would say it.

    Example:
        >>> category_words("miss_opposite_lung"), category_words("covered_with_spill:empty")
        ('misses: opposite lung', 'covers, spills: outside body')
    """
    kind, place = _split(category)
    return f"{_WORDS[kind]} {_PLACES.get(place, place.replace('-', ' '))}".strip()


def _split(category: str) -> tuple[str, str]:
    if category.startswith("miss_"):
        return "miss", category.removeprefix("miss_")
    kind, _, place = category.partition(":")
    return kind, place


def _table(outcome: Outcome, model: str, own: Sequence[CategoryCount], cells: Sequence[str]) -> Grid:
    asked = [name for name in outcome.explainer_ids if any(one.explainer_id == name for one in own)]
    by: dict[tuple[str, str], Mapping[str, int]] = {}
    for one in own:
        key = (one.category, one.explainer_id)
        by[key] = {**by.get(key, {}), one.cell: one.n_maps}
    found = sorted({one.category for one in own}, key=category_rank)
    rows = []
    for category in found:
        tone = _TONES.get(_split(category)[0], "plain")
        counted = [by.get((category, name), {}) for name in asked]
        texts = [_cells(numbers, cells) for numbers in counted]
        rows.append(Row((Cell(category_words(category), tone), *map(Cell, texts))))
    is_judged = is_judged_by_mark(outcome, model)
    wrong = [_wrong(own, name) if is_judged else "-" for name in asked]
    rows.append(
        Row((Cell("right for the wrong reason", "strong"), *(Cell(text, "strong") for text in wrong)))
    )
    judged = [sum(one.n_judged for one in own if one.explainer_id == name) for name in asked]
    apart = [sum(one.n_no_reason for one in own if one.explainer_id == name) for name in asked]
    for words, numbers in (("of correct answers judged", judged), ("correct, not judged", apart)):
        if any(apart):
            rows.append(Row((Cell(words), *(Cell(str(n) if n else ".") for n in numbers))))
    columns = [
        Column("the map"),
        *(Column(f"{_broken(name)}\n{'/'.join(cells)}", numeric=True) for name in asked),
    ]
    n_maps = {sum(one.n_maps for one in own if one.explainer_id == name) for name in asked}
    about = count(max(n_maps), "map") + " each" if len(n_maps) == 1 else "maps"
    return grid(columns, rows, title=f"{model}: {about}")


def category_rank(category: str) -> tuple[int, int]:
    """Return the sort key of a category: first its kind, then its place."""
    kind, place = _split(category)
    places = list(_PLACES)
    return _ORDER.index(kind), places.index(place) if place in places else len(places)


def _cells(numbers: Mapping[str, int], cells: Sequence[str]) -> str:
    """The numbers of one category by confusion cell; a dot where there is none.

    Example:
        >>> _cells({"TP": 12}, ("TP", "FN")), _cells({}, ("TP", "FN"))
        ('12/0', '.')
    """
    return "/".join(str(numbers.get(cell, 0)) for cell in cells) if numbers else "."


def _wrong(own: Sequence[CategoryCount], explainer_id: str) -> str:
    """Count the right answers that rest on the wrong reason; a dash if no map of a marked case can be judged."""
    mine = [one for one in own if one.explainer_id == explainer_id]
    return str(sum(one.n_wrong_reason for one in mine)) if any(one.n_judged for one in mine) else "-"


def _legend(cells: Sequence[str]) -> str:
    return (
        "Number of maps by the model's answer: "
        + ", ".join(_LEGEND_CELLS[cell] for cell in cells)
        + ". covers: the map covers at least half of the mark; spills: less than half of the map lies inside the mark, and "
        "most of the rest lies in the region named. Right for the wrong reason: a correct answer whose map misses the mark "
        "or is no denser there than elsewhere, counted for explainers that show what the model uses. Answers whose map is empty or points at everything are not judged. Set the "
        "thresholds under `categories` in the audit file."
    )


_WITHOUT_A_MARK = ("unmarked", "no_map", "diffuse")


def _shift_table(outcome: Outcome) -> Grid | None:
    """Tabulate how many categories change with each threshold; None if no map met a mark."""
    if all(count.category in _WITHOUT_A_MARK for count in outcome.categories):
        return None
    groups: dict[tuple[str, str], dict[str, list[ThresholdShift]]] = defaultdict(lambda: defaultdict(list))
    for shift in outcome.category_shifts:
        if shift.explainer_id in outcome.explainer_ids and shift.explainer_id not in outcome.control_ids:
            groups[shift.model_id, shift.explainer_id][shift.threshold].append(shift)
    if not groups:
        return None
    names = list(next(iter(groups.values())))
    order = [(model, name) for model in outcome.model_ids for name in outcome.explainer_ids]
    rows = []
    for key in (key for key in order if key in groups):
        own = groups[key]
        cells = [Cell(" / ".join(_moved(shift) for shift in own[name])) for name in names]
        rows.append(Row((Cell(f"{key[1]} on {key[0]}"), *cells)))
    return grid(["threshold", *(Column(name, numeric=True) for name in names)], rows)


def _moved(shift: ThresholdShift) -> str:
    change = f" ({shift.change_wrong_reason:+d})" if shift.change_wrong_reason else ""
    return f"{percent(shift.n_moved / shift.n_maps)}{change}"


def _broken(name: str) -> str:
    """A long name over two lines."""
    owner, dot, control = name.rpartition(".")
    if dot:
        return f"{owner}.\n{control}"
    first, hyphen, rest = name.partition("-")
    return f"{first}-\n{rest}" if hyphen and len(name) > 11 else name
