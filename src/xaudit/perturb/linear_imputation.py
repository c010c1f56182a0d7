"""Pixels that are the weighted mean of their neighbours, known or unknown: one sparse system for an image."""

from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from xaudit.perturb.recent_results import RecentResults
from xaudit.records import BoolArray, FloatArray

_STEPS: Final = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0)]
_BYTES_PER_ENTRY: Final = 12

_FACTORS: Final = RecentResults[SuperLU](
    lambda factors: factors.nnz * _BYTES_PER_ENTRY, most_bytes=64 * 2**20, largest=4 * 2**20
)
"""Factorised systems: windows of one shape have the same one wherever they lie, and in every image.

Holes of a size that only regions have are seldom asked twice, and would drop the windows'.
"""


def impute_linearly(image: FloatArray, mask: BoolArray) -> FloatArray:
    """Solve for masked pixels such that each is the weighted mean of its up to eight neighbours.

    Neighbours beside count twice as much as diagonal ones. One sparse system serves all channels.

    Args:
        image: (C, h, w).
        mask: (h, w), neither empty nor full.

    Returns:
        (C, n) float64, read-only, in row order of the masked pixels.
    """
    # Only the rectangle round the masked pixels is gone through, and the pixels that touch it.
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    y, x = (slice(at[0], at[-1] + 3) for at in (rows, columns))
    unknown = np.pad(mask, 1)[y, x]
    inside = np.pad(np.ones_like(mask), 1)[y, x]
    known = np.pad(np.where(mask, 0, image).astype(np.float64), ((0, 0), (1, 1), (1, 1)))[:, y, x]
    at_y, at_x = np.nonzero(unknown)
    right = np.zeros((len(image), at_y.size))
    for dy, dx in _STEPS:
        right += _weight(dy, dx) * known[:, at_y + dy, at_x + dx]
    solved: FloatArray = _FACTORS.result(_factors, unknown, inside).solve(right.T).T
    solved.flags.writeable = False
    return solved


def _weight(dy: int, dx: int) -> float:
    return 1 / 12 if dy and dx else 1 / 6


def _factors(unknown: BoolArray, inside: BoolArray) -> SuperLU:
    """Factorise the system of a mask.

    Args:
        unknown: (h, w), with nothing unknown in the outermost rows and columns.
        inside: (h, w), false beyond the frame.
    """
    at_y, at_x = np.nonzero(unknown)
    number = np.full(unknown.shape, -1)
    number[unknown] = np.arange(at_y.size)
    total = np.zeros(at_y.size)
    rows, columns, weights = [], [], []
    for dy, dx in _STEPS:
        neighbour = number[at_y + dy, at_x + dx]
        coupled = np.flatnonzero(neighbour >= 0)
        total += _weight(dy, dx) * inside[at_y + dy, at_x + dx]
        rows.append(coupled)
        columns.append(neighbour[coupled])
        weights.append(np.full(coupled.size, -_weight(dy, dx)))
    each = np.arange(at_y.size)
    system = sparse.csc_matrix(
        (
            np.concatenate([*weights, total]),
            (np.concatenate([*rows, each]), np.concatenate([*columns, each])),
        ),
        shape=(at_y.size, at_y.size),
    )
    # The system is symmetric and diagonally dominant: without pivoting it factorises in half the time.
    return splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
