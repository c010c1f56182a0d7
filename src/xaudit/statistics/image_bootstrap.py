"""CheXlocalize's interval of a mean: images resampled as if they were independent.

With several images per patient it is too narrow; it is here only for comparison with the published tables.
Source: Saporta et al. 2022 and its published eval.py.
"""

import numpy as np

from xaudit.records import BoolArray, FloatArray, Interval

REPLICATES = 1000
CONFIDENCE = 0.95
METHOD = "image-percentile"

_DRAWN_AT_ONCE = 100


def image_bootstrap(values: FloatArray, generator: np.random.Generator) -> Interval:
    """Return the mean over images with their percentile interval, at 95 % from 1000 replicates.

    Args:
        values: one per image, NaN without a score: such an image is drawn like any other, and left out of its
            replicate's mean. A replicate of such images alone has no mean; it is dropped and counted, whereas their code
            would turn the upper limit into NaN.

    Raises:
        ValueError: if no image has a value.
    """
    known = np.isfinite(values)
    if not known.any():
        raise ValueError("no image has a value")
    means = np.concatenate([_means(values, known, generator) for _ in range(REPLICATES // _DRAWN_AT_ONCE)])
    there = means[np.isfinite(means)]
    low, high = percentile_limits(there)
    return Interval(float(values[known].mean()), low, high, METHOD, len(means) - len(there))


def percentile_limits(means: FloatArray) -> tuple[float, float]:
    """Return the paper's choice among the sorted replicates: of 1000, the 25th and the 975th.

    Example:
        >>> percentile_limits(np.arange(1000.0))
        (24.0, 974.0)
    """
    in_order = np.sort(means)
    tail = (1 - CONFIDENCE) / 2
    low, high = (int(round(share * len(means), 9)) - 1 for share in (tail, 1 - tail))
    return float(in_order[max(low, 0)]), float(in_order[max(high, 0)])


def _means(values: FloatArray, known: BoolArray, generator: np.random.Generator) -> FloatArray:
    drawn = generator.integers(0, len(values), (_DRAWN_AT_ONCE, len(values)))
    n_known = known[drawn].sum(axis=1)
    totals = np.where(known, values, 0.0)[drawn].sum(axis=1)
    means: FloatArray = np.divide(totals, n_known, out=np.full(_DRAWN_AT_ONCE, np.nan), where=n_known > 0)
    return means
