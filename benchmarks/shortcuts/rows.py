"""Rows of the experiment: one trained network each, kept as one line of JSON."""

import fcntl
import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import xaudit
from shortcuts import auditing, baselines
from shortcuts.effects import truth
from shortcuts.network import Recipe, train
from shortcuts.population import (
    KINDS,
    SIZE,
    Pool,
    half_of_each_class,
    pool,
    shown_in,
    simulator_check,
    write_study,
)

SHARES = (100, 80, 50, 20)
SEEDS, FEWER_SEEDS = 20, 8
"""Networks of the honest kind and of each plant at 100 %, and of each plant at each other share."""

HONEST = "honest"


@dataclass(frozen=True, slots=True)
class RowId:
    """A network: its plant, the share of positives that showed it in training in percent, and its seed."""

    kind: str
    share: int
    seed: int

    def __str__(self) -> str:
        if self.kind == HONEST:
            return f"{HONEST}-seed{self.seed}"
        return f"{self.kind}-{self.share}-seed{self.seed}"

    @property
    def number(self) -> int:
        """Seed of all random choices of this row; no other row has it."""
        return int(hashlib.sha256(str(self).encode()).hexdigest()[:12], 16)


def row_id(name: str) -> RowId:
    """Read a row's name.

    Example:
        >>> row_id("corner-marker-100-seed3")
        RowId(kind='corner-marker', share=100, seed=3)
    """
    match = re.fullmatch(rf"(?:({HONEST})|({'|'.join(KINDS)})-(\d+))-seed(\d+)", name)
    if match is None or (match[3] and int(match[3]) not in SHARES):
        shares = ", ".join(map(str, SHARES))
        raise ValueError(
            f"'{name}' names no row: write honest-seedN or KIND-SHARE-seedN, with a kind of {', '.join(KINDS)} and a share of {shares}"
        )
    return RowId(match[1] or match[2], int(match[3] or 0), int(match[4]))


