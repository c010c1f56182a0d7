"""Calibration, slowly: one case at a time, as the definitions read."""


def ece(probability, outcome, bins):
    total = 0.0
    for number in set(bins):
        inside = [i for i in range(len(bins)) if bins[i] == number]
        given = sum(probability[i] for i in inside) / len(inside)
        observed = sum(outcome[i] for i in inside) / len(inside)
        total += len(inside) / len(bins) * abs(given - observed)
    return total


def brier(probability, outcome):
    return sum((p - y) ** 2 for p, y in zip(probability, outcome, strict=True)) / len(outcome)
