"""A map is gathered into cells before its place is compared with another's."""

import numpy as np
import pytest
from scipy.stats import rankdata

from xaudit.metrics.likeness import layout


def test_a_map_is_gathered_into_at_most_32_cells_along_either_side():
    rows, columns = np.mgrid[:64, :96]
    saliency = 1.0 + rows * 96 + columns
    # Cells of 2 × 3 pixels: the mean of each, ranked, less the mean rank, over the length.
    cells = np.array(
        [[saliency[2 * i : 2 * i + 2, 3 * j : 3 * j + 3].mean() for j in range(32)] for i in range(32)]
    )
    ranks = rankdata(cells.ravel())
    expected = (ranks - ranks.mean()) / np.linalg.norm(ranks - ranks.mean())
    np.testing.assert_allclose(layout(saliency), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "n_cells"), [((64, 96), 32 * 32), ((5, 96), 5 * 32), ((40, 7), 32 * 7), ((3, 4), 12)]
)
def test_a_side_of_fewer_pixels_keeps_them_all(shape, n_cells):
    assert layout(1.0 + np.arange(shape[0] * shape[1]).reshape(shape)).shape == (n_cells,)


def test_cells_of_unequal_size_are_means_and_no_sums():
    # 48 pixels in 32 cells: sizes 1 and 2 in turn. An even map but for one bright cell of one pixel.
    saliency = np.ones((1, 48))
    saliency[0, 0] = 3.0
    placed = layout(saliency)
    # Rank 32 for the first, 16 for all others, whose means are equal; the mean rank is 16.5.
    assert placed[0] == pytest.approx(15.5 / np.sqrt(15.5**2 + 31 * 0.5**2))
    assert placed[1:] == pytest.approx(np.full(31, -0.5 / np.sqrt(15.5**2 + 31 * 0.5**2)))
