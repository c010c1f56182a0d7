"""The built-in study: simulated chest CT with tumours, readers and, if wanted, evidence to cheat with.

Everything about a patient follows from the study's seed and the patient's number. More patients, other evidence or
another strength change nothing else: the same people stay, with the same tumours and the same readers' marks.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Literal

from xaudit.cases.phantom.anatomy import draw_anatomy
from xaudit.cases.phantom.evidence import Plant, mixed_plant, plant_evidence, shows_evidence
from xaudit.cases.phantom.files import (
    PhantomRow,
    write_coco,
    write_grey,
    write_mask,
    write_readme,
    write_tables,
)
from xaudit.cases.phantom.lesions import draw_lesions
from xaudit.cases.phantom.readers import read_slice
from xaudit.cases.phantom.slice import paint_slice
from xaudit.config import PhantomSection
from xaudit.errors import OutputError
from xaudit.records import Annotation, Progress
from xaudit.seeds import generator_for

CANCER, NORMAL = "cancer", "normal"

_TRAIN, _VALIDATION, _TEST = "train", "validation", "test"
_SPLITS = tuple({"R": _TRAIN, "V": _VALIDATION, "E": _TEST}[letter] for letter in "REVRRERRERVRERREVRER")
"""Splits of 20 pairs of patients: 11 train, 3 validate, 6 test, mixed so that the first three pairs hold one of each."""


@dataclass(frozen=True, slots=True)
class PhantomPatient:
    """A simulated patient as the tables list them."""

    id: str
    label: str
    split: str
    pair: int


def phantom_patient(seed: int, index: int, splits: Literal["mixed", "test"] = "mixed") -> PhantomPatient:
    """Return the patient with a number, counted from 0.

    Patients come in pairs, one with cancer and one without in random order, and a pair stays on one side of the
    split: classes are balanced in every part, for any number of patients.

    Example:
        >>> [phantom_patient(0, index).split for index in range(6)]
        ['train', 'train', 'test', 'test', 'validation', 'validation']
    """
    pair, second = divmod(index, 2)
    cancer_first = bool(generator_for(seed, f"pair {pair}", "label").uniform(0, 1) < 0.5)
    label = CANCER if cancer_first != bool(second) else NORMAL
    split = _TEST if splits == "test" else _SPLITS[pair % len(_SPLITS)]
    return PhantomPatient(f"P{index + 1:04d}", label, split, pair)


def write_phantom(section: PhantomSection, folder: Path, *, on_progress: Callable[[Progress], None]) -> None:
    """Write the study into ``folder``, which appears complete or not at all.

    Raises:
        OutputError: if the folder exists and is not empty, or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder}: is already there", hint="name a new folder, or remove this one first")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _unwritable(folder, error) from None
    try:
        _write_study(section, draft, on_progress)
        draft.chmod(0o755)
        draft.replace(folder)
    except OSError as error:
        raise _unwritable(folder, error) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_study(section: PhantomSection, folder: Path, on_progress: Callable[[Progress], None]) -> None:
    for name in ("images", "lungs", "body"):
        (folder / name).mkdir()
    rows: list[PhantomRow] = []
    annotations: list[Annotation] = []
    for index in range(section.patients):
        on_progress(Progress("phantom", index, section.patients, "simulated patients"))
        patient = phantom_patient(section.seed, index, section.splits)
        for row, marks in _write_patient(section, patient, folder):
            rows.append(row)
            annotations += marks
    write_tables(folder, rows)
    write_coco(folder / "annotations.json", [row.image for row in rows], section.size, annotations)
    write_readme(folder / "README.txt", section)
    on_progress(Progress("phantom", section.patients, section.patients, "simulated patients"))


def _write_patient(
    section: PhantomSection, patient: PhantomPatient, folder: Path
) -> list[tuple[PhantomRow, tuple[Annotation, ...]]]:
    anatomy = draw_anatomy(generator_for(section.seed, patient.id, "anatomy"))
    cancer = patient.label == CANCER
    tumours = draw_lesions(
        anatomy, generator_for(section.seed, patient.id, "tumours"), n_slices=section.slices
    )
    written = []
    for number, drawn in enumerate(tumours):
        lesions = drawn if cancer else ()
        case_id = f"{patient.id}-{number + 1:02d}"
        painted = paint_slice(
            anatomy,
            lesions,
            level=anatomy.level_at((number - (section.slices - 1) / 2) * anatomy.step_mm),
            size=section.size,
            generator=generator_for(section.seed, case_id, "slice"),
        )
        plant = _plant(section, patient, number)
        # A normal patient's tag is placed as if they had a tumour.
        pixels = plant_evidence(
            painted.pixels,
            plant,
            anatomy=anatomy,
            tumour=(drawn[0].x, drawn[0].y),
            generator=generator_for(section.seed, patient.id, "evidence place"),
        )
        image = f"{case_id}.png"
        write_grey(folder / "images" / image, pixels)
        write_mask(folder / "lungs" / image, painted.lungs)
        write_mask(folder / "body" / image, painted.body)
        row = PhantomRow(
            image=image,
            label=patient.label,
            patient=patient.id,
            split=patient.split,
            spacing_mm=painted.grid.spacing_mm,
            evidence=plant != "none",
            diameters_mm=tuple(lesion.diameter_mm for lesion in lesions),
        )
        reading = generator_for(section.seed, case_id, "readers")
        written.append((row, read_slice(case_id, painted, lesions, label=patient.label, generator=reading)))
    return written


def _plant(section: PhantomSection, patient: PhantomPatient, slice_number: int) -> Plant:
    """Return the evidence that one slice shows; all slices of a patient agree, except under `mixed`."""
    if section.plant == "none":
        return "none"
    if section.plant == "mixed":
        return mixed_plant(section.seed, patient.pair, slice_number)
    shown = shows_evidence(
        section.seed, patient.id, strength=section.strength, cancer=patient.label == CANCER
    )
    return section.plant if shown else "none"


def _unwritable(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{folder}: cannot be written: {error.strerror or error}",
        hint="check the permissions and the space left on the disk, or name another folder",
    )
