"""Results told apart by properties of the cases, as far as the audit asks for it."""

from dataclasses import replace

from xaudit.records import ALL_CASES, Interval, Outcome, Summary
from xaudit.report.grid import Block, Cell, Column, Grid, Paragraph, Row, Section, grid
from xaudit.report.lookup import SummaryLookup
from xaudit.report.wording import count, interval, metric_words, unit_of
from xaudit.statistics.digits import shown


def strata_section(outcome: Outcome) -> Section | None:
    """Show a headline metric by stratum, model and explainer; None if the audit asks for no strata.

    All others stand in the table ``summary``.
    """
    strata = list(dict.fromkeys(s.stratum for s in outcome.summaries if s.stratum != ALL_CASES))
    metrics = SummaryLookup(outcome).headline_metrics(("localization",))
    metrics = metrics or SummaryLookup(outcome).headline_metrics(("faithfulness",))
    if not strata or not metrics:
        return None
    metric = "iou" if "iou" in metrics else metrics[0]
    explainers = [name for name in outcome.explainer_ids if name not in outcome.control_ids]
    grids: list[Block] = []
    for model in outcome.model_ids:
        for reader in SummaryLookup(outcome).readers(model):
            rows = []
            for stratum in strata:
                lookup = SummaryLookup(outcome, stratum=stratum)
                found = [lookup.find(model, name, metric, reader) for name in explainers]
                known = [s for s in found if s is not None]
                if known:
                    n = str(max(s.n_patients for s in known))
                    cells = [Cell(stratum), Cell(n), *(_cell(s) for s in found)]
                    rows.append(Row(tuple(cells)))
            if rows:
                grids.append(_table(model, metric, explainers, rows))
    known_patients = all(s.cluster == "patient" for s in outcome.summaries)
    legend = (
        f"n: {'patients' if known_patients else 'images'}; no interval below 5. One metric of "
        f"{count(len(metrics), 'headline metric')}; all stand in summary.parquet. `xaudit compare --by` tests "
        "explainers within strata. Intervals are not corrected for the number of strata: read them as hints."
    )
    return Section("Strata", (*grids, Paragraph(legend, "dim")))


def _table(model: str, metric: str, explainers: list[str], rows: list[Row]) -> Grid:
    columns = [Column("stratum"), Column("n", numeric=True), *(Column(n, numeric=True) for n in explainers)]
    return grid(columns, rows, title=f"{model}: {metric_words(metric)}", n_keys=2)


def _cell(summary: Summary | None) -> Cell:
    return Cell("-", "dim") if summary is None else Cell(interval(summary.interval))


def regression_section(outcome: Outcome) -> Section | None:
    """Slopes of the localization scores; None where the audit asks for no regression."""
    controls = set(outcome.control_ids)
    own = [r for r in outcome.regressions if r.explainer_id not in controls and not r.protocol]
    if not own:
        return None
    columns = [
        Column("model, explainer", wraps=True),
        Column("metric", wraps=True),
        Column("per doubling\nof the area", numeric=True),
        Column("per .1 of\nconfidence", numeric=True),
        Column("n", numeric=True),
    ]
    rows = []
    reasons: dict[str, int] = {}
    for r in own:
        if r.reason:
            reasons[r.reason] = reasons.get(r.reason, 0) + 1
            continue
        by_name = {c.name: c.interval for c in r.coefficients}
        confidence = by_name["confidence"]
        tenth = interval(_tenth(confidence))
        cells = [f"{r.model_id}, {r.explainer_id}", metric_words(r.metric_id)]
        cells += [interval(by_name["log2-lesion-area"]), tenth, str(r.n_patients)]
        rows.append(Row(tuple(Cell(text) for text in cells)))
    blocks: list[Block] = [grid(columns, rows)] if rows else []
    blocks += [
        Paragraph(f"{count(n, 'regression')} not fitted: {why}", lead="-") for why, n in reasons.items()
    ]
    legend = (
        "Change of the score with the other held fixed; least squares, standard errors by "
        f"{unit_of(outcome)} (CR1)."
    )
    return Section("Localization by lesion size and confidence", (*blocks, Paragraph(legend, "dim")))


def _tenth(per_unit: Interval) -> Interval:
    """A slope per tenth of what it is given for."""
    low, high = (None if end is None else end / 10 for end in (per_unit.low, per_unit.high))
    return replace(per_unit, estimate=per_unit.estimate / 10, low=low, high=high)


def planning_section(outcome: Outcome) -> Section | None:
    """Patients that each gate needs; None where the audit wants no half-width."""
    if not outcome.plans:
        return None
    columns = [
        Column("gate", wraps=True),
        Column("model, explainer", wraps=True),
        Column("half-width", numeric=True),
        Column(f"{unit_of(outcome)}s", numeric=True),
        Column("needed", numeric=True),
    ]
    rows = [
        Row(
            (
                Cell(p.rule),
                Cell(f"{p.model_id}, {p.explainer_id}" if p.explainer_id != "-" else p.model_id),
                Cell("-" if p.half_width is None else shown(p.half_width, beside=p.wanted)),
                Cell(str(p.n_patients)),
                Cell("-" if p.n_needed is None else str(p.n_needed)),
            )
        )
        for p in outcome.plans
    ]
    unit = unit_of(outcome)
    legend = (
        f"Number of annotated {unit}s for intervals of ± {outcome.plans[0].wanted:g}, if further {unit}s resemble these: "
        "the width falls with the square root of the number."
    )
    return Section(
        "How many patients" if unit == "patient" else "How many images",
        (grid(columns, rows), Paragraph(legend, "dim")),
    )
