"""The manifest ``manifest.json``: everything needed to repeat a run.

It holds versions, settings, hardware and checksums, and no user, host or absolute path.
"""

import importlib.metadata
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import xaudit
from xaudit.store.redaction import Redaction
from xaudit.store.run_folder import RunFolder
from xaudit.store.run_status import utc_text

LIBRARIES = (
    "torch",
    "torchvision",
    "quantus",
    "lime",
    "grad-cam",
    "captum",
    "matplotlib",
    "numpy",
    "scipy",
    "scikit-image",
    "scikit-learn",
    "pandas",
    "pyarrow",
    "pillow",
    "safetensors",
    "pydantic",
    "pydantic-core",
    "pyyaml",
    "threadpoolctl",
    "jinja2",
    "markupsafe",
    "typer",
    "rich",
    "pydicom",
    "pylibjpeg",
    "pylibjpeg-libjpeg",
    "pylibjpeg-openjpeg",
    "nibabel",
    "zennit",
    "timm",
    "onnxruntime",
    "transformers",
    "mlflow-skinny",
)
"""Distributions whose version can change a result or its presentation, in pyproject's order."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """Facts about the making of a run that only the caller knows.

    Attributes:
        argv: the command line, program first.
        device: name of the accelerator or processor.
        n_threads: number of threads of torch.
        finished: end of the run, None while it is under way.
    """

    argv: Sequence[str]
    seed: int
    device: str
    n_threads: int
    started: datetime
    finished: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """Counts and checksums of a run's inputs and outputs.

    Attributes:
        counts: such as cases, patients, maps, scores, unscored.
        weights: SHA-256 of each model's weights, by model id.
        external: SHA-256 of the files of each external model, by model id: its predictions, its maps by explainer.
        images: SHA-256 over all images.
        annotations: SHA-256 over all marks.
        labels: SHA-256 over the cases' labels and metadata.
        masks: SHA-256 over all masks of the anatomy; empty if there are none.
        predictions: SHA-256 over the models' predictions; empty before there are any.
        code: digest of the user's or plug-in's code that builds a model, by model id.
        answers: digest of each model's answers to fixed images, by model id.
        outputs: the class that each output of a model stands for, by model id.
        plugins: kind, name, package and version of each plug-in used.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    external: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    images: str = ""
    annotations: str = ""
    labels: str = ""
    masks: str = ""
    predictions: str = ""
    code: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    plugins: Sequence[Mapping[str, str]] = ()


def build_manifest(run: RunFolder, invocation: Invocation, contents: Contents) -> dict[str, Any]:
    """Return the manifest as plain JSON values; save it with ``run.save_json("manifest.json", ...)``."""
    redact = Redaction.of_this_machine()
    return {
        **run.identity,
        "xaudit": xaudit.__version__,
        "python": platform.python_version(),
        "libraries": library_versions(),
        "plugins": [dict(plugin) for plugin in contents.plugins],
        "platform": {"system": platform.system(), "machine": platform.machine()},
        "hardware": {
            "device": redact.text(invocation.device),
            "cpu_count": os.cpu_count(),
            "torch_threads": invocation.n_threads,
        },
        "git": git_state(Path.cwd()),
        "seed": invocation.seed,
        "command_line": _command_line(invocation.argv, redact),
        "started": utc_text(invocation.started),
        "finished": None if invocation.finished is None else utc_text(invocation.finished),
        "counts": dict(contents.counts),
        "checksums": {
            "weights": dict(contents.weights),
            **(
                {"external": {model: dict(files) for model, files in contents.external.items()}}
                if contents.external
                else {}
            ),
            "images": contents.images,
            "annotations": contents.annotations,
            **_known(
                labels=contents.labels,
                masks=contents.masks,
                predictions=contents.predictions,
                code=dict(contents.code),
                answers=dict(contents.answers),
            ),
        },
        **_known(outputs={name: list(classes) for name, classes in contents.outputs.items()}),
    }


def _known(**values: object) -> dict[str, object]:
    """Drop empty values."""
    return {name: value for name, value in values.items() if value}


def library_versions() -> dict[str, str | None]:
    """Return the installed version of each library, None if it is not installed."""
    versions: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return versions


def git_state(folder: Path) -> dict[str, str | bool] | None:
    """Return the commit of a folder's repository, and True in ``dirty`` if tracked files differ from it.

    None without a repository, a commit or git.
    """
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    if not commit or changes is None:
        return None
    return {"commit": commit.strip(), "dirty": bool(changes.strip())}


def _git(folder: Path, *arguments: str) -> str | None:
    program = shutil.which("git")
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603  (fixed arguments)
            [program, *arguments],
            cwd=folder,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _command_line(argv: Sequence[str], redact: Redaction) -> list[str]:
    return [redact.argument(argument) for argument in argv]
