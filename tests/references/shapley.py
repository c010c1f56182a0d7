"""Shapley values by their definition: every coalition of all the others, weighted by how many orders it stands for."""

from itertools import combinations
from math import factorial


def shapley_values(value_of, n_players):
    """``value_of`` takes the set of players that are there."""
    found = []
    for player in range(n_players):
        others = [other for other in range(n_players) if other != player]
        gain = 0.0
        for size in range(n_players):
            weight = factorial(size) * factorial(n_players - size - 1) / factorial(n_players)
            for some in combinations(others, size):
                gain += weight * (value_of({*some, player}) - value_of(set(some)))
        found.append(gain)
    return found
