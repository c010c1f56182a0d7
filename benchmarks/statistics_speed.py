"""Time and memory of many bootstrap intervals: 10,000 replicates × 20 metrics × 10,000 cases.

Every case is its own patient, which is the most that resampling can cost. The process prints the wall time of the
intervals alone, and the peak memory of all it did.

    python benchmarks/statistics_speed.py [--cases 10000] [--metrics 20] [--replicates 10000]
"""

import argparse
import resource
import time

import numpy as np

from xaudit.statistics.bootstrap import ClusterBootstrap, Sample


def samples_of(n_cases, n_metrics, seed=0):
    generator = np.random.default_rng(seed)
    patients = [f"p{index:06d}" for index in range(n_cases)]
    return [Sample(generator.beta(1, 3, size=n_cases), patients, is_share=True) for _ in range(n_metrics)]


def main():
    parser = argparse.ArgumentParser(description="Time and memory of many bootstrap intervals.")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--metrics", type=int, default=20)
    parser.add_argument("--replicates", type=int, default=10_000)
    chosen = parser.parse_args()
    samples = samples_of(chosen.cases, chosen.metrics)
    started = time.perf_counter()
    found = ClusterBootstrap(replicates=chosen.replicates, confidence=0.95, seed=0).means(samples)
    seconds = time.perf_counter() - started
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{chosen.replicates} replicates, {chosen.metrics} metrics, {chosen.cases} cases of as many patients"
    )
    print(f"{seconds:.1f} s, peak memory {peak_mib:.0f} MiB; first interval {found[0]}")


if __name__ == "__main__":
    main()
