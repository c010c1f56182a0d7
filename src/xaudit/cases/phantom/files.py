"""Writers of the phantom study as ordinary files: PNG, CSV and COCO JSON."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from xaudit.config import PhantomSection
from xaudit.geometry import bounding_box, rasterise
from xaudit.records import Annotation, BoolArray, Box, FloatArray, MaskRegion, Polygon, Region

README = """\
Simulated axial chest CT: {patients} patients, {slices} slices of {size} x {size} pixels each, seed {seed}.
Planted evidence: {plant}{strength}.
No real person is shown.

images/           8-bit grey PNG; black is -1400 HU, white 400 HU
labels.csv        image, label, patient, split, pixel spacing in mm
annotations.json  COCO: what each reader drew; "votes" are readers who looked and found nothing
lungs/, body/     masks by image name, 255 inside; tumours count as lung
truth.csv         what was simulated: planted evidence, number and size of tumours. No audit reads it.
"""


@dataclass(frozen=True, slots=True)
class PhantomRow:
    """A slice as the tables list it.

    Attributes:
        image: file name within ``images/``.
        spacing_mm: side of a pixel.
        evidence: True if the planted evidence is shown.
        diameters_mm: diameters of the tumours, the largest first.
    """

    image: str
    label: str
    patient: str
    split: str
    spacing_mm: float
    evidence: bool
    diameters_mm: tuple[float, ...]


def write_grey(path: Path, pixels: FloatArray) -> None:
    """Write (H, W) values in [0, 1] as an 8-bit PNG."""
    _write_png(path, np.round(pixels * 255).astype(np.uint8))


def write_mask(path: Path, mask: BoolArray) -> None:
    """Write a (H, W) mask as an 8-bit PNG of 0 and 255."""
    _write_png(path, mask.astype(np.uint8) * 255)


def write_tables(folder: Path, rows: Sequence[PhantomRow]) -> None:
    """Write ``labels.csv`` for the audit and ``truth.csv`` for anyone who checks the simulation."""
    _write_csv(
        folder / "labels.csv",
        ("image", "label", "patient", "split", "spacing_row_mm", "spacing_col_mm"),
        ((r.image, r.label, r.patient, r.split, f"{r.spacing_mm:.5f}", f"{r.spacing_mm:.5f}") for r in rows),
    )
    _write_csv(
        folder / "truth.csv",
        ("image", "evidence", "n_tumours", "largest_mm"),
        (
            (r.image, str(int(r.evidence)), str(len(r.diameters_mm)), f"{max(r.diameters_mm, default=0):.2f}")
            for r in rows
        ),
    )


def write_coco(path: Path, images: Sequence[str], size: int, annotations: Sequence[Annotation]) -> None:
    """Write the readers' marks as COCO JSON with a reader on each annotation.

    Args:
        path: path of the file.
        images: file names; an annotation's ``case_id`` is the name without its suffix.
        size: side of every image in pixels.
        annotations: annotations of all readers and images.
    """
    numbers = {Path(image).stem: number for number, image in enumerate(images, start=1)}
    names = sorted({a.label for a in annotations if a.region is not None and a.label is not None})
    drawn = [(a.case_id, a.reader_id, a.label, a.region) for a in annotations if a.region is not None]
    content = {
        "info": {"description": "simulated chest CT read by three simulated readers"},
        "images": [
            {"id": numbers[Path(image).stem], "file_name": image, "width": size, "height": size}
            for image in images
        ],
        "categories": [{"id": number, "name": name} for number, name in enumerate(names, start=1)],
        "annotations": [
            {
                "id": number,
                "image_id": numbers[case_id],
                "category_id": names.index(str(label)) + 1,
                "reader_id": reader_id,
                "iscrowd": 0,
                **_shape(region, size),
            }
            for number, (case_id, reader_id, label, region) in enumerate(drawn, start=1)
        ],
        "votes": [
            {"image_id": numbers[a.case_id], "reader_id": a.reader_id, "finding": False}
            for a in annotations
            if a.region is None
        ],
    }
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


def write_readme(path: Path, section: PhantomSection) -> None:
    """Write a readme that explains the folder."""
    strength = "" if section.plant == "none" else f", strength {section.strength:g}"
    text = README.format(
        patients=section.patients,
        slices=section.slices,
        size=section.size,
        seed=section.seed,
        plant=section.plant,
        strength=strength,
    )
    path.write_text(text, encoding="utf-8")


def _shape(region: Region, size: int) -> dict[str, object]:
    match region:
        case Box(x0, y0, x1, y1):
            box, area, segmentation = region, (x1 - x0) * (y1 - y0), []
        case Polygon(points):
            xs, ys = [x for x, _ in points], [y for _, y in points]
            box, area = Box(min(xs), min(ys), max(xs), max(ys)), float(rasterise(region, (size, size)).sum())
            segmentation = [[round(value, 2) for point in points for value in point]]
        case MaskRegion(height, width, counts):
            mask = rasterise(region, (height, width))
            return {
                "bbox": _bbox(bounding_box(mask)),
                "area": float(mask.sum()),
                "segmentation": {"size": [height, width], "counts": list(counts)},
            }
    return {"bbox": _bbox(box), "area": area, "segmentation": segmentation}


def _bbox(box: Box) -> list[float]:
    """Return COCO's x, y, width, height."""
    return [round(value, 2) for value in (box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0)]


def _write_png(path: Path, grey: np.ndarray) -> None:
    Image.fromarray(grey).save(path, compress_level=4)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
