"""Small grey copies of all images of a data set: what copies are searched on.

They lie in a temporary file, so that memory does not grow with the number of images.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from xaudit.cases.dataset import Dataset
from xaudit.errors import DataError
from xaudit.records import Case, FloatArray, Problem, Progress

SIDE = 128
"""Side of a small copy in pixels, whatever the shape of the image."""

ByteArray = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, and the cases that show it with equal pixels.

    Attributes:
        cases: training cases first, then validation, then test; by id within a split.
    """

    cases: tuple[Case, ...]

    @property
    def first(self) -> Case:
        """The case that stands for the picture."""
        return self.cases[0]


@dataclass(frozen=True, slots=True, eq=False)
class SmallCopies:
    """The different pictures of a data set, and a small copy of each.

    Attributes:
        pictures: in the order of their first case.
        pixels: (n, SIDE, SIDE), uint8; stretched to the whole range.
        blank: positions of the pictures that show a single value.
        problems: images that could not be read.
    """

    pictures: tuple[Picture, ...]
    pixels: ByteArray
    blank: frozenset[int]
    problems: tuple[Problem, ...]


def grey(values: FloatArray) -> FloatArray:
    """Return an image as one channel, (H, W)."""
    return values if values.ndim == 2 else values.mean(axis=2, dtype=np.float32)


def small_copy(values: FloatArray, box: tuple[float, float, float, float] | None = None) -> FloatArray:
    """Return a part of an image as (SIDE, SIDE), each pixel a weighted mean of those below it.

    Args:
        values: (H, W).
        box: top, bottom, left, right of the part, as shares of the height and width; None for all of it.
    """
    height, width = values.shape
    top, bottom, left, right = box or (0.0, 1.0, 0.0, 1.0)
    part = (
        max(0.0, left * width),
        max(0.0, top * height),
        min(float(width), right * width),
        min(float(height), bottom * height),
    )
    picture = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=part), dtype=np.float32)


def make_small_copies(data: Dataset, folder: Path, *, on_progress: Callable[[Progress], None]) -> SmallCopies:
    """Read every image once; cases with equal pixels become one picture."""
    by_pixels: dict[bytes, list[Case]] = defaultdict(list)
    rows: dict[bytes, int] = {}
    blank: set[bytes] = set()
    problems = list(data.problems)
    store = np.lib.format.open_memmap(
        folder / "small-copies.npy", mode="w+", dtype=np.uint8, shape=(max(len(data.cases), 1), SIDE, SIDE)
    )
    for index, case in enumerate(data.cases):
        on_progress(Progress("copies", index, len(data.cases), "images read"))
        try:
            values = data.pixels(case)
        except DataError as error:
            problems.append(Problem(case.case_id, "copies", str(error)))
            continue
        digest = pixel_digest(values)
        by_pixels[digest].append(case)
        if digest not in rows:
            small = small_copy(grey(values))
            low, high = float(small.min()), float(small.max())
            store[len(rows)] = np.rint((small - low) * (255 / (high - low))) if high > low else 0
            rows[digest] = len(rows)
            if high <= low:
                blank.add(digest)
    store.flush()
    pictures = tuple(Picture(tuple(sorted(by_pixels[digest], key=_train_first))) for digest in rows)
    return SmallCopies(
        pictures, store[: len(rows)], frozenset(rows[digest] for digest in blank), tuple(problems)
    )


def pixel_digest(values: FloatArray) -> bytes:
    """Return a digest of an image's pixels that is the same in every lossless encoding.

    Values are compared in steps of 1/65535; colour with three equal channels is grey.
    """
    if (
        values.ndim == 3
        and np.array_equal(values[..., 0], values[..., 1])
        and np.array_equal(values[..., 0], values[..., 2])
    ):
        values = values[..., 0]
    whole = np.rint(values * 65535).astype("<u2")
    return hashlib.sha256(repr(whole.shape).encode() + np.ascontiguousarray(whole).tobytes()).digest()


def positions(pictures: Sequence[Picture]) -> Mapping[str, int]:
    """Return the position of each case's picture by case id."""
    return {case.case_id: index for index, picture in enumerate(pictures) for case in picture.cases}


def _train_first(case: Case) -> tuple[int, str]:
    order = ("train", "validation", "test")
    return (order.index(case.split) if case.split in order else len(order), case.case_id)
