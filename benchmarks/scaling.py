"""Cost per case and peak memory against the number of cases: the one must stay, the other must not grow.

    python benchmarks/scaling.py [--cases 20 200] [--base 4] [--rounds 2] [--busy-anyway]

One phantom study is written, then its first cases are audited with a tiny network, in a process of its own for each
number. What a run costs however few its cases (imports, predictions of the whole study, the report) is measured with
`--base` cases and taken off: (seconds − seconds of the base) / (cases − base). The numbers take turns within a round,
and the least CPU seconds of each count. On a busy machine the script stops, for CPU seconds grow with others' load too:
caches and memory are shared.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import yaml
from idle import reading, report_others, require_idle
from safetensors.torch import save_file

NETWORK = """
import torch


def build(n_classes: int) -> torch.nn.Module:
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 5, stride=4),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(4, n_classes),
    )
"""


def write_audit(folder: Path, n_cases: int) -> None:
    (folder / "tiny_network.py").write_text(NETWORK)
    names: dict[str, object] = {}
    exec(NETWORK, names)
    torch.manual_seed(0)
    save_file(names["build"](2).state_dict(), folder / "tiny.safetensors")  # type: ignore[operator]
    audit = {
        "name": "scaling",
        "data": {"format": "phantom", "phantom": {"patients": 2 * n_cases, "slices": 1, "splits": "test"}},
        "models": [
            {
                "id": "tiny",
                "source": "python",
                "factory": "tiny_network:build",
                "weights": "tiny.safetensors",
                "layer": "2",
                "input_size": 64,
            }
        ],
        "explainers": ["gradcam", {"name": "lime", "samples": 50}],
        "metrics": ["iou", {"name": "pixel-flipping", "steps": 8}],
        "controls": ["random"],
        "reliance": {"controls": 1, "infills": ["blur"]},
        "statistics": {"replicates": 100},
        "run": {"figures": 0, "max_error_rate": 1},
    }
    (folder / "audit.yaml").write_text(yaml.safe_dump(audit))


def run(folder: Path, n_cases: int) -> tuple[float, float]:
    """CPU seconds and peak MiB of an audit of so many cases."""
    command = [sys.executable, "-m", "xaudit", "run", "audit.yaml", "-q", "--exit-zero"]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]),
    }
    process = subprocess.Popen(
        [*command, "--limit", str(n_cases)], cwd=folder, env=environment, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"the audit of {n_cases} cases ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, nargs="+", default=[20, 200])
    parser.add_argument("--base", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--busy-anyway", action="store_true", help="only warn if others use the machine")
    chosen = parser.parse_args()
    require_idle(busy_anyway=chosen.busy_anyway)
    before = reading()
    numbers = [chosen.base, *chosen.cases]
    seconds = dict.fromkeys(numbers, float("inf"))
    peaks = dict.fromkeys(numbers, 0.0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_audit(folder, max(chosen.cases))
        run(folder, 1)  # writes the study
        for turn in range(1, chosen.rounds + 1):
            for n_cases in numbers:
                took, peak = run(folder, n_cases)
                print(f"round {turn}: {n_cases:5d} cases: {took:.1f} CPU s, peak {peak:.0f} MiB", flush=True)
                seconds[n_cases] = min(seconds[n_cases], took)
                peaks[n_cases] = max(peaks[n_cases], peak)
    costs = {n: (seconds[n] - seconds[chosen.base]) / (n - chosen.base) for n in chosen.cases}
    for n_cases, cost in costs.items():
        print(
            f"{n_cases:5d} cases: {cost * 1e3:.0f} CPU ms a case beyond the start, peak {peaks[n_cases]:.0f} MiB"
        )
    first, last = chosen.cases[0], chosen.cases[-1]
    print(
        f"from {first} to {last} cases: {costs[last] / costs[first]:.2f} × the time a case, "
        f"{peaks[last] - peaks[first]:+.0f} MiB at the peak"
    )
    report_others(before)


if __name__ == "__main__":
    main()
