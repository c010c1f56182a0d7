"""Agreement between readers, and the share of it that explainers reach."""

from collections.abc import Sequence

from xaudit.catalog import METRICS
from xaudit.records import Ceiling, Interval, Outcome, ReaderAgreement
from xaudit.report.grid import Block, Cell, Column, Grid, Paragraph, Row, Section, grid
from xaudit.report.wording import metric_words, percent
from xaudit.statistics.digits import shown


def readers_section(outcome: Outcome) -> Section | None:
    """Agreement between readers and each explainer's share of their score; None with fewer than two readers."""
    blocks: list[Block] = []
    if outcome.agreements:
        blocks.append(agreement_grid(outcome.agreements))
    ceilings = [one for one in outcome.ceilings if _is_headline(one.metric_id)] or list(outcome.ceilings)
    blocks += _ceiling_grids(ceilings)
    if not blocks:
        return None
    legends = []
    if outcome.agreements:
        legends.append(
            "Dice: mean over marked cases. Best-match IoU: mean over lesions. kappa: over lesions and unmarked cases."
        )
    if ceilings:
        legends.append(
            "Share: the explainer's mean score divided by the readers' mean score against each other, on the same cases "
            "[interval]. * the paired difference differs from zero."
        )
    return Section("Readers", (*blocks, Paragraph(" ".join(legends), "dim")))


def _is_headline(metric_id: str) -> bool:
    row = METRICS.by_id.get(metric_id)
    return row is not None and row.headline


def agreement_grid(agreements: Sequence[ReaderAgreement]) -> Grid:
    """List each pair of readers in a row."""
    several = len({one.dataset_id for one in agreements}) > 1
    columns = [
        Column("readers", wraps=True),
        Column("Dice", numeric=True),
        Column("best-match\nIoU", numeric=True),
        Column("kappa", numeric=True),
        Column("cases", numeric=True),
        Column("marked", numeric=True),
        Column("lesions", numeric=True),
    ]
    rows = [
        Row(
            (
                Cell((f"{a.dataset_id}: " if several else "") + f"{a.first}, {a.second}"),
                *(
                    Cell("-" if value is None else shown(value))
                    for value in (a.dice, a.best_match_iou, a.kappa)
                ),
                *(Cell(str(n)) for n in (a.n_cases, a.n_marked, a.n_lesions)),
            )
        )
        for a in agreements
    ]
    return grid(columns, rows)


def _ceiling_grids(ceilings: Sequence[Ceiling]) -> list[Grid]:
    """Per model and reader policy, a line for each explainer, with its share for each metric."""
    grids = []
    for model, reader in dict.fromkeys((c.model_id, c.reader) for c in ceilings):
        own = [c for c in ceilings if (c.model_id, c.reader) == (model, reader)]
        metrics = list(dict.fromkeys(c.metric_id for c in own))
        columns = [Column("explainer"), *(Column(_broken(metric), numeric=True) for metric in metrics)]
        humans = {c.metric_id: c.human for c in own}
        rows = [Row((Cell("readers", "dim"), *(Cell(shown(humans[m].estimate), "dim") for m in metrics)))]
        for explainer in dict.fromkeys(c.explainer_id for c in own):
            found = {c.metric_id: c for c in own if c.explainer_id == explainer}
            rows.append(Row((Cell(explainer), *(_share(found.get(metric)) for metric in metrics))))
        grids.append(grid(columns, rows, title=f"{model}: share of the readers' score (marks: {reader})"))
    return grids


def _share(ceiling: Ceiling | None) -> Cell:
    if ceiling is None or ceiling.share is None:
        return Cell("-", "dim")
    star = "*" if _differs(ceiling.difference) else ""
    if ceiling.share.low is None or ceiling.share.high is None:
        return Cell(_percent(ceiling.share.estimate) + star)
    # Rounded alike, so that no share is shown outside its own limits.
    numbers = (ceiling.share.estimate, ceiling.share.low, ceiling.share.high)
    share, low, high = (round(100 * number) for number in numbers)
    return Cell(f"{share} %{star} [{low}, {high}]")


def _percent(share: float) -> str:
    return percent(share) if 0 <= share <= 1 else f"{round(100 * share)} %"


def _differs(difference: Interval) -> bool:
    return (
        difference.low is not None
        and difference.high is not None
        and not (difference.low <= 0 <= difference.high)
    )


def _broken(metric_id: str) -> str:
    words = metric_words(metric_id).split(" ")
    return "\n".join([" ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
