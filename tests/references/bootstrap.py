"""Cluster bootstrap, AUROC, Wilson and Holm written out in loops over plain Python numbers."""

from statistics import NormalDist

from scipy import stats

NORMAL = NormalDist()


def mean_of(values, clusters, times_drawn):
    """Mean over cases, each taken as often as its cluster was drawn."""
    total, count = 0.0, 0
    for value, cluster in zip(values, clusters, strict=True):
        for _ in range(times_drawn[cluster]):
            total += value
            count += 1
    return total / count


def quantile(values, level):
    """Linear interpolation between order statistics, the first at level 0 and the last at level 1."""
    ordered = sorted(values)
    place = level * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def small_sample_quantile(confidence, sizes):
    """Student's quantile at Satterthwaite's degrees of freedom, times the root of truth over expected estimate.

    The estimate is the sum of squares of w_g (u_g - sum of w_h u_h): written out as u' A u, entry by entry.
    """
    n = len(sizes)
    w = [size / sum(sizes) for size in sizes]
    total = [[w[g] * ((g == h) - w[h]) for h in range(n)] for g in range(n)]
    a = [[sum(total[g][i] * total[g][j] for g in range(n)) for j in range(n)] for i in range(n)]
    expected = sum(a[i][i] for i in range(n))
    half_variance = sum(a[i][j] * a[j][i] for i in range(n) for j in range(n))
    student = stats.t.ppf((1 + confidence) / 2, expected**2 / half_variance)
    return student * (sum(weight**2 for weight in w) / expected) ** 0.5


def bca(estimate, replicates, left_out, reach):
    """BCa limits from Efron 1987: replicates, the estimate without each cluster in turn, and the normal
    quantile of both limits."""
    below = sum(1 for r in replicates if r < estimate - 1e-12)
    tied = sum(1 for r in replicates if abs(r - estimate) <= 1e-12)
    bias = NORMAL.inv_cdf((below + tied / 2) / len(replicates))
    centre = sum(left_out) / len(left_out)
    cubes = sum((centre - value) ** 3 for value in left_out)
    squares = sum((centre - value) ** 2 for value in left_out)
    acceleration = cubes / (6 * squares**1.5)
    limits = []
    for z in (-reach, reach):
        moved = NORMAL.cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))
        limits.append(quantile(replicates, moved))
    return tuple(limits)


def cluster_bca(values, clusters, draws, confidence):
    """Estimate and BCa limits of the mean over cases, given how often each replicate drew each cluster.

    ``draws`` holds rows of counts in the order of the sorted cluster names.
    """
    names = sorted(set(clusters))
    estimate = mean_of(values, clusters, dict.fromkeys(names, 1))
    replicates = [
        mean_of(values, clusters, {name: int(count) for name, count in zip(names, row, strict=True)})
        for row in draws
    ]
    left_out = [mean_of(values, clusters, {name: int(name != gone) for name in names}) for gone in names]
    reach = small_sample_quantile(confidence, [list(clusters).count(name) for name in names])
    return estimate, *bca(estimate, replicates, left_out, reach)


def auroc(scores, is_positive, times=None):
    """Share of (positive, negative) pairs in which the positive scores higher; a tie is half a pair."""
    times = [1] * len(scores) if times is None else times
    wins = pairs = 0.0
    for score, positive, n in zip(scores, is_positive, times, strict=True):
        for other, other_positive, m in zip(scores, is_positive, times, strict=True):
            if positive and not other_positive:
                pairs += n * m
                wins += n * m * (1.0 if score > other else 0.5 if score == other else 0.0)
    return wins / pairs if pairs else None


def wilson(share, n, confidence):
    """The shares p whose own standard error puts the observed one z away: |share − p| = z √(p (1 − p) / n)."""
    z = NORMAL.inv_cdf((1 + confidence) / 2)

    def too_far(p):
        return abs(share - p) > z * (p * (1 - p) / n) ** 0.5

    def root(outside, inside):
        for _ in range(200):
            middle = (outside + inside) / 2
            outside, inside = (middle, inside) if too_far(middle) else (outside, middle)
        return inside

    low = root(0.0, share) if share > 0 else 0.0
    high = root(1.0, share) if share < 1 else 1.0
    return low, high


def holm(p_values):
    """Each p's adjusted value: the largest of (m − k) p(k) over all p no larger, at most 1."""
    m = len(p_values)
    ordered = sorted(p_values)
    return [min(1.0, max((m - k) * q for k, q in enumerate(ordered) if q <= p)) for p in p_values]
