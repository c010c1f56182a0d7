"""Agreement between readers, measure by measure: mean, range, number of cases, and all digits."""

from collections.abc import Callable, Sequence

from xaudit.records import ReaderAgreement
from xaudit.report.grid import Cell, Column, Grid, Row, grid
from xaudit.report.wording import count

_DIGITS = 6


def agreement_table(agreements: Sequence[ReaderAgreement], *, exact: bool = False) -> Grid:
    """Three rows for every two readers: Dice, best-match IoU and kappa.

    Args:
        exact: writes numbers with all their digits, for a file; else with six decimals, for a screen.
    """
    several = len({one.dataset_id for one in agreements}) > 1
    spelled: Callable[[float], str] = repr if exact else _rounded
    columns = [
        Column("readers", wraps=True),
        Column("measure"),
        *(Column(name, numeric=True) for name in ("mean", "lowest", "highest")),
        Column("over"),
    ]
    rows = []
    for one in agreements:
        name = (f"{one.dataset_id}: " if several else "") + f"{one.first}, {one.second}"
        rows += [
            _row(name, "Dice", (one.dice, one.dice_low, one.dice_high), count(one.n_marked, "case"), spelled),
            _row(
                name,
                "best-match IoU",
                (one.best_match_iou, one.iou_low, one.iou_high),
                count(one.n_matches, "mark"),
                spelled,
            ),
            _row(name, "kappa", (one.kappa, None, None), count(one.n_lesions, "lesion"), spelled),
        ]
    return grid(columns, rows)


def pairs_sentence(agreements: Sequence[ReaderAgreement]) -> str:
    """The sentence that counts the pairs of readers, and the cases that each pair has read."""
    least, most = min(one.n_cases for one in agreements), max(one.n_cases for one in agreements)
    cases = count(most, "case") if least == most else f"{least:,} to {count(most, 'case')}"
    return f"{count(len(agreements), 'pair')} of readers; {cases} read by both"


def _row(
    name: str,
    measure: str,
    values: tuple[float | None, float | None, float | None],
    over: str,
    spelled: Callable[[float], str],
) -> Row:
    cells = (Cell("-" if value is None else spelled(value)) for value in values)
    return Row((Cell(name), Cell(measure), *cells, Cell(over)))


def _rounded(value: float) -> str:
    text = f"{value:.{_DIGITS}f}"
    return text.removeprefix("-") if float(text) == 0 else text
