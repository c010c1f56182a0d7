"""Attributes: association with the label, what each model encodes and uses, and the worst subgroups."""

from collections.abc import Iterator, Sequence

from xaudit.records import AssociationRow, DataCheck, EncodingRow, GapRow, Interval, SubgroupRow
from xaudit.report.grid import Block, Cell, Column, Paragraph, Row, Section, grid, row
from xaudit.report.wording import count, interval, p_value

_LEVEL = 0.05
_SHOWN = 6
_ALL = "all"

_NOTHING = "There is no attribute to compare. Name columns of the table under data.attributes."

_LEGEND = (
    "V: Cramér's V with the label, 0 none, 1 one tells the other. Encodes: AUROC of a logistic regression on the model's features, "
    "tested on other patients, on all images and on those of one true class (the lowest); .50 is chance. Gap: the model's "
    "sensitivity or specificity for a level less that for the others; of several levels the one furthest from chance, the rest "
    "and the mean log-odds are in the table attribute_gaps. Uses: if the answers differ at equal label. A network can encode an "
    "attribute and not use it: only a gap shows that its answers differ, and a gap may also come from disease that is harder "
    "to see. * family-wise p of at most 0.05. Intervals are by patient."
)


def attributes_section(check: DataCheck) -> Section:
    """Show each attribute beside the label and each model, then the subgroups that are furthest below the rest."""
    associated = [
        one for one in check.tables.get("attributes_association", ()) if isinstance(one, AssociationRow)
    ]
    encoded = [one for one in check.tables.get("attributes_encoding", ()) if isinstance(one, EncodingRow)]
    gaps = [one for one in check.tables.get("attribute_gaps", ()) if isinstance(one, GapRow)]
    groups = [one for one in check.tables.get("subgroups", ()) if isinstance(one, SubgroupRow)]
    if not associated:
        texts = (_NOTHING, *check.skipped)
        return Section(check.title, tuple(Paragraph(text, "dim") for text in texts))
    blocks: list[Block] = [_associations(associated)]
    models = dict.fromkeys([*(one.model_id for one in encoded), *(one.model_id for one in gaps)])
    blocks += [
        _encodes_and_uses(
            model,
            [one for one in encoded if one.model_id == model],
            [one for one in gaps if one.model_id == model],
        )
        for model in models
    ]
    for model in dict.fromkeys(one.model_id for one in groups):
        blocks += _worst(model, [one for one in groups if one.model_id == model])
    return Section(check.title, (*blocks, Paragraph(_LEGEND, "dim")))


def _associations(rows: Sequence[AssociationRow]) -> Block:
    lines = [
        Row(
            (
                Cell(one.attribute, "bad" if one.coincides else "plain"),
                Cell(f"{one.n_patients:,}"),
                Cell(interval(Interval(one.v, one.v_low, one.v_high, ""))),
                Cell(
                    "-"
                    if one.auroc is None
                    else interval(Interval(one.auroc, one.auroc_low, one.auroc_high, ""))
                ),
                Cell(_association_words(one), "bad" if one.coincides else "plain"),
            )
        )
        for one in sorted(rows, key=lambda one: -one.v)
    ]
    columns = (
        Column("attribute"),
        Column("patients", numeric=True),
        Column("V", numeric=True),
        Column("AUROC", numeric=True),
        Column("with the label"),
    )
    return grid(columns, lines, title="Attributes beside the label, all splits")


def _association_words(one: AssociationRow) -> str:
    if one.v_low is None or one.v_high is None:
        return "cannot be told: too few patients"
    if one.coincides:
        return "coincides"
    return "goes along" if one.v_low > 0 else "not shown to go along"


