"""Peak memory of a run against the number of its cases: it must not grow with them.

    python benchmarks/memory.py [--cases 8 16 32 64]

Each size is audited in a process of its own (Grad-CAM and occlusion on the honest phantom network), whose peak
resident memory is printed. What grows is the table of scores, some hundred bytes a row, never images or maps.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, nargs="+", default=[8, 16, 32, 64])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        audit = {
            "name": "memory",
            "data": {
                "format": "phantom",
                "phantom": {"patients": 2 * max(chosen.cases), "slices": 1, "splits": "test"},
            },
            "models": [{"id": "honest", "source": "phantom", "variant": "honest"}],
            "explainers": ["gradcam", {"name": "occlusion", "stride": 0.125}],
            "metrics": ["iou", {"name": "pixel-flipping", "steps": 8}],
            "controls": ["random"],
            "reliance": {"controls": 1},
            "run": {"figures": 0},
        }
        (folder / "audit.yaml").write_text(yaml.safe_dump(audit))
        print("cases  peak MiB")
        for n_cases in chosen.cases:
            command = [
                sys.executable,
                "-m",
                "xaudit",
                "run",
                "audit.yaml",
                "-q",
                "--exit-zero",
                "--limit",
                str(n_cases),
            ]
            process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            _, status, used = os.wait4(process.pid, 0)
            if status:
                sys.exit(f"the audit of {n_cases} cases ended with {os.waitstatus_to_exitcode(status)}")
            print(f"{n_cases:5d}  {used.ru_maxrss / 1024:8.0f}")


if __name__ == "__main__":
    main()
