"""Simulated patients, each rendered without and with every plant; one slice a patient.

The plant is put in and taken out at the source: both renderings of a slice have the same anatomy, tumour and noise.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

import xaudit.cases.phantom
from xaudit.cases.phantom.anatomy import Anatomy, draw_anatomy
from xaudit.cases.phantom.evidence import PLANTS, Plant, plant_evidence
from xaudit.cases.phantom.files import PhantomRow, write_coco, write_grey, write_mask, write_tables
from xaudit.cases.phantom.lesions import Lesion, draw_lesions
from xaudit.cases.phantom.readers import read_slice
from xaudit.cases.phantom.slice import Slice, paint_slice
from xaudit.records import FloatArray
from xaudit.seeds import generator_for

SIZE = 64
KINDS: tuple[Plant, ...] = tuple(plant for plant in PLANTS if plant != "none")

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Patient:
    """A simulated patient; every second one has cancer."""

    seed: int
    id: str
    cancer: bool
    anatomy: Anatomy
    drawn: tuple[Lesion, ...]
    painted: Slice

    @property
    def lesions(self) -> tuple[Lesion, ...]:
        """Tumours that the slice shows."""
        return self.drawn if self.cancer else ()

    def with_plant(self, plant: Plant) -> FloatArray:
        """Return the slice with a plant; the position depends on the patient alone."""
        return plant_evidence(
            self.painted.pixels,
            plant,
            anatomy=self.anatomy,
            tumour=(self.drawn[0].x, self.drawn[0].y),
            generator=generator_for(self.seed, self.id, "evidence place"),
        )


def simulate(seed: int, index: int) -> Patient:
    """Return one patient of a population."""
    name = f"P{index:05d}"
    anatomy = draw_anatomy(generator_for(seed, name, "anatomy"))
    drawn = draw_lesions(anatomy, generator_for(seed, name, "tumours"), n_slices=1)[0]
    cancer = index % 2 == 0
    painted = paint_slice(
        anatomy,
        drawn if cancer else (),
        level=anatomy.level,
        size=SIZE,
        generator=generator_for(seed, name, "slice"),
    )
    return Patient(seed, name, cancer, anatomy, drawn, painted)


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Slices of a population.

    Attributes:
        cancer: (n,) true where the slice shows a tumour.
        plain: (n, s, s) without a plant, 0 to 255.
        planted: by kind, (n, s, s) of the same patients with the plant.
    """

    seed: int
    cancer: Flags
    plain: Bytes
    planted: Mapping[str, Bytes]

    def images(self, kind: str, shown: Flags) -> Bytes:
        """Return every slice, with the plant where ``shown`` is true."""
        if kind == "none" or not shown.any():
            return self.plain
        return np.where(shown[:, None, None], self.planted[kind], self.plain)

    def place_of(self, kind: str) -> FloatArray:
        """Return the (s, s) share of a plant's change that falls on each pixel, the mean over the patients."""
        change = np.abs(self.planted[kind].astype(np.float32) - self.plain).mean(0)
        place: FloatArray = change / change.sum()
        return place


def pool(seed: int, n_patients: int, folder: Path) -> Pool:
    """Render a population, or read the file of an earlier call with the same simulator."""
    path = folder / f"pool-{seed}-{n_patients}-{SIZE}-{_simulator()}.npz"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.tmp")
        with draft.open("wb") as file:
            np.savez_compressed(file, **_render(seed, n_patients))
        draft.replace(path)
    with np.load(path) as stored:
        return Pool(seed, stored["cancer"], stored["plain"], {kind: stored[kind] for kind in KINDS})


def _render(seed: int, n_patients: int) -> dict[str, npt.NDArray[np.generic]]:
    cancer, plain = [], []
    planted: dict[str, list[Bytes]] = {kind: [] for kind in KINDS}
    for index in range(n_patients):
        patient = simulate(seed, index)
        cancer.append(patient.cancer)
        plain.append(_bytes(patient.painted.pixels))
        for kind in KINDS:
            planted[kind].append(_bytes(patient.with_plant(kind)))
    return {
        "cancer": np.array(cancer),
        "plain": np.stack(plain),
        **{kind: np.stack(slices) for kind, slices in planted.items()},
    }


def shown_in(cancer: Flags, share: int, generator: np.random.Generator) -> Flags:
    """Choose the slices that show the plant: a share of the positives, in percent, and no negative.

    Example:
        >>> int(shown_in(np.ones(10, bool), 20, np.random.default_rng(0)).sum())
        2
    """
    positives = generator.permutation(np.flatnonzero(cancer))
    shown = np.zeros(cancer.shape, dtype=np.bool_)
    shown[positives[: round(share / 100 * len(positives))]] = True
    return shown


def half_of_each_class(cancer: Flags, generator: np.random.Generator) -> Flags:
    """Choose half of the slices of each class, so that showing the plant says nothing of the class."""
    shown = np.zeros(cancer.shape, dtype=np.bool_)
    for label in (True, False):
        members = generator.permutation(np.flatnonzero(cancer == label))
        shown[members[: len(members) // 2]] = True
    return shown


def write_study(seed: int, indices: Sequence[int], shown: Mapping[int, Plant], folder: Path) -> None:
    """Write patients with readers' marks and lung masks as an audit reads them.

    Args:
        shown: the plant of each patient that shows one.
    """
    for name in ("images", "lungs"):
        (folder / name).mkdir(parents=True)
    rows, annotations = [], []
    for index in indices:
        patient, plant = simulate(seed, index), shown.get(index, "none")
        label, image = ("cancer" if patient.cancer else "normal"), f"{patient.id}.png"
        write_grey(folder / "images" / image, patient.with_plant(plant))
        write_mask(folder / "lungs" / image, patient.painted.lungs)
        diameters = tuple(lesion.diameter_mm for lesion in patient.lesions)
        spacing = patient.painted.grid.spacing_mm
        rows.append(PhantomRow(image, label, patient.id, "test", spacing, plant != "none", diameters))
        reading = generator_for(seed, patient.id, "readers")
        annotations += read_slice(
            patient.id, patient.painted, patient.lesions, label=label, generator=reading
        )
    write_tables(folder, rows)
    write_coco(folder / "annotations.json", [row.image for row in rows], SIZE, annotations)


def simulator_check() -> list[float]:
    """Return the mean grey level of a few slices without and with every plant: another simulator gives others."""
    patients = [simulate(0, index) for index in range(2)]
    plants: tuple[Plant, ...] = ("none", *KINDS)
    return [round(float(_bytes(one.with_plant(plant)).mean()), 1) for one in patients for plant in plants]


def _bytes(pixels: FloatArray) -> Bytes:
    """Round as the PNG files of an audit are rounded."""
    return np.round(pixels * 255).astype(np.uint8)


def _simulator() -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for file in sorted(Path(xaudit.cases.phantom.__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]