def _encodes_and_uses(model: str, encoded: Sequence[EncodingRow], gaps: Sequence[GapRow]) -> Block:
    names = dict.fromkeys([*(one.attribute for one in encoded), *(one.attribute for one in gaps)])
    lines = []
    for name in names:
        own = [one for one in gaps if one.attribute == name]
        lines.append(
            row(
                name,
                *_encoding_cells([one for one in encoded if one.attribute == name]),
                _use_cell(own),
                *(_gap_cell([one for one in own if one.measure == measure]) for measure in _MEASURES),
            )
        )
    columns = (
        Column("attribute"),
        Column("encodes", numeric=True),
        Column("encodes within\none class", numeric=True),
        Column("uses"),
        *(Column(f"gap of\n{measure}", numeric=True) for measure in _MEASURES),
    )
    return grid(columns, lines, title=f"{model}: what the features encode, and what the answers differ by")


_MEASURES = ("sensitivity", "specificity")


def _encoding_cells(rows: Sequence[EncodingRow]) -> Iterator[Cell]:
    """Yield the AUROC on all images, and the smallest within a class."""
    everywhere = [one for one in rows if one.images == _ALL]
    within = [one for one in rows if one.images != _ALL and one.auroc is not None]
    for chosen in (everywhere, [min(within, key=lambda one: one.auroc or 0.0)] if within else []):
        if not chosen or chosen[0].auroc is None:
            yield Cell("-", "dim")
            continue
        shown = interval(Interval(chosen[0].auroc, chosen[0].low, chosen[0].high, ""))
        yield Cell(shown, "strong" if (chosen[0].low or 0.0) > 0.5 else "plain")


def _gap_cell(rows: Sequence[GapRow]) -> Cell:
    known = [one for one in rows if one.gap is not None]
    if not known:
        return Cell("cannot be told", "dim")
    largest = min(known, key=lambda one: (1.0 if one.p is None else one.p, -abs(one.gap or 0.0)))
    beyond = largest.adjusted_p is not None and largest.adjusted_p <= _LEVEL
    level = "" if largest.other != "other levels" and len(rows) == 1 else f"{largest.level} "
    shown = interval(Interval(largest.gap or 0.0, largest.low, largest.high, ""), mark="*" * beyond)
    return Cell(f"{level}{shown}", "bad" if beyond else "plain")


def _use_cell(rows: Sequence[GapRow]) -> Cell:
    if all(one.gap is None for one in rows):
        return Cell("cannot be told", "warn")
    beyond = [one for one in rows if one.adjusted_p is not None and one.adjusted_p <= _LEVEL]
    if any(not one.measure.startswith("logit") for one in beyond):
        return Cell("errors differ", "bad")
    if beyond:
        return Cell("log-odds differ", "bad")
    return Cell("not shown")


def _worst(model: str, rows: Sequence[SubgroupRow]) -> list[Block]:
    """Show the subgroups of the smallest p, and say how many were tested together."""
    tested = sorted(
        (one for one in rows if one.adjusted_p is not None),
        key=lambda one: (one.adjusted_p or 0.0, one.p or 0.0, one.subgroup),
    )
    if not tested:
        return [Paragraph(f"{model}: no subgroup has enough patients to be tested.", "dim")]
    lines = []
    for one in tested[:_SHOWN]:
        beyond = (one.adjusted_p or 0.0) <= _LEVEL
        measured = Interval(one.value or 0.0, one.low, one.high, "")
        lines.append(
            row(
                Cell(one.subgroup, "bad" if beyond else "plain"),
                one.measure,
                f"{one.n_patients:,}",
                interval(measured, mark="*" * beyond),
                "-" if one.rest is None else f"{one.rest:.2f}",
                p_value(one.p),
                p_value(one.adjusted_p),
            )
        )
    columns = (
        Column("subgroup"),
        Column("measure"),
        Column("patients", numeric=True),
        Column("on it", numeric=True),
        Column("on the\nrest", numeric=True),
        Column("p", numeric=True),
        Column("family-\nwise p", numeric=True),
    )
    title = f"{model}: the least likely by chance of {count(len(tested), 'subgroup')} tested together"
    return [grid(columns, lines, title=title)]
