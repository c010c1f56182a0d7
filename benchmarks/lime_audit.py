"""How much of a LIME audit's wall time is spent inside the model, for ResNet50 as torchvision builds it.

    python benchmarks/lime_audit.py [--cases 4] [--samples 100]

Writes a small phantom study and random weights to a temporary folder and audits them as a user would. Whether the
weights are any good makes no difference to the time. Prints evaluations per second and the share of
wall time inside the model, both over the whole run with its start, its data and its report.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import torchvision
import yaml
from safetensors.torch import save_file


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=4)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--side", type=int, default=224)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.manual_seed(0)
        network = torchvision.models.resnet50(num_classes=2)
        save_file(network.state_dict(), folder / "resnet50.safetensors")
        audit = {
            "name": "lime",
            "data": {"format": "phantom", "phantom": {"patients": 16, "slices": 1, "splits": "test"}},
            "models": [
                {
                    "id": "resnet50",
                    "source": "torchvision",
                    "architecture": "resnet50",
                    "weights": "resnet50.safetensors",
                    "input_size": chosen.side,
                }
            ],
            "explainers": [{"name": "lime", "samples": chosen.samples}],
            "metrics": ["iou"],
            "controls": ["random"],
            "reliance": {"controls": 1},
            "run": {"limit": chosen.cases, "figures": 0},
        }
        (folder / "audit.yaml").write_text(yaml.safe_dump(audit))
        command = [
            sys.executable,
            "-m",
            "xaudit",
            "run",
            "audit.yaml",
            "-q",
            "--exit-zero",
            "--format",
            "json",
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        work = json.loads(done.stdout)["work"]
    share = work["model_seconds"] / work["seconds"]
    print(f"{chosen.cases} cases, LIME with {chosen.samples} samples, ResNet50 at {chosen.side} px")
    print(
        f"{work['n_evals']} evaluations in {work['seconds']:.1f} s: {work['n_evals'] / work['seconds']:.1f} per second"
    )
    print(f"inside the model: {share:.1%} of the wall time of the whole run")


if __name__ == "__main__":
    main()
