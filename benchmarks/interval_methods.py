"""Which small-sample correction of BCa covers best: share of 95 % intervals that hold the truth, by simulation.

Studies are those of `coverage.py`: 20, 40 or 100 patients with 1 to 8 slices each. Six values are measured: a score like
an overlap, one that is near 0 on most slices, a normal one, hits, and the paired differences of two explainers' scores
and hits that differ in nothing. Four quantiles at which BCa reads its replicates are held against each other:

- ``normal``: textbook BCa;
- ``equal``: Student's for patients of equal size, times sqrt(n / (n - 1)), as in Hesterberg 2015;
- ``effective``: the same with the effective number of patients, (Σ m)² / Σ m² for sizes m (Carter et al. 2017);
- ``unequal``: Satterthwaite's degrees of freedom for patients of unequal size, which xaudit uses (Bell and McCaffrey 2002).

    python benchmarks/interval_methods.py [--studies 3000] [--replicates 2000] [--seed 7]
"""

import argparse
from collections import defaultdict

import numpy as np
from coverage import BETWEEN, LEVEL, PATIENTS, WITHIN
from scipy.special import expit, ndtr, ndtri, stdtrit

from xaudit.statistics.small_samples import small_sample_quantile

CONFIDENCE = 0.95
METHODS = ("normal", "equal", "effective", "unequal")


def near_zero(level):
    return expit(-3.5 + 1.5 * level)


def over_population(score):
    """Mean of a score over the normal levels of all slices, by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    return float((weights * score(np.hypot(BETWEEN, WITHIN) * nodes)).sum() / weights.sum())


TRUTHS = {
    "overlap score": over_population(lambda level: expit(LEVEL + level)),
    "mostly near 0": over_population(near_zero),
    "normal": 0.0,
    "hits": over_population(lambda level: expit(LEVEL + level)),
    "paired scores": 0.0,
    "paired hits": 0.0,
}


def study(n_patients, generator):
    """Slices of each patient, and the sum of each value over each patient's slices, (n_patients, values)."""
    sizes = generator.integers(1, 9, size=n_patients)
    patients = np.repeat(np.arange(n_patients), sizes)

    def level(between):
        return generator.normal(0, between, n_patients)[patients] + generator.normal(0, WITHIN, len(patients))

    own = level(BETWEEN)
    shared = generator.normal(0, BETWEEN, n_patients)[patients]
    first, second = (expit(LEVEL + shared + level(0.6)) for _ in range(2))
    hits = [generator.random(len(patients)) < score for score in (expit(LEVEL + own), first, second)]
    values = [
        expit(LEVEL + own),
        near_zero(own),
        level(BETWEEN),
        hits[0],
        first - second,
        hits[1].astype(float) - hits[2],
    ]
    return sizes, np.stack([np.bincount(patients, weights=one) for one in values], axis=1)


def quantiles(sizes):
    """The quantile of each method."""

    def widened(n):
        return -stdtrit(n - 1, (1 - CONFIDENCE) / 2) * np.sqrt(n / (n - 1))

    return {
        "normal": ndtri((1 + CONFIDENCE) / 2),
        "equal": widened(len(sizes)),
        "effective": widened(sizes.sum() ** 2 / (sizes**2).sum()),
        "unequal": small_sample_quantile(CONFIDENCE, sizes),
    }


def limits(drawn, estimate, jackknife, reaches):
    """BCa limits at each reach, in pairs."""
    deviations = jackknife.mean() - jackknife
    acceleration = (deviations**3).sum() / (6 * (deviations**2).sum() ** 1.5)
    offsets = drawn - estimate
    tied = np.abs(offsets) <= 1e-10 * np.abs(offsets).max()
    bias = ndtri(((offsets[~tied] < 0).sum() + tied.sum() / 2) / len(drawn))
    reach = np.array([[-z, z] for z in reaches])
    moved = ndtr(bias + (bias + reach) / (1 - acceleration * (bias + reach)))
    return np.quantile(drawn, moved)


def coverage(n_patients, *, studies, replicates, seed):
    """For each value, the share of intervals that hold its truth and their mean width, by method."""
    generator = np.random.default_rng([seed, n_patients])
    held, widths = defaultdict(list), defaultdict(list)
    for _ in range(studies):
        sizes, sums = study(n_patients, generator)
        counts = generator.multinomial(n_patients, np.full(n_patients, 1 / n_patients), size=replicates)
        replicate_means = counts @ sums / (counts @ sizes)[:, None]
        estimates = sums.sum(axis=0) / sizes.sum()
        left_out = (sums.sum(axis=0) - sums) / (sizes.sum() - sizes)[:, None]
        reaches = quantiles(sizes)
        for index, (name, truth) in enumerate(TRUTHS.items()):
            drawn = np.sort(replicate_means[:, index])
            if drawn[0] == drawn[-1]:
                continue  # Wilson's interval stands in, whatever the method.
            found = limits(drawn, estimates[index], left_out[:, index], [reaches[name] for name in METHODS])
            held[name].append((found[:, 0] <= truth) & (truth <= found[:, 1]))
            widths[name].append(found[:, 1] - found[:, 0])
    return {name: (np.mean(held[name], axis=0), np.mean(widths[name], axis=0)) for name in held}


def main():
    parser = argparse.ArgumentParser(description="Coverage of BCa under small-sample corrections.")
    parser.add_argument("--studies", type=int, default=3000)
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    print("| value | patients | " + " | ".join(METHODS) + " | width, unequal over equal |")
    print("|---|---:" + "|---:" * (len(METHODS) + 1) + "|")
    for n_patients in PATIENTS:
        rows = coverage(n_patients, studies=chosen.studies, replicates=chosen.replicates, seed=chosen.seed)
        for name, (shares, widths) in rows.items():
            cells = " | ".join(f"{share:.3f}" for share in shares)
            print(f"| {name} | {n_patients} | {cells} | {widths[3] / widths[1]:.3f} |", flush=True)


if __name__ == "__main__":
    main()
