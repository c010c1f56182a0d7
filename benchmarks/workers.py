"""Wall time of one audit done by one process and by several, in turn; the scores must agree.

    python benchmarks/workers.py [--workers 1 2] [--cases 20] [--rounds 3]

The built-in phantom study with its first cases: two small networks, so that much of the time is spent outside them.
Each run starts anew in a folder of its own, and its wall time has everything in it, imports and report too. Of each
number of workers the median is told, and what it is of the first's. Other work on the machine spoils it.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd


def run(folder: Path, n_workers: int, n_cases: int) -> tuple[float, pd.DataFrame]:
    """Wall seconds of a run, and its scores."""
    command = [sys.executable, "-m", "xaudit", "run", "-q", "--exit-zero", "-o", str(folder)]
    started = time.perf_counter()
    done = subprocess.run(
        [*command, "--limit", str(n_cases), "--workers", str(n_workers)],
        cwd=folder.parent,
        env={**os.environ},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"the audit with {n_workers} workers ended with exit code {done.returncode}")
    scores = pd.concat(pd.read_parquet(part) for part in sorted(folder.glob("*/scores/part-*.parquet")))
    keys = ["case_id", "reader", "model", "explainer", "metric"]
    return seconds, scores.sort_values(keys, ignore_index=True).drop(columns="seconds")


def agree(scores: pd.DataFrame, others: pd.DataFrame) -> bool:
    """Whether scores are the same but for the last digits, which change with the number of threads in a process."""
    same = scores.drop(columns="value").equals(others.drop(columns="value"))
    return same and np.allclose(scores["value"], others["value"], rtol=1e-5, atol=2e-6, equal_nan=True)


def main() -> None:
    """Times the runs and prints one line for each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    seconds: dict[int, list[float]] = {n: [] for n in asked.workers}
    first: pd.DataFrame | None = None
    with tempfile.TemporaryDirectory() as name:
        for turn in range(asked.rounds):
            for n_workers in asked.workers:
                took, scores = run(Path(name) / f"{turn}-{n_workers}", n_workers, asked.cases)
                seconds[n_workers].append(took)
                first = scores if first is None else first
                if not agree(scores, first):
                    sys.exit(f"{n_workers} workers come to other scores")
    base = statistics.median(seconds[asked.workers[0]])
    for n_workers, took in seconds.items():
        median = statistics.median(took)
        spread = f"{min(took):.1f} to {max(took):.1f}"
        print(
            f"--workers {n_workers}: {median:.1f} s ({spread}), {median / base:.2f} of --workers {asked.workers[0]}"
        )
    print(f"--cases {asked.cases} --rounds {asked.rounds}, {os.cpu_count()} processors; the scores agree")


if __name__ == "__main__":
    main()
