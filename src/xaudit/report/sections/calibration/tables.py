"""The result of a calibration as a section: sentences, and a table for each model and plant."""

from collections.abc import Mapping, Sequence

from xaudit.records import Calibration, CalibrationEffect, Interval, PatientsNeeded
from xaudit.report.grid import Cell, Column, Grid, Paragraph, Row, Section, grid, row
from xaudit.report.sections.calibration.explainers import explainer_blocks
from xaudit.report.sections.calibration.plant_maps import map_blocks
from xaudit.report.sections.calibration.sentences import MOST_FALSE, headlines, of_audits
from xaudit.report.wording import interval
from xaudit.statistics.digits import shown

LIMITS = (
    "Each audit draws as many patients again, with replacement, from those of this data: new patients may differ more than these do. "
    "A model that fails without a plant is not proven honest or guilty: where it is honest, these are false alarms."
)

BY_ITSELF = (
    "{} depends on this place without the plant (row w = 0), so its bias and its intervals would say nothing."
)

LEAST_COVERAGE = 0.93
"""Share of intervals below which they are said to be too narrow."""

COLUMNS = (
    Column("w", numeric=True),
    Column("effect at\nthe source", numeric=True),
    Column("effect\nfound", numeric=True),
    Column("bias", numeric=True),
    Column("intervals that\nhold it", numeric=True),
    Column("area\nshown", numeric=True),
    Column("caught", numeric=True),
    Column("other\nfailures", numeric=True),
    Column("exit\ncode 1", numeric=True),
    Column("patients\nfor 95 %", numeric=True),
)


def calibration_section(calibration: Calibration) -> Section:
    """Return the whole result: sentences, a table for each model and plant, and what was left out."""
    blocks: list[Grid | Paragraph] = [Paragraph(text + ".", "strong") for text in headlines(calibration)]
    for key, effects in by_plant(calibration).items():
        blocks.append(table_of(effects, _needed_by_share(calibration, key)))
        if _depends_by_itself(effects):
            blocks.append(Paragraph(BY_ITSELF.format(effects[0].model_id), "dim"))
        else:
            blocks += [Paragraph(text, "dim") for text in narrow_intervals(effects)]
        blocks += map_blocks([one for one in calibration.maps if (one.model_id, one.plant) == key])
        blocks += explainer_blocks(
            [one for one in calibration.explainers if (one.judgement.model_id, one.plant) == key]
        )
    blocks.append(Paragraph(LIMITS, "dim"))
    blocks += [Paragraph(text, lead="-") for text in calibration.left_out]
    return Section("How often this audit would be right", tuple(blocks))


def narrow_intervals(effects: Sequence[CalibrationEffect]) -> list[str]:
    """Say of the rows whose intervals surely hold the effect at the source too seldom how far off they are."""
    narrow = [
        one
        for one in effects
        if one.coverage is not None and one.coverage.high is not None and one.coverage.high < LEAST_COVERAGE
    ]
    if not narrow:
        return []
    error = max(one.largest_error or 0.0 for one in narrow)
    widths = [one.half_width for one in narrow if one.half_width is not None]
    shares = ", ".join(f"{one.share:g}" for one in narrow)
    return [
        f"At w = {shares}, fewer intervals than 95 of 100 hold the effect at the source. They are ± {max(widths):.3f} wide at "
        f"most on average, and no estimate is farther from it than {error:.3f}. An interval says how far patients differ; "
        "where nearly all have the same effect, it leaves out what a window does not hide of the plant and what a rare patient "
        "would add."
    ]


def by_plant(calibration: Calibration) -> Mapping[tuple[str, str], list[CalibrationEffect]]:
    """Group the effects by model and plant, in their order."""
    groups: dict[tuple[str, str], list[CalibrationEffect]] = {}
    for effect in calibration.effects:
        groups.setdefault((effect.model_id, effect.plant), []).append(effect)
    return groups


def table_of(effects: Sequence[CalibrationEffect], needed: Mapping[float, PatientsNeeded]) -> Grid:
    """Return the table of one plant on one model, a row for each share of the answer."""
    first = effects[0]
    title = (
        f"{first.plant} on {first.model_id}; the model by itself reacts to it by {_signed(first.reaction)}"
    )
    return grid(COLUMNS, _rows(effects, needed), title=title)


def _depends_by_itself(effects: Sequence[CalibrationEffect]) -> bool:
    """Return True if the model's answer rests on the plant's place although no share of it comes from the plant."""
    return any(one.share == 0 and bool(one.codes) for one in effects)


def _rows(effects: Sequence[CalibrationEffect], needed: Mapping[float, PatientsNeeded]) -> list[Row]:
    comparable = not _depends_by_itself(effects)
    return [_row(one, needed.get(one.share), comparable=comparable) for one in effects]


def flat_table(calibration: Calibration) -> Grid:
    """Return one table of all models and plants, as spreadsheets take it."""
    rows: list[Row] = []
    for (model_id, plant), effects in by_plant(calibration).items():
        needed = _needed_by_share(calibration, (model_id, plant))
        rows += [Row((Cell(model_id), Cell(plant), *line.cells)) for line in _rows(effects, needed)]
    return grid((Column("model"), Column("plant"), *COLUMNS), rows, n_keys=3)


def _needed_by_share(calibration: Calibration, key: tuple[str, str]) -> dict[float, PatientsNeeded]:
    return {one.share: one for one in calibration.needed if (one.model_id, one.plant) == key}


def _row(effect: CalibrationEffect, needed: PatientsNeeded | None, *, comparable: bool) -> Row:
    n = effect.n_resamples
    return row(
        f"{effect.share:g}",
        shown(effect.truth),
        "not asked" if effect.effect is None else interval(effect.effect),
        _signed(effect.mean_effect - effect.truth) if comparable and effect.mean_effect is not None else "-",
        f"{100 * effect.coverage.estimate:.0f} %" if comparable and effect.coverage is not None else "-",
        "-" if effect.shown is None else of_audits(effect.shown, n),
        Cell(_with_ends(effect.caught, n), "plain"),
        Cell(_with_ends(effect.failed, n), "warn" if effect.failed.estimate > MOST_FALSE else "plain"),
        of_audits(effect.stopped, n),
        _patients(needed),
    )


def _patients(needed: PatientsNeeded | None) -> str:
    if needed is None:
        return "-"
    if needed.n_patients is None:
        return "more than tried"
    return f"{needed.n_patients}" + (" (more than there are)" if needed.beyond else "")


def _signed(value: float) -> str:
    text = f"{value:+.3f}"
    return "0.000" if float(text) == 0 else text


def _with_ends(share: Interval, n: int) -> str:
    low, high = share.low or 0.0, 1.0 if share.high is None else share.high
    return f"{of_audits(share, n)} [{low:.2f}, {high:.2f}]"
