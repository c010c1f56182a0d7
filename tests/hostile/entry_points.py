"""Every way that a file gets into xaudit: what reads it, a folder of good files to damage, and how to damage them.

An entry point reads as a command would, with marks drawn and pixels decoded, and raises nothing but the project's own errors.
"""

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import byte_changes as change
import numpy as np
import seeds
from stored_run import lay_stored_run, read_stored_run
from test_annotation_formats import FILES, SQUARES, index

from xaudit.cases.images.image_file import frame_numbers, read_bytes, read_header, read_pixels, uid_of
from xaudit.cases.images.opened_image import opened_images
from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.cases.marks.readers import reader_masks
from xaudit.cases.masks.nifti import MaskSlice, read_slice
from xaudit.cases.masks.raster import read_mask
from xaudit.cases.table import read_table
from xaudit.config import AnnotationSection, NiftiSection, SlicesSection, read_audit_file
from xaudit.errors import DataError
from xaudit.explainers.external.reading import read_map
from xaudit.models.training.state import TrainingState
from xaudit.models.weights.checkpoint import load_weights
from xaudit.stages.work.external_predictions import answers_of
from xaudit.store.foreign_table import read_foreign_table


@dataclass(frozen=True)
class EntryPoint:
    """One reader.

    Attributes:
        name: of the test.
        lay: writes good files into an empty folder and returns those that may be damaged.
        read: reads the folder; the second argument is the damaged file.
        changes: what damages a file's bytes.
        formats: of the catalog that its files are in; of weights, the sources of models.
    """

    name: str
    lay: Callable[[Path], list[Path]]
    read: Callable[[Path, Path], object]
    changes: tuple[Callable[[bytes, change.Pick], bytes], ...]
    formats: tuple[str, ...] = ()


def _written(folder: Path, contents, names) -> list[Path]:
    paths = []
    for name, content in zip(names, contents, strict=True):
        path = folder / name
        path.write_bytes(content)
        paths.append(path)
    return paths


def read_image(file: Path, window="full", slices=None) -> None:
    """An image, or the first and last of several, as it is loaded and as its pixels are fetched later."""
    data, slices = read_bytes(file), slices or SlicesSection()
    uid_of(data)
    numbers = frame_numbers(data, slices)
    for frame in (None,) if numbers is None else sorted({numbers[0], numbers[-1]}):
        header = read_header(data, window, frame, slices)
        pixels = read_pixels(data, header.source_format, window, frame, slices)
        assert pixels.shape[:2] == (header.height, header.width)
        assert np.isfinite(pixels).all()


def read_frame(file: Path, number: int, axis="third") -> None:
    """One image of a file of several."""
    data, slices = read_bytes(file), SlicesSection(axis=axis)
    assert number in frame_numbers(data, slices)
    header = read_header(data, "full", number, slices)
    read_pixels(data, header.source_format, "full", number, slices)


def read_every_frame(file: Path) -> None:
    """The headers of all images of a file, as a folder of images is looked through."""
    faults = [one.reason for one in opened_images(file.parent, file.name, "full") if one.header is None]
    if faults:
        raise DataError(f"{len(faults)} images: {faults[0]}", hint="the test's")


def read_marks(path: Path, kind="auto", frame=(40, 60), drawn_as="", **settings) -> None:
    """Readers' marks, and the pixels within them, on images that lie where those of one of the squares lie."""
    section = AnnotationSection(path=path, format=kind, **settings)
    found, *_ = read_annotations(section, index(frame, drawn_as), merge={})
    for case_id in {mark.case_id for mark in found}:
        reader_masks([mark for mark in found if mark.case_id == case_id], frame)


def read_weights(file: Path) -> None:
    """A checkpoint, into the network that it belongs to."""
    load_weights(seeds.network(), file, class_names=("cancer", "normal"), model_id="net")


def read_nifti(file: Path) -> None:
    """The second slice of a volume of masks, as stored and as it lies in the patient."""
    for section in (NiftiSection(), NiftiSection(orientation="stored")):
        read_slice(MaskSlice(file, 1), (seeds.HEIGHT, seeds.WIDTH), section)


def _read_image(_, file):
    for window in ("lung", "file", (40.0, 400.0)):
        with contextlib.suppress(DataError):
            read_image(file, window)
    read_image(file)


def _lay_rasters(folder):
    contents = seeds.rasters()
    return _written(folder, contents, [f"{i}.png" for i in range(len(contents))])


def _lay_dicoms(folder):
    contents = seeds.dicoms()
    return _written(folder, contents, [f"{i}.dcm" for i in range(len(contents))])


def _lay_tiffs(folder):
    contents = seeds.tiffs()
    return _written(folder, contents, [f"{i}.tif" for i in range(len(contents))])


def _lay_arrays(folder):
    contents = seeds.arrays()
    return _written(folder, contents, [f"{i}.npy" for i in range(len(contents))])


