"""Views that predict the label without the organ: AUROC and accuracy of each, beside the whole image."""

from collections.abc import Sequence

from xaudit.counts import counted_sentence
from xaudit.records import DataCheck, Interval, LabelProbe, LabelValue
from xaudit.report.grid import Block, Cell, Column, Paragraph, Row, Section, grid, row
from xaudit.report.wording import count, interval, p_value, percent

SPLIT_WORDS: dict[str, str] = {
    "patient": "split by patient",
    "group": "copies kept together",
    "image": "random split",
}

_UNITS: dict[str, str] = {"patient": "patients", "group": "groups or single images", "image": "images"}

_MOST_VALUES = 12

_LEGEND = (
    "A forest of simple trees sees nothing but the view, as 20 × 20 cells (mean, spread, edges), and names the class of images that "
    "it was not trained on. AUROC: each class against the others, mean over the classes; 0.5 is chance, lower is better for "
    "every view but the centre and the whole image, which are there to compare with. Intervals resample {units}; the models "
    "are not trained again for them. A view gives the label away where the interval says so and, where that could be luck, "
    "no shuffling of the labels does as well."
)
_GROUPED = (
    "Copies kept together: near copies of an image are never on both sides of the split. A random split puts them there, so what "
    "it gives beyond that is recognition of copies. No patients are named: slices of one patient may still be on both sides, and both "
    "figures may be too high."
)


def label_section(check: DataCheck) -> Section:
    """Show how well each view predicts the label, then the values that occur in one class only."""
    probes = label_probes(check)
    values = [one for one in check.tables.get("label_values", ()) if isinstance(one, LabelValue)]
    if not probes:
        lines = [*(one.sentence for one in check.verdicts), *check.skipped]
        return Section(check.title, tuple(Paragraph(text, "dim") for text in lines))
    blocks: list[Block] = [_views(probes)]
    telling = [one for one in values if one.beyond_chance]
    if telling:
        blocks.append(_values(telling, probes))
    n_others = sum(one.in_one_class and not one.beyond_chance for one in values)
    if n_others:
        rest = f"in one class only and in so few {_UNITS[probes[-1].unit]} that it may be chance"
        blocks.append(
            Paragraph(
                counted_sentence(
                    n_others,
                    f"{{n}} values occur {rest}|1 value occurs {rest}",
                )
                + " (table `label_values`).",
                "dim",
            )
        )
    units = _UNITS[probes[-1].unit]
    legend = _LEGEND.format(units=units)
    if any(one.unit == "group" for one in probes):
        legend = f"{legend} {_GROUPED}"
    return Section(check.title, (*blocks, Paragraph(legend, "dim")))


def label_probes(check: DataCheck) -> list[LabelProbe]:
    """Return the probes of a check, in the order of display."""
    return [one for one in check.tables.get("label_probes", ()) if isinstance(one, LabelProbe)]


def auroc_of(probe: LabelProbe) -> Interval:
    """Return the AUROC of a probe with its limits."""
    return Interval(probe.auroc, probe.auroc_low, probe.auroc_high, "none")


def _views(probes: Sequence[LabelProbe]) -> Block:
    ways = list(dict.fromkeys(one.unit for one in probes))
    by_key = {(one.view, one.unit): one for one in probes}
    deciding = [one for one in probes if one.decides]
    rows: list[Row] = []
    for probe in deciding:
        both = [by_key.get((probe.view, way)) for way in ways]
        figures = [
            text
            for own in both
            for text in (("-", "-") if own is None else (interval(auroc_of(own)), percent(own.accuracy)))
        ]
        rows.append(row(probe.title, *figures, _outcome_cell(probe)))
    titles = [
        column
        for way in ways
        for column in (
            Column(f"AUROC,\n{SPLIT_WORDS[way]}", numeric=True),
            Column("accuracy", numeric=True),
        )
    ]
    most = max(deciding, key=lambda one: one.n_images)
    about = count(most.n_images, "image")
    if most.unit != "image":
        about += f" of {most.n_units:,} {_UNITS[most.unit]}"
    title = f"{about}; naming the most frequent class always: {percent(most.majority)}"
    return grid([Column("the model sees only"), *titles, Column("")], rows, title=title)


def _outcome_cell(probe: LabelProbe) -> Cell:
    if not probe.judged:
        return Cell("to compare with", "dim")
    return Cell("gives the label away", "bad") if probe.gives_away else Cell("")


def _values(telling: Sequence[LabelValue], probes: Sequence[LabelProbe]) -> Block:
    units = _UNITS[probes[-1].unit]
    ordered = sorted(telling, key=lambda one: (-one.n_images, one.property, one.value))
    rows = [
        row(
            one.property,
            one.value,
            one.class_name,
            f"{one.n_images:,}",
            f"{one.n_units:,}",
            p_value(one.p),
        )
        for one in ordered[:_MOST_VALUES]
    ]
    title = "Values that occur in one class only, in more than chance explains"
    if len(ordered) > _MOST_VALUES:
        title += f" ({_MOST_VALUES} of {len(ordered)}; all are in the table label_values)"
    columns = [
        Column("property"),
        Column("value"),
        Column("class"),
        Column("images", numeric=True),
        Column("in all" if units == "images" else units, numeric=True),
        Column("p by chance", numeric=True),
    ]
    return grid(columns, rows, title=title, n_keys=2)
