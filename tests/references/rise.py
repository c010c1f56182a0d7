"""RISE by the paper's own words, one mask and one pixel at a time."""

import numpy as np


def upsampled(cells, height, width):
    """Bilinear between the centres of the cells, held constant beyond the outermost."""
    n_rows, n_cols = cells.shape
    out = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            at_y = min(max((y + 0.5) * n_rows / height - 0.5, 0), n_rows - 1)
            at_x = min(max((x + 0.5) * n_cols / width - 0.5, 0), n_cols - 1)
            top, left = int(at_y), int(at_x)
            down, right = min(top + 1, n_rows - 1), min(left + 1, n_cols - 1)
            v, u = at_y - top, at_x - left
            out[y, x] = (
                cells[top, left] * (1 - v) * (1 - u)
                + cells[top, right] * (1 - v) * u
                + cells[down, left] * v * (1 - u)
                + cells[down, right] * v * u
            )
    return out


def rise(probability_of, image, blank, cells, shifts, shown):
    """Equation 6: S = Σ f(I ⊙ M) · M / (N · E[M])."""
    _, height, width = image.shape
    n_cells = cells.shape[1]
    down, across = -(-height // n_cells), -(-width // n_cells)
    total = np.zeros((height, width))
    for some, (y, x) in zip(cells, shifts, strict=True):
        large = upsampled(some.astype(float), (n_cells + 1) * down, (n_cells + 1) * across)
        mask = large[y : y + height, x : x + width]
        total += probability_of(blank + mask * (image - blank)) * mask
    return total / (len(cells) * shown)
