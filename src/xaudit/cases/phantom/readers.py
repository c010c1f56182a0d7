"""Three simulated readers who draw different marks on the same slice.

They differ in habit (how tightly they draw, and with which tool), in hand (every mark is shifted, scaled and bent a
little) and in attention (small tumours are missed more often). On a slice without a tumour all say so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, assert_never

import numpy as np
from skimage.measure import find_contours

from xaudit.cases.phantom.lesions import PLEURA_MM, Lesion
from xaudit.cases.phantom.shapes import Grid
from xaudit.cases.phantom.slice import Slice
from xaudit.geometry import bounding_box, mask_region
from xaudit.records import Annotation, BoolArray, Polygon, Region


@dataclass(frozen=True, slots=True)
class Reader:
    """The habits of one reader.

    Attributes:
        tool: the drawing tool.
        scale: size of their marks, where 1 is the tumour's outline.
        inattention: added to the chance of missing a tumour.
    """

    id: str
    tool: Literal["polygon", "mask", "box"]
    scale: float
    inattention: float


READERS = (
    Reader("reader-1", "polygon", 0.90, 0.02),
    Reader("reader-2", "mask", 1.10, 0.00),
    Reader("reader-3", "box", 1.02, 0.05),
)

SCALE_SPREAD, SHIFT_SHARE, SHIFT_MM = 0.10, 0.09, 0.6


def read_slice(
    case_id: str, painted: Slice, lesions: Sequence[Lesion], *, label: str, generator: np.random.Generator
) -> tuple[Annotation, ...]:
    """Return every reader's marks on one slice, in the readers' order; no region if a reader marks nothing.

    At least one reader marks the largest tumour, which comes first: a cancer slice without any mark would not be
    a cancer slice to an auditor.
    """
    seen = [[_notices(reader, lesion, generator) for lesion in lesions] for reader in READERS]
    if lesions and not any(row[0] for row in seen):
        seen[int(generator.integers(len(READERS)))][0] = True
    annotations: list[Annotation] = []
    for reader, row in zip(READERS, seen, strict=True):
        marks = [
            _draw(reader, lesion, painted, generator)
            for lesion, noticed in zip(lesions, row, strict=True)
            if noticed
        ]
        annotations += [Annotation(case_id, reader.id, region, label) for region in marks]
        if not marks:
            annotations.append(Annotation(case_id, reader.id, None))
    return tuple(annotations)


def _notices(reader: Reader, lesion: Lesion, generator: np.random.Generator) -> bool:
    missed = 0.02 + reader.inattention + 0.4 / (1 + math.exp((lesion.diameter_mm - 6.5) / 2))
    return bool(generator.uniform(0, 1) >= missed)


def _draw(reader: Reader, lesion: Lesion, painted: Slice, generator: np.random.Generator) -> Region:
    size = lesion.diameter_mm
    hand = SHIFT_SHARE * size / 2 + SHIFT_MM
    seen_as = replace(
        lesion,
        x=lesion.x + hand * generator.standard_normal(),
        y=lesion.y + hand * generator.standard_normal(),
        diameter_mm=size * reader.scale * math.exp(SCALE_SPREAD * generator.standard_normal()),
        lobes=tuple(
            (amount * generator.uniform(0.3, 1.1) + 0.02, phase + 0.3 * generator.standard_normal())
            for amount, phase in lesion.lobes
        ),
    )
    mask = _outlined(seen_as, painted)
    match reader.tool:
        case "polygon":
            return _polygon(mask)
        case "mask":
            return mask_region(mask)
        case "box":
            return bounding_box(mask)
        case _:
            assert_never(reader.tool)


def _outlined(lesion: Lesion, painted: Slice) -> BoolArray:
    """Return the (H, W) mask within a reader's outline; never empty, however coarse the pixels."""
    grid = painted.grid
    rows, cols = grid.window(lesion.x, lesion.y, lesion.diameter_mm + 3 * grid.spacing_mm)
    near = Grid(grid.column[:, cols], grid.row[rows], grid.x[rows, cols], grid.y[rows, cols], grid.spacing_mm)
    distance = lesion.distance(near)
    inside = (distance < 0) & (painted.lung_distance[rows, cols] < PLEURA_MM)
    if not inside.any():
        inside = distance == distance.min()
    mask = np.zeros(grid.x.shape, dtype=bool)
    mask[rows, cols] = inside
    return mask


def _polygon(mask: BoolArray) -> Polygon:
    """Return the longest outline of a mask, along the edges of its pixels."""
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, left = int(rows[0]), int(cols[0])
    padded = np.pad(mask[top : rows[-1] + 1, left : cols[-1] + 1].astype(float), 1)
    outline = max(find_contours(padded, 0.5), key=len)  # type: ignore[no-untyped-call]
    # Contours run through pixel centres at whole numbers; here a pixel's centre lies at a half.
    return Polygon(
        tuple((round(float(x) - 0.5 + left, 2), round(float(y) - 0.5 + top, 2)) for y, x in outline[:-1])
    )