def _lay_niftis(folder):
    return _written(folder, seeds.niftis(), ["ct.nii", "ct2.nii.gz"])


def _read_volume(folder, file):
    _read_image(folder, file)
    read_image(file, slices=SlicesSection(axis="sagittal"))


def _lay_maps(folder):
    contents = seeds.maps()
    return _written(folder, contents.values(), contents)


def read_map_file(file: Path) -> None:
    """A finished map, as it lies in the patient and as it is stored."""
    for orientation in ("patient", "stored"):
        values = read_map(file, f"maps/{file.name}", orientation=orientation)
        assert values.dtype == np.float32
        assert values.ndim == 2


def _lay_predictions(folder):
    contents = seeds.predictions()
    return _written(folder, contents.values(), contents)


def read_predictions(file: Path) -> None:
    """What an external model said, to its answers."""
    rows = read_foreign_table(file, what="predictions")
    answers_of(rows, index((40, 60)), class_names=("cancer", "normal"), values="probability")


def _lay_labels(folder):
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(b"")
    return _written(folder, seeds.labels(), ["commas.csv", "semicolons.csv"])


def _lay_training_state(folder):
    TrainingState(*_training()).save(folder / "training.pt", "key")
    return [folder / "training.pt"]


def _training():
    import torch

    module = seeds.network()
    return module, torch.optim.AdamW(module.parameters())


def _annotations(kind, file, keys, frame):
    def lay(folder):
        source = FILES / file
        target = folder / source.name
        if source.is_file():
            shutil.copy(source, target)
            return [target]
        shutil.copytree(source, target)
        return [path for path in sorted(target.rglob("*")) if path.is_file()]

    def read(folder, _):
        for name in (kind, "auto"):
            read_marks(folder / Path(file).name, name, frame, file, **keys)

    suffix = Path(file).suffix
    changes = {
        ".json": (change.json_tree, change.json_tree, change.some_text),
        ".dcm": (change.some_bytes,),
    }.get(suffix, (change.some_text,))
    if file == "masks":
        changes = (change.png_fields, change.some_bytes)
    return EntryPoint(f"annotations: {file}", lay, read, changes, (kind,))


def _read_masks(_, file):
    read_mask(file, (seeds.HEIGHT, seeds.WIDTH))


ENTRY_POINTS = (
    EntryPoint("rasters", _lay_rasters, _read_image, (change.png_fields, change.some_bytes), ("png", "jpeg")),
    EntryPoint("tiff", _lay_tiffs, _read_image, (change.tiff_fields, change.some_bytes), ("tiff",)),
    EntryPoint("npy", _lay_arrays, _read_image, (change.some_bytes,), ("npy",)),
    EntryPoint("dicom", _lay_dicoms, _read_image, (change.dicom_elements, change.some_bytes), ("dicom",)),
    EntryPoint("mask", _lay_rasters, _read_masks, (change.png_fields, change.some_bytes), ("masks",)),
    EntryPoint(
        "nifti mask",
        _lay_niftis,
        lambda _, file: read_nifti(file),
        (change.packed, change.packed, change.some_bytes),
        ("nifti",),
    ),
    EntryPoint(
        "nifti image",
        _lay_niftis,
        _read_volume,
        (change.packed, change.packed, change.some_bytes),
        ("nifti",),
    ),
    EntryPoint(
        "labels", _lay_labels, lambda folder, file: read_table(file, folder), (change.some_text,), ("csv",)
    ),
    EntryPoint(
        "external maps",
        _lay_maps,
        lambda _, file: read_map_file(file),
        (change.archive_entries, change.packed, change.png_fields, change.some_bytes),
        ("maps",),
    ),
    EntryPoint(
        "external predictions",
        _lay_predictions,
        lambda _, file: read_predictions(file),
        (change.some_text, change.some_bytes),
        ("predictions",),
    ),
    EntryPoint(
        "weights",
        lambda folder: _written(folder, seeds.checkpoints(), ["a.safetensors", "b.pt", "c.pt"]),
        lambda _, file: read_weights(file),
        (change.safetensors_header, change.some_bytes),
        ("torchvision", "timm", "python", "phantom"),
    ),
    EntryPoint(
        "training state",
        _lay_training_state,
        lambda _, file: TrainingState(*_training()).restore(file, "key"),
        (change.archive_entries, change.some_bytes),
    ),
    EntryPoint(
        "audit file",
        lambda folder: _written(folder, seeds.audit_files(), ["audit.yaml", "audit.toml"]),
        lambda _, file: read_audit_file(file),
        (change.some_text,),
    ),
    EntryPoint(
        "stored run", lay_stored_run, read_stored_run, (change.json_tree, change.some_text, change.some_bytes)
    ),
    *(_annotations(*square[:4]) for square in SQUARES),
)
