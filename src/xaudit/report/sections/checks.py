"""Sanity, robustness and repeatability of maps, where the audit asks for them."""

from collections.abc import Sequence

from xaudit.catalog import METRICS, metric_row
from xaudit.records import MODEL_LEVEL, NO_READER, Interval, Outcome, Summary
from xaudit.report.grid import Block, Cell, Column, Paragraph, Row, Section, Tone, grid, heading
from xaudit.report.lookup import SummaryLookup
from xaudit.report.wording import count, interval, metric_words, percent

_LEGENDS = {
    "mprt": "mprt: likeness of the map to that of the network with every layer random",
    "mprt-independent": "mprt independent: with one part of the layers random at a time",
    "efficient-mprt": "efficient mprt: relative rise of the map's entropy then",
    "random-logit": "random logit, class contrast: likeness to the map of another class",
    "class-contrast": "",
    "location-collapse": "location collapse: likeness of the places that maps of different patients point at",
    "average-sensitivity": "sensitivity: relative change of the map under noise on the image",
    "local-lipschitz": "local lipschitz: change of the map over that of the image",
    "seed-stability": "seed stability: likeness of maps of one image from different seeds",
}
_CODES = ("XA311", "XA312", "XA313")
_CONSTANT_MAP = "a constant map reaches"


def checks_section(outcome: Outcome) -> Section | None:
    """Sanity and robustness, per model and explainer; None where neither was asked."""
    lookup = SummaryLookup(outcome)
    known = {row.id for row in METRICS}
    # The steps of a cascade have ids of their own; the end of it is what is shown.
    metrics = [one for one in lookup.headline_metrics(("sanity", "robustness")) if one in known]
    if not metrics:
        return None
    shares = {
        (model, name): _constant_share(lookup, model, name)
        for model in outcome.model_ids
        for name in outcome.explainer_ids
        if name not in outcome.control_ids
    }
    with_share = "location-collapse" in metrics and any(shares.values())
    rows: list[Row] = []
    for model in outcome.model_ids:
        own: list[Row] = []
        cases = 0
        for name in outcome.explainer_ids:
            found = [lookup.find(model, name, metric, NO_READER) for metric in metrics]
            if not any(found):
                continue
            cases = max([cases, *(s.n_cases for s in found if s is not None)])
            tone: Tone = "dim" if name in outcome.control_ids else "plain"
            cells = [Cell(name, tone), *(_cell(s) for s in found)]
            if with_share:
                cells.append(Cell(shares.get((model, name)) or "-", tone))
            own.append(Row(tuple(cells)))
        if own:
            rows += [heading(f"{model}: {count(cases, 'image')}"), *own]
    columns = [Column("explainer"), *(Column(_title(metric)) for metric in metrics)]
    if with_share:
        columns.append(Column(_CONSTANT_MAP.replace(" map ", " map\n")))
    said = [v for v in outcome.verdicts if v.code in _CODES]
    findings: list[Block] = [Paragraph(v.sentence, "bad", lead=v.code) for v in said]
    legend = "; ".join(filter(None, (_LEGENDS.get(metric, "") for metric in metrics)))
    text = (
        f"{legend}. Mean over the cases [95 % interval]; (+) higher is better, (-) lower. For a likeness 1 is the same "
        "map and 0 is chance."
    )
    if with_share:
        text += f" {_CONSTANT_MAP}: score of the mean of the other patients' maps, as a share of the explainer's own score."
    return Section(
        "Do the maps depend on the model, and on nothing else",
        (grid(columns, rows), *findings, Paragraph(text, "dim")),
    )


def _constant_share(lookup: SummaryLookup, model: str, name: str) -> str:
    """Return the share of an explainer's score that its own mean map reaches, in the first metric that both have."""
    for row in METRICS:
        if row.family != "localization" or not row.is_share or not row.higher_is_better:
            continue
        for reader in lookup.readers(model):
            own = lookup.find(model, name, row.id, reader)
            mean = lookup.find(model, f"{name}.mean-map", row.id, reader)
            if own is not None and mean is not None and own.interval.estimate > 0:
                share = mean.interval.estimate / own.interval.estimate
                return f"{percent(share)} of {metric_words(row.id)}"
    return ""


def _title(metric_id: str) -> str:
    higher = metric_row(metric_id).higher_is_better
    words = metric_words(metric_id).split(" ")
    text = " ".join(words[:-1]) + "\n" + words[-1] if len(words) > 1 else words[0]
    return text + {True: " (+)", False: " (-)", None: ""}[higher]


def _cell(summary: Summary | None) -> Cell:
    return Cell("-", "dim") if summary is None else Cell(interval(summary.interval))


def repeatability_section(outcome: Outcome) -> Section | None:
    """Every two models: how far their answers agree, and beside it their maps; None where it was not asked."""
    lookup = SummaryLookup(outcome)
    names = [
        name
        for name in outcome.explainer_ids
        if any(s.explainer_id == name and s.family == "repeatability" for s in outcome.summaries)
    ]
    rows: list[Row] = []
    for kind, words in (
        ("repeatability", "the same network trained anew"),
        ("reproducibility", "different networks"),
    ):
        own = [
            row
            for place, first in enumerate(outcome.model_ids)
            for second in outcome.model_ids[place + 1 :]
            if (row := _pair(lookup, kind, (first, second), names)) is not None
        ]
        if own:
            rows += [heading(f"{kind}: {words}"), *own]
    if not rows:
        return None
    columns = [
        Column("models"),
        Column("same\nclass"),
        Column("P differs\nby"),
        *(Column(f"maps of\n{name}") for name in names),
    ]
    legend = (
        "same class: share of cases on which both models predict the same class. P differs by: mean difference in the "
        "probability of the explained class. maps: rank correlation of the two models' maps of one case, mean over the "
        "cases [95 % interval]; 1 is the same order of pixels, 0 is chance. If the answers agree and the maps do not, the "
        "maps do not show what the answers rest on."
    )
    return Section(
        "Do models that agree in their answers agree in their maps",
        (grid(columns, rows), Paragraph(legend, "dim")),
    )


def _pair(lookup: SummaryLookup, kind: str, models: tuple[str, str], names: Sequence[str]) -> Row | None:
    first, second = models

    def found(explainer_id: str, metric: str) -> Interval | None:
        summary = lookup.find(first, explainer_id, f"{metric}-with-{second}", NO_READER)
        return None if summary is None else summary.interval

    same, apart = found(MODEL_LEVEL, f"{kind}-class"), found(MODEL_LEVEL, f"{kind}-probability")
    if same is None or apart is None:
        return None
    maps = [found(name, kind) for name in names]
    return Row(
        (
            Cell(f"{first}, {second}"),
            Cell(interval(same)),
            Cell(interval(apart)),
            *(Cell("-", "dim") if one is None else Cell(interval(one)) for one in maps),
        )
    )
