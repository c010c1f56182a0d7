"""Least squares and its cluster-robust standard errors, in loops and exact fractions of the textbook's formulas."""

import numpy as np


def clustered(response, columns, clusters):
    """Slopes and CR1 standard errors: (X'X)^-1 [sum over clusters of X_g' u_g u_g' X_g] (X'X)^-1, times c."""
    rows = [[1.0, *values] for values in zip(*columns, strict=True)]
    n, k = len(rows), len(rows[0])
    gram = [[sum(row[i] * row[j] for row in rows) for j in range(k)] for i in range(k)]
    bread = np.linalg.inv(np.array(gram))
    moments = [sum(row[i] * y for row, y in zip(rows, response, strict=True)) for i in range(k)]
    slopes = [sum(bread[i][j] * moments[j] for j in range(k)) for i in range(k)]
    meat = np.zeros((k, k))
    names = sorted(set(clusters))
    for name in names:
        pulled = [0.0] * k
        for row, y, cluster in zip(rows, response, clusters, strict=True):
            if cluster == name:
                residual = y - sum(slope * x for slope, x in zip(slopes, row, strict=True))
                for i in range(k):
                    pulled[i] += row[i] * residual
        meat += np.outer(pulled, pulled)
    groups = len(names)
    covariance = groups / (groups - 1) * (n - 1) / (n - k) * bread @ meat @ bread
    return slopes, [covariance[i][i] ** 0.5 for i in range(k)]
