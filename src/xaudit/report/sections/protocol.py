"""Results by the protocol of CheXlocalize, comparable with its published tables."""

from collections.abc import Sequence

from xaudit.catalog import CHEXLOCALIZE
from xaudit.records import ALL_CASES, Outcome, Regression, Summary
from xaudit.report.grid import Block, Cell, Column, Grid, Paragraph, Row, Section, grid
from xaudit.report.wording import count, interval, metric_words, p_value
from xaudit.statistics.digits import shown

_METHOD = "image-percentile"
_FEATURE_WORDS = {
    "n-lesions": "number of lesions",
    "area-share": "share of the image",
    "elongation": "elongation",
    "irrectangularity": "irrectangularity",
    "confidence": "confidence",
}


def protocol_section(outcome: Outcome) -> Section | None:
    """CheXlocalize's metrics with their intervals over images, and its regressions; None where none was asked for."""
    summaries = [
        one for one in outcome.summaries if one.interval.method == _METHOD and one.stratum == ALL_CASES
    ]
    lines = [one for one in outcome.regressions if one.protocol]
    if not summaries and not lines:
        return None
    blocks: list[Block] = [*_score_grids(outcome, summaries), *_regression_blocks(lines)]
    legend = (
        "By CheXlocalize's definitions (Saporta et al. 2022): maps scaled from minimum to maximum, Otsu on 256 levels, "
        "outlines filled, first maximum. Intervals: 95 % of 1,000 resamples of images, which is too narrow with several "
        "images per patient. Compare these numbers with CheXlocalize's tables only."
    )
    if lines:
        legend += (
            " Slopes: one line for each feature, scaled to 0 to 1 but for the confidence; p times 4 but for the "
            "confidence; rho: Spearman."
        )
    return Section("By CheXlocalize's definitions", (*blocks, Paragraph(legend, "dim")))


def _score_grids(outcome: Outcome, summaries: Sequence[Summary]) -> list[Grid]:
    grids: list[Grid] = []
    for model, reader in dict.fromkeys((one.model_id, one.reader) for one in summaries):
        own = [one for one in summaries if (one.model_id, one.reader) == (model, reader)]
        metrics = list(dict.fromkeys(one.metric_id for one in own))
        found = {(one.explainer_id, one.metric_id): one for one in own}
        rows = [
            Row((Cell(name), *(_score(found.get((name, metric))) for metric in metrics)))
            for name in outcome.explainer_ids
            if any((name, metric) in found for metric in metrics)
        ]
        columns = [Column("explainer"), *(Column(_short(metric), numeric=True) for metric in metrics)]
        grids.append(grid(columns, rows, title=f"{model} (marks: {reader})"))
    return grids


def _score(summary: Summary | None) -> Cell:
    if summary is None:
        return Cell("-", "dim")
    return Cell(f"{interval(summary.interval)} n {summary.n_cases}")


def _regression_blocks(lines: Sequence[Regression]) -> list[Block]:
    columns = [
        Column("model, explainer", wraps=True),
        Column("score", wraps=True),
        Column("on", wraps=True),
        Column("slope", numeric=True),
        Column("p", numeric=True),
        Column("rho", numeric=True),
        Column("n", numeric=True),
    ]
    rows: list[Row] = []
    reasons: dict[str, int] = {}
    for one in lines:
        if one.reason:
            reasons[one.reason] = reasons.get(one.reason, 0) + 1
            continue
        by_name = {coefficient.name: coefficient for coefficient in one.coefficients}
        slope, rank = by_name[one.feature], by_name.get("spearman")
        cells = [
            f"{one.model_id}, {one.explainer_id}",
            _short(one.metric_id),
            _FEATURE_WORDS[one.feature],
            interval(slope.interval),
            p_value(slope.p_value),
            "-" if rank is None else shown(rank.interval.estimate),
            str(one.n_cases),
        ]
        rows.append(Row(tuple(Cell(text) for text in cells)))
    blocks: list[Block] = [grid(columns, rows)] if rows else []
    return blocks + [
        Paragraph(f"{count(n, 'regression')} not fitted: {why}", lead="-") for why, n in reasons.items()
    ]


def _short(metric_id: str) -> str:
    return metric_words(metric_id.removeprefix(CHEXLOCALIZE))
