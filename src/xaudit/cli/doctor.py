"""``xaudit doctor``: what this machine has, and whether an audit could run on it."""

import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import xaudit
from xaudit.catalog import MODEL_RECORDS
from xaudit.cli.options import DEFAULT_OUT, Out, ReportAs
from xaudit.cli.output import ReportFormat, emit, emit_grid, emit_json
from xaudit.errors import ExitCode
from xaudit.report.grid import Cell, Column, Tone, grid, row

_WITHOUT = {
    "pydicom": "no DICOM",
    "pylibjpeg": "not every JPEG in DICOM",
    "pylibjpeg-libjpeg": "no lossless or 12-bit JPEG in DICOM",
    "pylibjpeg-openjpeg": "not every JPEG 2000 in DICOM",
    "nibabel": "no NIfTI masks and maps",
    "zennit": "no explainer lrp",
    "mlflow-skinny": "no `xaudit report --mlflow`",
    **{record.library: f"no models from {name}" for name, record in MODEL_RECORDS.items() if record.library},
}


State = Literal["ok", "absent", "broken"]
TONES: dict[State, Tone] = {"ok": "good", "absent": "dim", "broken": "bad"}


@dataclass(frozen=True, slots=True)
class Check:
    """A check of this machine: its name, state and detail."""

    name: str
    state: State
    found: str


def doctor(out: Out = DEFAULT_OUT, form: ReportAs = ReportFormat.RICH) -> int:
    """Checks this machine: device, libraries, weights, plug-ins, geometry.

    Exits with 2 where something is broken.
    """
    checks = [
        *_software(),
        *_torch(),
        *_opencv(),
        *_weights(),
        _external(),
        *_plugins(),
        *_permission(out),
        *_geometry(),
    ]
    _show(checks, form)
    broken = any(check.state == "broken" for check in checks)
    return int(ExitCode.USAGE if broken else ExitCode.OK)


def _show(checks: list[Check], form: ReportFormat) -> None:
    from xaudit.report.files.markdown import markdown_grid

    table = grid(
        ["what", "state", Column("found", wraps=True)],
        [row(c.name, Cell(c.state, TONES[c.state]), c.found) for c in checks],
    )
    match form:
        case ReportFormat.JSON:
            emit_json([asdict(check) for check in checks])
        case ReportFormat.MARKDOWN:
            emit(markdown_grid(table))
        case ReportFormat.RICH:
            emit_grid(table)


def _software() -> Iterator[Check]:
    from xaudit.store.manifest import library_versions

    yield Check("xaudit", "ok", xaudit.__version__)
    good = sys.version_info >= (3, 11)
    yield Check("python", "ok" if good else "broken", f"{platform.python_version()} on {platform.system()}")
    for name, version in library_versions().items():
        if version is not None:
            yield Check(name, "ok", version)
        elif name in _WITHOUT:
            yield Check(name, "absent", f"not installed: {_WITHOUT[name]}")
        else:
            yield Check(name, "broken", "not installed")


def _torch() -> Iterator[Check]:
    try:
        import torch
        import torchvision
    except (ImportError, OSError, RuntimeError) as error:
        yield Check(
            "torch pair", "broken", f"{_first_line(error)}; torch and torchvision must be a matching pair"
        )
        return
    yield Check(
        "torch pair", "ok", f"torch {torch.__version__} and torchvision {torchvision.__version__} load"
    )
    yield Check("threads", "ok", f"{torch.get_num_threads()} of {os.cpu_count()} processors")
    if torch.cuda.is_available():
        yield Check("device", "ok", f"cuda: {torch.cuda.get_device_name(0)}")
    elif torch.backends.mps.is_available():
        yield Check("device", "ok", "mps")
    else:
        yield Check("device", "ok", "cpu only")


def _opencv() -> Iterator[Check]:
    try:
        import cv2
    except (ImportError, OSError) as error:
        yield Check("opencv", "broken", f"cv2 does not load: {_first_line(error)}")
        return
    yield Check("opencv", "ok", f"cv2 {cv2.__version__} loads")


def _weights() -> Iterator[Check]:
    from xaudit.models import phantom_weights

    for variant in ("honest", "unaware", "shortcut"):
        path = phantom_weights(variant)
        found = (
            "is trained when first needed"
            if path is None
            else f"{path.name}, {path.stat().st_size // 1024} kB"
        )
        yield Check(f"phantom model '{variant}'", "absent" if path is None else "ok", found)


def _external() -> Check:
    """Check that maps from files can be read: write one and read it back."""
    import numpy as np

    from xaudit.errors import XauditError
    from xaudit.explainers.external.reading import SUFFIXES, read_map

    with tempfile.TemporaryDirectory(prefix="xaudit-") as folder:
        path = Path(folder) / "map.npy"
        try:
            np.save(path, np.eye(2))
            same = bool((read_map(path, path.name) == np.eye(2)).all())
        except (OSError, XauditError) as error:
            return Check("external models", "broken", _first_line(error))
    found = f"maps are read from {', '.join(SUFFIXES)}; no model is needed"
    return Check("external models", "ok" if same else "broken", found)


def _plugins() -> Iterator[Check]:
    """List each plug-in package, and each of its entries that cannot be used."""
    from xaudit.catalog.plugins import GROUPS, Brought, all_brought

    usable: dict[str, list[str]] = {}
    broken: list[Check] = []
    for kind in GROUPS:
        for one in all_brought(kind):
            match one:
                case Brought(offer=offer):
                    usable.setdefault(offer.origin, []).append(f"{offer.name} ({kind})")
                case (offer, error):
                    broken.append(Check(f"plug-in '{offer.name}'", "broken", f"{error}; {error.hint}"))
    for origin, names in sorted(usable.items()):
        yield Check("plug-ins", "ok", f"{origin}: {', '.join(names)}")
    yield from broken
    if not usable and not broken:
        yield Check("plug-ins", "absent", "no installed package brings any")


def _permission(out: Path) -> Iterator[Check]:
    place = out
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            yield Check("runs can be written", "ok", f"in {out}")
    except OSError as error:
        yield Check("runs can be written", "broken", f"not in {out}: {_first_line(error)}")


def _geometry() -> Iterator[Check]:
    from xaudit.cases.self_test import check_reading

    with tempfile.TemporaryDirectory(prefix="xaudit-") as workspace:
        aligned = check_reading(Path(workspace))
    text = "a planted block and the box drawn around it coincide" if aligned else "marks are out of place"
    yield Check("geometry", "ok" if aligned else "broken", text)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
