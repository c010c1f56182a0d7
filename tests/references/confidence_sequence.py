"""Confidence sequence of a bounded mean written out in loops over plain Python numbers and a grid of means."""

STAKES = (0.98, 0.8, 0.6, 0.4, 0.25, 0.15, 0.08, 0.03)
SHARES = (0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05)


def capitals(values, mean):
    """Capital after each value of a gambler who bets on values above the mean; values between 0 and 1."""
    purses = list(SHARES)
    course = []
    for value in values:
        purses = [
            purse * (1 + stake / mean * (value - mean)) for purse, stake in zip(purses, STAKES, strict=True)
        ]
        course.append(sum(purses))
    return course


def kept_means(values, confidence, step):
    """Means on a grid that neither side has left out, after each value; once left out, always left out."""
    needed = 2 / (1 - confidence)
    grid = [step * index for index in range(1, round(1 / step))]
    kept = [set(grid) for _ in values]
    for mean in grid:
        above = capitals(values, mean)
        below = capitals([1 - value for value in values], 1 - mean)
        out = False
        for index in range(len(values)):
            out = out or above[index] >= needed or below[index] >= needed
            if out:
                kept[index].discard(mean)
    return kept
