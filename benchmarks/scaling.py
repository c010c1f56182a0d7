"""Cost per case and peak memory against the number of cases: the one must stay, the other must not grow.

    python benchmarks/scaling.py [--cases 20 200] [--base 4]

One phantom study is written, then its first cases are audited with a tiny network, in a process of its own for each
number. What a run costs however few its cases (imports, predictions of the whole study, the report) is measured with
`--base` cases and taken off: (seconds − seconds of the base) / (cases − base). CPU seconds, so that a busy machine
matters less. 2000 cases are within reach of an idle machine only.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import yaml
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
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_audit(folder, max(chosen.cases))
        run(folder, 1)  # writes the study
        start, start_peak = run(folder, chosen.base)
        print(f"{chosen.base:5d} cases: {start:.1f} CPU s, peak {start_peak:.0f} MiB")
        costs, peaks = [], []
        for n_cases in chosen.cases:
            seconds, peak = run(folder, n_cases)
            costs.append((seconds - start) / (n_cases - chosen.base))
            peaks.append(peak)
            print(
                f"{n_cases:5d} cases: {costs[-1] * 1e3:.0f} CPU ms a case beyond the start, peak {peak:.0f} MiB"
            )
    print(
        f"from {chosen.cases[0]} to {chosen.cases[-1]} cases: {costs[-1] / costs[0]:.2f} × the time a case, "
        f"{peaks[-1] - peaks[0]:+.0f} MiB at the peak"
    )


if __name__ == "__main__":
    main()
