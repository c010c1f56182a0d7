"""Self-test of the geometry: plant bright pixels at the corners of a mark and find them again."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from xaudit.cases.assembly import assemble
from xaudit.cases.dataset import Dataset
from xaudit.config import AnnotationSection, DataSection
from xaudit.errors import OutputError
from xaudit.geometry import Fit, bounding_box, fit_geometry, image_to_model, map_to_original
from xaudit.records import BoolArray, Case, FloatArray

BLOCK_PX = 3

_VOC = """<annotation><size><width>{width}</width><height>{height}</height></size><object><name>block</name>
<bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object></annotation>
"""


@dataclass(frozen=True, slots=True)
class Planted:
    """A block that was carried into the model's frame and back.

    Attributes:
        corner: the corner of the mark at which it was planted, such as ``top left``.
        planted: its centre, (x, y) in the original frame.
        found: centre of the brightness afterwards; None if there is none.
        seen: True if the whole block lies in the model's frame; cropping cuts off the rest.
        tolerance_px: in x and y: a pixel of the model's frame, or half the block, in pixels of the original.
    """

    corner: str
    planted: tuple[float, float]
    found: tuple[float, float] | None
    seen: bool
    tolerance_px: tuple[float, float]

    @property
    def aligned(self) -> bool:
        """True if the block came back to its place; a block that was cropped off counts as aligned."""
        if self.found is None or not self.seen:
            return not self.seen
        return all(
            abs(after - before) <= tolerance
            for after, before, tolerance in zip(self.found, self.planted, self.tolerance_px, strict=True)
        )


def check_geometry(
    dataset: Dataset, case: Case, *, fit: Fit, model_hw: tuple[int, int], flip: bool = False
) -> tuple[Planted, ...]:
    """Plant a block at each corner of a case's mark, inside it, and find it after the model's frame.

    Args:
        dataset: the data set of the case; its pixels are read for their frame.
        case: the case; without a mark, the whole frame is used.
        fit: the fit of images into the model's frame.
        model_hw: (height, width) of that frame.
        flip: True to mirror the image as well, as augmentation does.
    """
    frame = dataset.pixels(case).shape[:2]
    mark = np.zeros(frame, dtype=bool)
    for mask in dataset.reader_masks(case).values():
        mark |= mask
    return plant_corners(mark if mark.any() else ~mark, fit=fit, model_hw=model_hw, flip=flip)


def plant_corners(
    mark: BoolArray, *, fit: Fit, model_hw: tuple[int, int], flip: bool = False
) -> tuple[Planted, ...]:
    """Run :func:`check_geometry` on a mark given as a (H, W) mask that is not empty."""
    frame = (mark.shape[0], mark.shape[1])
    geometry = replace(fit_geometry(frame, model_hw, fit), flip=flip)
    box = bounding_box(mark)
    x0, y0, x1, y1 = int(box.x0), int(box.y0), int(box.x1), int(box.y1)
    width, height = min(BLOCK_PX, x1 - x0), min(BLOCK_PX, y1 - y0)
    tolerance = (max(1 / geometry.scale_x, width / 2), max(1 / geometry.scale_y, height / 2))
    blocks = []
    for vertical, top in (("top", y0), ("bottom", y1 - height)):
        for horizontal, left in (("left", x0), ("right", x1 - width)):
            image = np.zeros(mark.shape, dtype=np.float32)
            image[top : top + height, left : left + width] = 1
            carried, valid = map_to_original(image_to_model(image, geometry), geometry)
            seen = bool(valid[top : top + height, left : left + width].all())
            planted = (left + width / 2, top + height / 2)
            blocks.append(Planted(f"{vertical} {horizontal}", planted, _centre(carried), seen, tolerance))
    return tuple(blocks)


def check_reading(workspace: Path) -> bool:
    """Return True if a block and the box around it still coincide after both were written to files and read.

    The image is 70 × 40 pixels, so that a swap of rows and columns shows; the box is Pascal VOC, which counts from 1.

    Raises:
        OutputError: if the workspace cannot be written to.
    """
    (height, width), (x0, y0, x1, y1) = (40, 70), (50, 5, 60, 12)
    try:
        workspace.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=workspace, prefix=".self-test-") as name:
            folder = Path(name)
            pixels = np.zeros((height, width), dtype=np.uint8)
            pixels[y0:y1, x0:x1] = 255
            for label in ("with", "without"):
                (folder / "images" / label).mkdir(parents=True)
                Image.fromarray(pixels).save(folder / "images" / label / f"{label}-block.png")
            (folder / "marks").mkdir()
            text = _VOC.format(width=width, height=height, x0=x0 + 1, y0=y0 + 1, x1=x1, y1=y1)
            (folder / "marks" / "with-block.xml").write_text(text, encoding="utf-8")
            section = DataSection(
                images=folder / "images", annotations=AnnotationSection(path=folder / "marks", format="voc")
            )
            dataset = assemble(section, dataset_id="data", on_progress=lambda _: None)
            case = next(case for case in dataset.cases if case.label == "with")
            return bool(np.array_equal(dataset.pixels(case) == 1, dataset.regions(case)["union"]))
    except OSError as error:
        raise OutputError(
            f"{workspace}: cannot be written: {error.strerror or error}", hint="check its permissions"
        ) from None


def _centre(values: FloatArray) -> tuple[float, float] | None:
    total = float(values.sum())
    if total <= 0:
        return None
    rows, cols = np.indices(values.shape)
    return float((values * (cols + 0.5)).sum() / total), float((values * (rows + 0.5)).sum() / total)
