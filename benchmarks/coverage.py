"""How often a 95 % interval holds the truth, and how often a test rejects a null hypothesis that is true.

Each simulated study has 20, 40 or 100 patients with 1 to 8 slices each. A slice's score is its patient's level plus
its own noise, squeezed into 0 to 1 and skewed like an overlap score; two thirds of the variance lie between
patients. The truth is the mean over an endless population of slices. Intervals resample patients, and beside them
images, as if slices of one patient were independent.

For the tests, two explainers score the same slices of the same patients, each with a patient's habit and a noise of
its own, drawn alike for both: no difference in truth. Hits are drawn with the score as chance.

    python benchmarks/coverage.py [--studies 1000] [--replicates 2000] [--seed 0]
"""

import argparse
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from xaudit.statistics.bootstrap import ClusterBootstrap
from xaudit.statistics.mcnemar import mcnemar
from xaudit.statistics.paired import cluster_means, wilcoxon_p
from xaudit.statistics.sign_flip import sign_flip_p

PATIENTS = (20, 40, 100)
BETWEEN, WITHIN, LEVEL = 1.2, 0.85, -1.0
TESTS = ("Wilcoxon", "sign-flip", "McNemar mid-p", "McNemar exact", "interval", "called")


@dataclass(frozen=True)
class Row:
    """Coverage in one setting: share of studies whose interval holds the truth, and the mean width."""

    n_patients: int
    unit: str
    method: str
    coverage: float
    missed_low: float
    missed_high: float
    width: float


def truth():
    """Mean score of the population, by quadrature over the normal level of a slice."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    spread = np.hypot(BETWEEN, WITHIN)
    return float((weights * expit(LEVEL + spread * nodes)).sum() / weights.sum())


def study(n_patients, generator):
    """Scores of one study, and the patient of each."""
    slices = generator.integers(1, 9, size=n_patients)
    patients = np.repeat(np.arange(n_patients), slices)
    level = generator.normal(0, BETWEEN, n_patients)[patients] + generator.normal(0, WITHIN, len(patients))
    return expit(LEVEL + level), [f"p{patient:04d}" for patient in patients]


def simulate(*, studies, replicates, seed, patients=PATIENTS, confidence=0.95):
    """One row per number of patients and unit of resampling."""
    true_mean = truth()
    rows = []
    for n_patients in patients:
        generator = np.random.default_rng([seed, n_patients])
        found = {"patient": [], "image": []}
        for number in range(studies):
            values, clusters = study(n_patients, generator)
            # A fresh seed per study: shared draws would correlate their errors.
            bootstrap = ClusterBootstrap(replicates=replicates, confidence=confidence, seed=seed + number)
            images = [f"i{index:05d}" for index in range(len(values))]
            found["patient"].append(bootstrap.mean(values, clusters))
            found["image"].append(bootstrap.mean(values, images))
        for unit, intervals in found.items():
            low = np.array([interval.low for interval in intervals])
            high = np.array([interval.high for interval in intervals])
            above, below = float((low > true_mean).mean()), float((high < true_mean).mean())
            methods = "/".join(sorted({interval.method for interval in intervals}))
            width = float((high - low).mean())
            rows.append(Row(n_patients, unit, methods, 1 - above - below, below, above, width))
    return rows


@dataclass(frozen=True)
class Rejection:
    """How often one test called a difference where there was none."""

    n_patients: int
    test: str
    rate: float


def equal_pair(n_patients, generator):
    """Scores of two explainers that differ by chance alone, hits drawn from them, and the patient of each slice."""
    slices = generator.integers(1, 9, size=n_patients)
    patients = np.repeat(np.arange(n_patients), slices)
    shared = generator.normal(0, BETWEEN, n_patients)[patients]
    scores = [
        expit(
            LEVEL
            + shared
            + generator.normal(0, 0.6, n_patients)[patients]
            + generator.normal(0, WITHIN, len(patients))
        )
        for _ in range(2)
    ]
    hits = [(generator.random(len(patients)) < score).astype(float) for score in scores]
    return scores, hits, [f"p{patient:04d}" for patient in patients]


def rejections(*, studies, replicates, seed, patients=PATIENTS, alpha=0.05):
    """One row per number of patients and test."""
    rows = []
    for n_patients in patients:
        generator = np.random.default_rng([seed, n_patients, 1])
        found = dict.fromkeys(TESTS, 0)
        for number in range(studies):
            scores, hits, clusters = equal_pair(n_patients, generator)
            difference = scores[0] - scores[1]
            interval = ClusterBootstrap(replicates=replicates, confidence=1 - alpha, seed=seed + number).mean(
                difference, clusters
            )
            wilcoxon = wilcoxon_p(cluster_means(difference, clusters)) <= alpha
            outside = not interval.low <= 0 <= interval.high
            found["Wilcoxon"] += wilcoxon
            found["sign-flip"] += sign_flip_p(difference, clusters, seed=number, draws=replicates) <= alpha
            of_hits = mcnemar(*hits, clusters)
            found["McNemar mid-p"] += of_hits.mid <= alpha
            found["McNemar exact"] += of_hits.exact <= alpha
            found["interval"] += outside
            found["called"] += outside and wilcoxon
        rows += [Rejection(n_patients, name, count / studies) for name, count in found.items()]
    return rows


def rejection_table(rows):
    """The rows as a Markdown table, a column for each test."""
    tests = list(dict.fromkeys(row.test for row in rows))
    rates = {(row.n_patients, row.test): row.rate for row in rows}
    lines = ["| patients | " + " | ".join(tests) + " |", "|---:" * (1 + len(tests)) + "|"]
    for n_patients in dict.fromkeys(row.n_patients for row in rows):
        cells = [f"{rates[n_patients, test]:.3f}" for test in tests]
        lines.append(f"| {n_patients} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def table(rows):
    """The rows as a Markdown table."""
    lines = [
        "| patients | resampled | method | coverage | truth above | truth below | mean width |",
        "|---:|---|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row.n_patients} | {row.unit}s | {row.method} | {row.coverage:.3f} | {row.missed_low:.3f} "
        f"| {row.missed_high:.3f} | {row.width:.3f} |"
        for row in rows
    ]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description="Coverage of bootstrap intervals, by simulation.")
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    rows = simulate(studies=chosen.studies, replicates=chosen.replicates, seed=chosen.seed)
    print(
        f"true mean {truth():.4f}, {chosen.studies} studies, {chosen.replicates} replicates, 95 % intervals\n"
    )
    print(table(rows), flush=True)
    print("\na true null rejected at 5 %; 'called' is the rule of `xaudit compare`: interval and Wilcoxon\n")
    print(
        rejection_table(rejections(studies=chosen.studies, replicates=chosen.replicates, seed=chosen.seed)),
        flush=True,
    )


if __name__ == "__main__":
    main()
