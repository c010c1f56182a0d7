"""The eight orientations of a square: flips and quarter turns.

An orientation is a number: 1 mirrors left and right, 2 mirrors top and bottom, 4 then swaps rows and columns.
"""

import numpy as np

from xaudit.records import FloatArray

ORIENTATIONS = range(8)
WORDS = (
    "",
    "mirrored left to right",
    "mirrored top to bottom",
    "turned by 180°",
    "mirrored along a diagonal",
    "turned by 90°",
    "turned by 90°",
    "mirrored along a diagonal",
)
"""What was done to the first image of a pair, by orientation."""


def oriented(values: FloatArray, orientation: int) -> FloatArray:
    """Return an image, (..., H, W), in an orientation.

    Example:
        >>> oriented(np.array([[1, 2], [3, 4]]), 1).tolist()
        [[2, 1], [4, 3]]
    """
    if orientation & 1:
        values = values[..., ::-1]
    if orientation & 2:
        values = values[..., ::-1, :]
    return np.swapaxes(values, -1, -2) if orientation & 4 else values


def oriented_frequencies(coefficients: FloatArray, orientation: int) -> FloatArray:
    """Return the cosine coefficients, (..., k, k), of an image in an orientation."""
    signs = np.where(np.arange(coefficients.shape[-1]) % 2, -1.0, 1.0).astype(coefficients.dtype)
    if orientation & 1:
        coefficients = coefficients * signs
    if orientation & 2:
        coefficients = coefficients * signs[:, None]
    return np.swapaxes(coefficients, -1, -2) if orientation & 4 else coefficients


def oriented_window(
    window: tuple[float, float, float, float], orientation: int
) -> tuple[float, float, float, float]:
    """Return where a crop (top, bottom, left, right, as shares) of an image lies in the oriented image."""
    top, bottom, left, right = window
    if orientation & 1:
        left, right = 1 - right, 1 - left
    if orientation & 2:
        top, bottom = 1 - bottom, 1 - top
    return (left, right, top, bottom) if orientation & 4 else (top, bottom, left, right)
