"""The text of table cells, and the cells that count as empty: the same for every table."""

from collections.abc import Sequence
from functools import lru_cache

from xaudit.cases.text.spelling import nfc

EMPTY = frozenset(
    {
        "nan", "-nan", "na", "n/a", "#n/a", "#na", "n.a.", "n.a", "none", "null", "nil", "<na>", "nat",
        "#n/a n/a", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "#null!", "#ref!", "#value!", "#div/0!", "#name?", "#num!",
        "-", "--", "–", "—", "?",
    }
)  # fmt: skip
"""Words that spreadsheets, data frames and people write for an empty cell, in lower case."""


_SHORT = 64


def is_empty(cell: str) -> bool:
    """Return True if a cell holds nothing, or a word that means nothing.

    Example:
        >>> is_empty(" NaN "), is_empty("N/A"), is_empty(""), is_empty("No finding"), is_empty("0")
        (True, True, True, False, False)
    """
    return not cell_text(cell)


def cell_text(cell: str) -> str:
    """Return the text of a cell without surrounding blanks, in one Unicode form; empty for an empty cell.

    Example:
        >>> cell_text(" p1 "), cell_text("#N/A")
        ('p1', '')
    """
    return _short_text(cell) if len(cell) <= _SHORT else nfc(cell.strip())


@lru_cache(maxsize=1 << 14)
def _short_text(cell: str) -> str:
    text = cell.strip()
    return "" if text.lower() in EMPTY else nfc(text)


def without_empty_end(cells: Sequence[str]) -> Sequence[str]:
    """Drop the empty cells at the end of a line.

    Example:
        >>> without_empty_end(["a", "", "b", "", " "])
        ['a', '', 'b']
    """
    n = len(cells)
    while n and not cells[n - 1].strip():
        n -= 1
    return cells[:n]


def fitted(cells: Sequence[str], n_columns: int) -> list[str] | None:
    """Fit a line's cells to so many columns, padded with empty ones; None if more cells than columns hold something.

    Example:
        >>> fitted(["a", "b"], 3), fitted(["a", "b", ""], 2), fitted(["a", "b", "c"], 2)
        (['a', 'b', ''], ['a', 'b'], None)
    """
    if len(cells) == n_columns:
        return list(cells)
    full = without_empty_end(cells)
    if len(full) > n_columns:
        return None
    return [*full, *[""] * (n_columns - len(full))]
