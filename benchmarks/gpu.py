"""What a GPU gives: the plain script beside xaudit, how busy the device is, and how far its numbers lie from a CPU's.

    python benchmarks/gpu.py [--device cuda:0] [--minutes 8] [--only script busy equality float16 workers]

Everything takes at most `--minutes`: a part that would begin too late is left out, and the script says so. Each part is
the command `xaudit run` as a user gives it, on phantom slices with a ResNet50 of random weights at 224 px.

- script: Grad-CAM, LIME and pixel flipping by lime, pytorch-grad-cam and quantus, and by xaudit, in turn, both on the device.
- busy: share of time in which a kernel runs (nvidia-smi), in an audit by LIME and in reliance maps. The time counted
  goes from the first busy moment to the last, so imports are left out. The goal is 85 %.
- equality: largest differences of scores and of the reliance map between the CPU and the device.
- float16: the same between single and half precision on the device.
- workers: wall time with one process and with two on the one device.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from shutil import which

import numpy as np
import pandas as pd
import torch
import torchvision
import yaml
from safetensors.torch import save_file

PARTS = ("script", "busy", "equality", "float16", "workers")
TOLERANCE = 1e-3
"""Largest difference of a probability or a score between a CPU and a device in single precision."""


@dataclass(frozen=True)
class Sizes:
    """How much work a part does.

    Attributes:
        cases: images of the audits; of the comparisons a quarter of them.
        samples: of LIME.
        side: pixels of the network's frame.
    """

    architecture: str = "resnet50"
    cases: int = 16
    samples: int = 500
    side: int = 224


SMALL = Sizes("resnet18", cases=4, samples=20, side=64)


@dataclass(frozen=True)
class Study:
    """A folder with a phantom study, weights and audit files."""

    folder: Path
    sizes: Sizes

    def write(self) -> None:
        torch.manual_seed(0)
        network = getattr(torchvision.models, self.sizes.architecture)(num_classes=2)
        save_file(network.state_dict(), self.folder / "network.safetensors")
        lime = {
            "explainers": [{"name": "lime", "samples": self.sizes.samples}],
            "metrics": ["iou", "pixel-flipping"],
        }
        for name, asked in (
            ("lime", {**lime, "reliance": {"enabled": False}}),
            ("map", {"explainers": ["gradcam"]}),
            ("both", lime),
        ):
            self._write_audit(name, asked)

    def _write_audit(self, name: str, asked: dict[str, object]) -> None:
        model = {
            "id": "network",
            "source": "torchvision",
            "architecture": self.sizes.architecture,
            "weights": "network.safetensors",
            "input_size": self.sizes.side,
        }
        audit = {
            "name": name,
            "data": {"format": "phantom", "phantom": {"patients": 40, "slices": 1, "splits": "test"}},
            "models": [model],
            "controls": ["random"],
            "run": {"figures": 0, "max_error_rate": 1},
            **asked,
        }
        (self.folder / f"{name}.yaml").write_text(yaml.safe_dump(audit))

    def command(self, audit: str, device: str, cases: int, *options: str) -> list[str]:
        """Return the command line of an audit; its run goes to a folder named after it."""
        out = "-".join([audit, device, *options]).replace(":", "").replace("=", "-")
        run = ["run", f"{audit}.yaml", "-q", "--exit-zero", "--format", "json", "-o", out]
        return [sys.executable, "-m", "xaudit", *run, "--device", device, "--limit", str(cases), *options]

    def run(self, audit: str, device: str, cases: int, *options: str) -> tuple[dict[str, float], Path]:
        """Carry out an audit; gives its work (evaluations, seconds, seconds in the model) and its run folder."""
        command = self.command(audit, device, cases, *options)
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        out = self.folder / command[command.index("-o") + 1]
        return json.loads(done.stdout)["work"], next(out.glob("*/status.json")).parent


@dataclass
class BusyShare:
    """Reads every fifth of a second how much of the time a kernel of the device ran, while the context is open."""

    device: str
    shares: list[float] = field(default_factory=list)

    def __enter__(self) -> "BusyShare":
        index = self.device.partition(":")[2] or "0"
        query = ["--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-lms", "200", "-i", index]
        self._process = subprocess.Popen(["nvidia-smi", *query], stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        said, _ = self._process.communicate(timeout=10)
        self.shares = [float(line) / 100 for line in said.split() if line.strip().isdigit()]

    @property
    def between_first_and_last(self) -> float:
        """Mean share from the first busy moment to the last; NaN if there was none."""
        busy = np.flatnonzero(self.shares)
        return float(np.mean(self.shares[busy[0] : busy[-1] + 1])) if busy.size else float("nan")


class OnDevice(torch.nn.Module):
    """Takes and gives tensors of the CPU, as the plain script makes them, and computes on a device."""

    def __init__(self, module: torch.nn.Module, device: str) -> None:
        super().__init__()
        self.module = module.to(device)
        self.device = device

    @property
    def layer4(self) -> torch.nn.Module:
        layer: torch.nn.Module = self.module.layer4  # type: ignore[assignment]
        return layer

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.module(images.to(self.device)).cpu()
        return logits


def script(study: Study, device: str) -> None:
    """Print the wall time of xaudit beside that of the plain script, on the same work."""
    import against_plain_script as plain

    from xaudit.models.classifier import Classifier

    sizes = study.sizes
    name, side, cases = sizes.architecture, sizes.side, max(2, sizes.cases // 8)
    images = plain.pictures(cases, side, seed=1)
    mark = np.zeros((side, side), dtype=bool)
    mark[side // 4 : side // 2, side // 4 : side // 2] = True
    with torch.no_grad():
        targets = plain.network(name, side)(torch.from_numpy(images)).argmax(dim=1).tolist()
    work = plain.Work(images, targets, mark, sizes.samples, 60, 16)
    classifier = Classifier(
        id=name,
        module=plain.network(name, side),
        class_names=("other", "target"),
        model_hw=(side, side),
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        batch_size=plain.BATCH,
        device=torch.device(device),
    )
    module = OnDevice(plain.network(name, side), device)
    for turn in range(2):
        theirs, script_wall, _ = plain.timed(partial(plain.by_plain_script, module, work))
        before = classifier.meter.n_evals
        ours_of, our_wall, _ = plain.timed(partial(plain.by_xaudit, classifier, work, theirs.maps))
        n_evals = classifier.meter.n_evals - before
        apart = max(
            float(np.abs(np.array(theirs.flipping[key]) - np.array(ours_of.flipping[key])).max())
            for key in theirs.flipping
        )
        print(
            f"round {turn + 1}: script {script_wall:.2f} s, xaudit {our_wall:.2f} s, {our_wall / script_wall:.2f} × its wall "
            f"time; {n_evals} evaluations, {n_evals / our_wall:.0f} a second; scores within {apart:.1e}"
        )


def busy(study: Study, device: str) -> None:
    """Print the share of time in which the device works."""
    if not device.startswith("cuda") or which("nvidia-smi") is None:
        raise RuntimeError("no device with nvidia-smi here")
    for audit, words in (("lime", "LIME"), ("map", "reliance maps")):
        with BusyShare(device) as share:
            work, _ = study.run(audit, device, study.sizes.cases)
        print(
            f"{words}: {work['n_evals']} evaluations in {work['seconds']:.1f} s; a kernel ran in "
            f"{share.between_first_and_last:.0%} of the time between the first and the last"
        )


def values_of(run: Path) -> pd.Series:
    """Return each score and each drop of the reliance map of a run, named by what it is."""
    tables = {
        name: pd.concat(pd.read_parquet(part) for part in sorted(run.glob(f"{name}/part-*.parquet")))
        for name in ("scores", "reliance_map")
    }
    scores = tables["scores"].set_index(["metric", "case_id", "reader", "explainer"])["value"]
    drops = tables["reliance_map"].explode("probability_drop")
    asked = ["case_id", "target", "question", "infill", "scale"]
    drops["window"] = drops.groupby(asked, dropna=False).cumcount()
    drops["metric"] = "reliance map"
    drops["place"] = (
        drops[["target", "question", "infill", "scale", "window"]].astype(str).agg(" ".join, axis=1)
    )
    map_values = drops.set_index(["metric", "case_id", "place"])["probability_drop"].astype(float)
    values = {tuple(map(str, key)): float(one) for some in (scores, map_values) for key, one in some.items()}
    return pd.Series(values)


def largest_differences(one: Path, other: Path) -> dict[str, float]:
    """Return the largest difference of each metric's scores and of the reliance map between two run folders.

    Raises:
        RuntimeError: where one has a value that the other lacks.
    """
    first, second = (dict(values_of(run)) for run in (one, other))
    lacking = {key for key in first.keys() | second.keys() if key not in first or key not in second}
    lacking |= {key for key in first.keys() & second.keys() if np.isnan(first[key]) != np.isnan(second[key])}
    if lacking:
        raise RuntimeError(f"{len(lacking)} values stand in one run only, such as {' '.join(min(lacking))}")
    differences: dict[str, float] = {}
    for key, value in first.items():
        if not np.isnan(value):
            differences[key[0]] = max(differences.get(key[0], 0.0), abs(value - second[key]))
    return differences


def equality(study: Study, device: str) -> None:
    """Print the largest differences between the CPU and the device."""
    cases = max(2, study.sizes.cases // 4)
    _, cpu = study.run("both", "cpu", cases)
    _, other = study.run("both", device, cases, "--set=run.batch_size=16")
    differences = largest_differences(cpu, other)
    _print_differences("CPU and device", differences)
    worst = differences["reliance map"]
    print(f"the reliance map is {'within' if worst <= TOLERANCE else 'NOT within'} {TOLERANCE:g}")


def float16(study: Study, device: str) -> None:
    """Print the largest differences between single and half precision."""
    if device == "cpu":
        raise RuntimeError("half precision is for GPUs")
    cases = max(2, study.sizes.cases // 4)
    single_work, single = study.run("both", device, cases)
    half_work, half = study.run("both", device, cases, "--set=run.precision=float16")
    _print_differences("float32 and float16", largest_differences(single, half))
    print(f"seconds in the model: {single_work['model_seconds']:.1f} and {half_work['model_seconds']:.1f}")


def _print_differences(words: str, differences: dict[str, float]) -> None:
    print(
        f"{words} differ at most by: " + ", ".join(f"{name} {most:.1e}" for name, most in differences.items())
    )


def workers(study: Study, device: str) -> None:
    """Print the wall time with one process and with two."""
    seconds = []
    for n_workers in (1, 2):
        started = time.perf_counter()
        study.run("lime", device, study.sizes.cases, f"--workers={n_workers}")
        seconds.append(time.perf_counter() - started)
    print(
        f"one process {seconds[0]:.1f} s, two {seconds[1]:.1f} s: {seconds[1] / seconds[0]:.2f} × with imports and report"
    )


def measure(study: Study, device: str, parts: Sequence[str], end: float) -> int:
    """Carry out the parts until the time is up; gives how many failed."""
    todo: dict[str, Callable[[Study, str], None]] = {
        "script": script,
        "busy": busy,
        "equality": equality,
        "float16": float16,
        "workers": workers,
    }
    longest, n_failed = 0.0, 0
    for part in parts:
        print(f"\n{part}", flush=True)
        started = time.monotonic()
        if started + longest > end:
            print("not measured: no time is left")
            continue
        try:
            todo[part](study, device)
        except RuntimeError as error:
            n_failed += "here" not in str(error) and "GPUs" not in str(error)
            print(f"not measured: {error}")
        longest = max(longest, time.monotonic() - started)
        print(f"({time.monotonic() - started:.0f} s)", flush=True)
    return n_failed


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--small", action="store_true", help="little work, to try the script itself")
    chosen = parser.parse_args()
    if chosen.device != "cpu" and not torch.cuda.is_available():
        sys.exit("error: no GPU is here\nhint: --device cpu --small tries the script itself")
    end = time.monotonic() + 60 * chosen.minutes
    name = torch.cuda.get_device_name(0) if chosen.device != "cpu" else f"CPU, {os.cpu_count()} cores"
    print(
        f"{name}, torch {torch.__version__}, float32 matrix products: {torch.get_float32_matmul_precision()}"
    )
    with tempfile.TemporaryDirectory() as folder:
        study = Study(Path(folder), SMALL if chosen.small else Sizes())
        study.write()
        sys.exit(min(1, measure(study, chosen.device, chosen.only, end)))


if __name__ == "__main__":
    main()
