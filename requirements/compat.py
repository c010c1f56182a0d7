"""Installs the wheel into environments of its own, audits the phantom study in each, and prints a table.

For each Python: with the lowest versions that pyproject.toml allows, with the newest, and into an environment that
already has a torch of its own. Exits with 1 where a step failed or where that torch was replaced.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BINARY = ("--only-binary", ":all:", "--no-binary", "lime", "--no-binary", "grad-cam")
"""Versions without a built package for this Python are passed over; lime and grad-cam have none for any."""
KINDS = ("lowest-direct", "highest", "own-torch")
SHOWN = ("torch", "torchvision", "numpy", "pandas", "pydantic", "typer")
SMALL = ("--set", "data.phantom.patients=6", "datasets.marked.phantom.patients=6", "--limit", "1")
AUDIT = ("run", *SMALL, "--explainer", "gradcam", "lime", "--exit-zero", "--format", "json")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--python", nargs="+", default=["3.11", "3.13"], help="versions, or paths of interpreters"
    )
    parser.add_argument("--kind", nargs="+", default=KINDS, choices=KINDS)
    parser.add_argument(
        "--own-torch", default="2.8.0", help="the torch that is there before xaudit is installed"
    )
    parser.add_argument("--extras", nargs="*", default=[], help="installed along, except beside an own torch")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xaudit-compat-") as folder:
        uv("build", "--quiet", "--out-dir", folder, ROOT)
        shutil.rmtree(ROOT / "src" / "xaudit.egg-info", ignore_errors=True)  # as make package does
        (wheel,) = Path(folder).glob("*.whl")
        rows = []
        for python in asked.python:
            for kind in asked.kind:
                rows.append(tried(Path(folder, f"{len(rows)}"), wheel, python, kind, asked))
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    print(table(rows))
    return int(any("failed" in row.values() for row in rows))


def tried(folder, wheel, python, kind, asked):
    """One environment: its versions, and what became of each step."""
    row = {"python": python, "kind": kind}
    bin_ = folder / "env" / "bin"
    try:
        uv("venv", "--quiet", "--seed", "--python", python, folder / "env")
        if kind == "own-torch":
            install(bin_, f"torch=={asked.own_torch}", "torchvision")
            before = versions(bin_)
            run(bin_ / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
            same = all(versions(bin_)[name] == before[name] for name in ("torch", "torchvision"))
            row["torch kept"] = "ok" if same else "failed"
        else:
            row["extras"] = resolved(bin_, kind)
            extras = [word for extra in asked.extras for word in ("--extra", extra)]
            install(bin_, wheel, "-r", ROOT / "pyproject.toml", *extras, "--resolution", kind)
    except subprocess.CalledProcessError as error:
        return {**row, "install": failed(error)}
    row |= {name: version for name, version in versions(bin_).items() if name in SHOWN}
    for name, command in (("doctor", ["doctor"]), ("list", ["list", "metrics"]), ("audit", AUDIT)):
        row[name], said = timed(bin_ / "xaudit", *command, cwd=folder)
    return row | (measured(json.loads(said)) if said else {})


def measured(report):
    """Scores of the network that learned the lesion, which may differ between environments in their last digits."""
    found = {
        (summary["metric_id"], summary["explainer_id"]): summary["interval"]["estimate"]
        for summary in report["summaries"]
        if summary["model_id"] == "honest"
    }
    return {f"iou@{name}": f"{found['iou', name]:.5f}" for name in ("gradcam", "lime")}


def resolved(bin_, kind):
    """Resolves each extra by itself, without installing it."""
    names = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for name in names:
        options = ("--extra", name, "--resolution", kind, "--python", bin_ / "python")
        uv("pip", "compile", "--quiet", ROOT / "pyproject.toml", *options, *BINARY)
    return f"{len(names)} resolve"


def install(bin_, *what):
    uv("pip", "install", "--quiet", "--python", bin_ / "python", *BINARY, *what)


def versions(bin_):
    listed = json.loads(uv("pip", "list", "--quiet", "--format", "json", "--python", bin_ / "python"))
    return {package["name"]: package["version"] for package in listed}


def timed(*command, cwd):
    """How long a command took, or that it failed, and its standard output."""
    start = time.perf_counter()
    try:
        said = run(*command, cwd=cwd)
    except subprocess.CalledProcessError as error:
        return failed(error), ""
    return f"{time.perf_counter() - start:.1f} s", said


def failed(error):
    print((error.stderr or error.stdout or "")[-3000:], file=sys.stderr)
    return "failed"


def uv(*command):
    return run(Path(sys.executable).with_name("uv"), *command)


def run(*command, cwd=None):
    """Standard output of a command in an environment that knows no other xaudit."""
    known = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=known, text=True, capture_output=True, check=True, timeout=1800
    )
    return done.stdout


def table(rows):
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [columns, ["---"] * len(columns), *([str(row.get(key, "-")) for key in columns] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


if __name__ == "__main__":
    sys.exit(main())
