"""Order of the patients of an audit that may stop early, and the numbers of patients after which it looks."""

from collections.abc import Iterable
from typing import Final

from xaudit.seeds import seed_for

_FIRST_LOOK: Final = 20


def in_seeded_order(clusters: Iterable[str], seed: int) -> list[str]:
    """Return each patient once, in an order that depends on the seed and on each patient's own name only.

    Example:
        >>> in_seeded_order(["p1", "p2", "p3", "p1"], seed=0) == in_seeded_order(["p3", "p2", "p1"], seed=0)
        True
    """
    return sorted(set(clusters), key=lambda name: (seed_for(seed, "patient", name), name))


def looks(n_patients: int) -> list[int]:
    """Return the numbers of patients after which an audit looks if all is settled: the first 20, then a quarter more each time.

    The intervals hold at every number, so these only decide how much is asked beyond what is needed, at most a quarter.

    Example:
        >>> looks(60), looks(7)
        ([20, 25, 32, 40, 50, 60], [7])
    """
    numbers: list[int] = []
    n = _FIRST_LOOK
    while n < n_patients:
        numbers.append(n)
        n = -(-n * 5 // 4)
    return [*numbers, n_patients]
