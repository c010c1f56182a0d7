"""Paired tests written out: every sign pattern, every discordant outcome, every rank, in loops."""

from itertools import product
from math import comb


def patient_sums(differences, clusters):
    return [
        sum(value for value, cluster in zip(differences, clusters, strict=True) if cluster == name)
        for name in sorted(set(clusters))
    ]


def sign_flip(differences, clusters):
    """The share of all sign patterns over patients whose absolute sum is at least the observed one."""
    sums = patient_sums(differences, clusters)
    observed = abs(sum(sums))
    patterns = list(product((1, -1), repeat=len(sums)))
    extreme = sum(
        abs(sum(sign * value for sign, value in zip(signs, sums, strict=True))) >= observed - 1e-9
        for signs in patterns
    )
    return extreme / len(patterns)


def mcnemar(first, second, clusters):
    """Mid-p and exact p of the discordant patients: the odds of all splits by how uneven they are."""
    surplus = patient_sums([a - b for a, b in zip(first, second, strict=True)], clusters)
    more, fewer = sum(value > 0 for value in surplus), sum(value < 0 for value in surplus)
    n = more + fewer
    if n == 0:
        return 1.0, 1.0
    odds = {k: comb(n, k) / 2**n for k in range(n + 1)}
    further = sum(p for k, p in odds.items() if abs(2 * k - n) > abs(more - fewer))
    equal = sum(p for k, p in odds.items() if abs(2 * k - n) == abs(more - fewer))
    return further + equal / 2, further + equal


def rank_biserial(differences):
    """Favourable minus unfavourable pairs among all patients' sums: Walsh averages above zero minus those below."""
    moved = [value for value in differences if value != 0]
    pairs = [(a, b) for i, a in enumerate(moved) for b in moved[: i + 1]]
    signs = [(a + b > 1e-12) - (a + b < -1e-12) for a, b in pairs]
    return sum(signs) / len(pairs)
