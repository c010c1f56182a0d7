"""Calibration of each model's answers: figures with intervals, and the reliability curve as a table."""

from collections.abc import Sequence

from xaudit.records import CalibrationBin, CalibrationValue, DataCheck, Interval
from xaudit.report.grid import Block, Cell, Column, Paragraph, Row, Section, grid, row
from xaudit.report.wording import interval
from xaudit.statistics.digits import shown

_LEGEND = (
    "ECE: by how much a probability is off, on average over bins of about equal size; 0 is best. It is never quite 0 with few "
    "images, so read it beside chance: what exact probabilities would show, and stay within in 95 of 100 such data sets, all "
    "images of a patient erring together. Gap: mean probability of the class named minus the share that is right; above 0 is "
    "overconfident. Brier: mean squared distance of the positive class's probability from 0 or 1. Intervals are by patient."
)


def calibration_section(check: DataCheck) -> Section:
    """Show how often the probabilities of each model are right."""
    values = [one for one in check.tables.get("calibration", ()) if isinstance(one, CalibrationValue)]
    curve = [one for one in check.tables.get("calibration_curve", ()) if isinstance(one, CalibrationBin)]
    if not values:
        return Section(check.title, (Paragraph("Nothing could be measured.", "dim"),))
    blocks: list[Block] = [_figures(values)]
    for model in dict.fromkeys(one.model_id for one in curve):
        own = [one for one in curve if (one.model_id, one.target, one.subgroup) == (model, "positive", "all")]
        blocks.append(_curve_table(model, own))
    return Section(check.title, (*blocks, Paragraph(_LEGEND, "dim")))


def _figures(values: Sequence[CalibrationValue]) -> Block:
    rows = []
    by_key = {(one.model_id, one.subgroup, one.metric, one.target): one for one in values}
    for model, subgroup in dict.fromkeys((one.model_id, one.subgroup) for one in values):
        ece = by_key[model, subgroup, "ece", "positive"]
        top = by_key[model, subgroup, "ece", "top-label"]
        gap = by_key[model, subgroup, "confidence-gap", "top-label"]
        brier = by_key[model, subgroup, "brier", "positive"]
        rows.append(
            row(
                model,
                "all images" if subgroup == "all" else subgroup.replace("=", " "),
                f"{ece.n_images:,}",
                f"{ece.n_patients:,}",
                _cell(ece),
                _chance(ece),
                _cell(top),
                _cell(gap),
                _cell(brier),
            )
        )
    return grid(
        [
            Column("model"),
            Column("images"),
            *(
                Column(title, numeric=True)
                for title in ("n", "patients", "ECE", "by chance", "ECE of the\nclass named", "gap", "Brier")
            ),
        ],
        rows,
        n_keys=2,
    )


def _cell(value: CalibrationValue) -> Cell:
    return Cell(interval(Interval(value.value, value.low, value.high, "none")))


def _chance(value: CalibrationValue) -> str:
    if value.chance is None or value.chance_high is None:
        return "-"
    return f"{shown(value.chance)}, up to {shown(value.chance_high)}"


def _curve_table(model: str, bins: Sequence[CalibrationBin]) -> Block:
    return grid(
        [
            Column("probability given"),
            *(Column(title, numeric=True) for title in ("mean", "truly positive", "images", "patients")),
        ],
        [_bin_row(one) for one in bins],
        title=f"{model}: reliability curve of the positive class",
    )


def _bin_row(one: CalibrationBin) -> Row:
    return row(
        f"{one.lowest:.3f} to {one.highest:.3f}",
        f"{one.mean_probability:.3f}",
        interval(Interval(one.observed, one.low, one.high, "none")),
        f"{one.n_images:,}",
        f"{one.n_patients:,}",
    )