def planned() -> list[RowId]:
    """Return all rows, those of the first seeds first, so that an unfinished experiment holds every kind."""
    rows = []
    for seed in range(SEEDS):
        rows.append(RowId(HONEST, 0, seed))
        rows += [RowId(kind, 100, seed) for kind in KINDS]
        if seed < FEWER_SEEDS:
            rows += [RowId(kind, share, seed) for kind in KINDS for share in SHARES[1:]]
    return rows


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes of the experiment; every stored row names them by a hash."""

    recipe: Recipe = field(default_factory=Recipe)
    training_pool: int = 3000
    test_pool: int = 1200
    annotated: int = auditing.ANNOTATED

    def fingerprint(self) -> str:
        """Hash all settings on which a row depends."""
        plain = {
            "recipe": self.recipe.plain(),
            "sizes": [self.training_pool, self.test_pool, self.annotated, SIZE],
            "audit": auditing.SETTINGS,
            "slices": simulator_check(),
            "limits": [baselines.PROBE_AUROC, baselines.ODDS_GAP, baselines.CLUSTER_V, baselines.GATES],
        }
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class Experiment:
    """Settings, and the slices on which every network is trained and tested."""

    settings: Settings
    training: Pool
    test: Pool
    folder: Path


def experiment(settings: Settings, folder: Path) -> Experiment:
    """Render the patients, or read them from ``folder``."""
    training = pool(1000, settings.training_pool, folder)
    return Experiment(settings, training, pool(2000, settings.test_pool, folder), folder)


def run_row(row: RowId, work: Experiment) -> dict[str, Any]:
    """Train, measure and audit one network, and try the other methods on it."""
    started = time.process_time()
    kind = "none" if row.kind == HONEST else row.kind
    generator = np.random.default_rng(row.number)
    shown = shown_in(work.training.cancer, row.share, generator)
    network = train(work.training, kind, shown, recipe=work.settings.recipe, seed=row.number)
    trained = time.process_time()
    tested = work.test
    collected = shown_in(tested.cancer, row.share, generator)
    true = truth(network, tested, kind, collected)
    chosen = _patients(tested, work.settings.annotated, generator)
    shown_there = np.zeros_like(tested.cancer)
    shown_there[chosen] = shown_in(tested.cancer[chosen], row.share, generator)
    with tempfile.TemporaryDirectory(dir=work.folder) as name:
        study = Path(name) / "study"
        plants = {int(index): kind for index in chosen if shown_there[index]}
        write_study(tested.seed, [int(index) for index in chosen], plants, study)  # type: ignore[arg-type]
        audited = auditing.audit(network, study, Path(name))
    audit_done = time.process_time()
    if kind != "none":
        audited = auditing.with_density(audited, tested.place_of(kind))
    half = np.zeros_like(tested.cancer)
    half[chosen] = half_of_each_class(tested.cancer[chosen], generator)
    return _rounded(
        {
            "row": str(row),
            "kind": row.kind,
            "share": row.share,
            "seed": row.seed,
            "settings": work.settings.fingerprint(),
            "version": xaudit.__version__,
            "truth": true,
            "audit": audited,
            "gates": baselines.gate_on_gradcam(audited["gradcam"]),
            "others": {name: _others(network, tested, chosen, name, half) for name in true["reaction"]},
            "odds_as_collected": None
            if kind == "none"
            else baselines.equalized_odds(
                network,
                tested.images(kind, shown_there)[chosen],
                tested.cancer[chosen],
                shown_there[chosen],
            ),
            "seconds": {
                "training": trained - started,
                "audit": audit_done - trained,
                "others": time.process_time() - audit_done,
            },
        }
    )


def _others(network: Any, tested: Pool, chosen: np.ndarray, kind: str, half: np.ndarray) -> dict[str, Any]:
    slices, cancer, shown = tested.images(kind, half)[chosen], tested.cancer[chosen], half[chosen]
    return {
        "probe": baselines.probe(network, slices, shown),
        "odds": baselines.equalized_odds(network, slices, cancer, shown),
        "spray": baselines.spray(network, slices[cancer], shown[cancer]),
    }


def _patients(tested: Pool, n: int, generator: np.random.Generator) -> np.ndarray:
    """Choose as many patients with cancer as without, in the order of their numbers."""
    parts = [generator.permutation(np.flatnonzero(tested.cancer == label))[:n] for label in (True, False)]
    return np.sort(np.concatenate(parts))


def _rounded(value: Any) -> Any:
    match value:
        case dict():
            return {key: _rounded(item) for key, item in value.items()}
        case list() | tuple():
            return [_rounded(item) for item in value]
        case bool() | np.bool_():
            return bool(value)
        case float():
            return round(value, 4)
        case _:
            return value


def stored(path: Path) -> dict[str, dict[str, Any]]:
    """Return the rows of a file by name; a later line replaces an earlier one."""
    if not path.is_file():
        return {}
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return {row["row"]: row for row in rows}


def keep(path: Path, row: dict[str, Any]) -> None:
    """Add a row to the file, or replace it there; the file is replaced whole, and writers wait for each other."""
    with _locked(path):
        rows = stored(path) | {row["row"]: row}
        order = {str(one): place for place, one in enumerate(planned())}
        lines = [
            json.dumps(rows[name], sort_keys=True)
            for name in sorted(rows, key=lambda name: (order.get(name, len(order)), name))
        ]
        draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
        draft.replace(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def missing(wanted: list[RowId], path: Path, fingerprint: str) -> list[RowId]:
    """Return the rows that are not stored, or were stored under other settings."""
    rows = stored(path)
    return [one for one in wanted if rows.get(str(one), {}).get("settings") != fingerprint]


def run_rows(
    wanted: list[RowId],
    path: Path,
    fingerprint: str,
    make: Callable[[RowId], dict[str, Any]],
    tell: Callable[[str], None],
) -> None:
    """Make and keep the rows that are missing, one after the other."""
    todo = missing(wanted, path, fingerprint)
    for number, row in enumerate(todo, start=1):
        began = time.perf_counter()
        keep(path, make(row))
        tell(f"{row}: {number} of {len(todo)}, {time.perf_counter() - began:.0f} s")
