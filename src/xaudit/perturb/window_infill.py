"""In-filling of many rectangular windows of an image, one at a time each, as :func:`xaudit.perturb.infill.infill` does."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import torch

from xaudit.perturb.donor import fill_windows_from_donor
from xaudit.perturb.infill import infill
from xaudit.perturb.window_blocks import Windows
from xaudit.perturb.window_imputation import fill_windows_with_noise
from xaudit.perturb.window_pyramid import fill_windows_smoothly
from xaudit.records import BoolArray, FloatArray


class WindowBox(NamedTuple):
    """A rectangle of the model's frame, in pixels; its last row and column lie before ``bottom`` and ``right``."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.bottom - self.top, self.right - self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """The rows and columns that it covers."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


Boxes: TypeAlias = Sequence[tuple[int, int, int, int]]

FAST: Final = ("blur", "noise", "donor")
"""In-fills with a way of their own to fill many windows at once."""

AT_ONCE: Final = 32
"""Windows that share their work: more would leave the processor's cache."""


def infill_windows(
    image: torch.Tensor,
    boxes: Boxes,
    kind: str,
    generator: np.random.Generator,
    donor: torch.Tensor | None = None,
) -> torch.Tensor:
    """Copy the image once for each window, with that window replaced.

    Equal to :func:`~xaudit.perturb.infill.infill` of one window after the other with the same generator, up to the rounding
    of float32.

    Args:
        image: (3, h, w), normalised.
        boxes: (top, left, bottom, right) of each window in pixels, bottom and right outside it.
        kind: id of an in-fill; kinds without a fast way are filled one by one.
        donor: (3, h, w), another patient's image, for kinds that take their pixels from one.

    Returns:
        (n, 3, h, w) float32.

    Raises:
        ValueError: for a window that does not lie in the frame, and as :func:`~xaudit.perturb.infill.infill` does.
    """
    image = image.detach().cpu()
    frame_hw = (int(image.shape[1]), int(image.shape[2]))
    windows = [WindowBox(*box) for box in boxes]
    for box in windows:
        if not _is_inside(box, frame_hw):
            raise ValueError(f"window {tuple(box)} does not lie in a frame of {frame_hw}")
    pixels = _by_rows(image)
    given = None if donor is None or donor.shape != image.shape else _by_rows(donor)
    filled = []
    for size, group in groupby(windows, key=lambda box: box.size):
        alike = list(group)
        # Of a window that leaves little, the share that is kept would lose its digits in float32.
        is_large = 2 * size[0] * size[1] > frame_hw[0] * frame_hw[1]
        if is_large or kind not in FAST or (kind == "donor" and given is None):
            masks = (mask_of(box, frame_hw) for box in alike)
            filled.append(torch.stack([infill(image, mask, kind, generator, donor) for mask in masks]))
            continue
        tops, lefts = np.array([(box.top, box.left) for box in alike]).T
        content = _content(kind, pixels, Windows(tops, lefts, *size), generator, given)
        copies = image.repeat(len(alike), 1, 1, 1)
        for copy, box, inside in zip(copies, alike, torch.from_numpy(content), strict=True):
            copy[(slice(None), *box.slices)] = inside.transpose(0, 1)
        filled.append(copies)
    return filled[0] if len(filled) == 1 else torch.cat(filled)


def each_window_filled(
    image: torch.Tensor,
    boxes: Iterable[tuple[int, int, int, int]],
    kind: str,
    generator: np.random.Generator,
    donor: torch.Tensor | None = None,
) -> Iterator[torch.Tensor]:
    """Yield the image with each window replaced, (3, h, w), a few at a time: memory does not grow with the windows.

    See :func:`infill_windows`.
    """
    waiting = iter(boxes)
    while few := list(islice(waiting, AT_ONCE)):
        yield from infill_windows(image, few, kind, generator, donor)


def _content(
    kind: str,
    pixels: FloatArray,
    windows: Windows,
    generator: np.random.Generator,
    donor: FloatArray | None,
) -> FloatArray:
    """Fill windows of one size, (n, height, 3, width)."""
    match kind:
        case "blur":
            return fill_windows_smoothly(pixels, windows)
        case "noise":
            return fill_windows_with_noise(pixels, windows, generator)
        case "donor" if donor is not None:
            return fill_windows_from_donor(pixels, windows, donor)
        case _:
            raise ValueError(f"in-fill '{kind}' has no way of its own")


def _by_rows(image: torch.Tensor) -> FloatArray:
    """The pixels as (h, 3, w)."""
    return np.ascontiguousarray(image.detach().cpu().numpy().transpose(1, 0, 2))


def mask_of(box: WindowBox, frame_hw: tuple[int, int]) -> BoolArray:
    """Draw a window as a mask, true inside."""
    mask = np.zeros(frame_hw, dtype=bool)
    mask[box.slices] = True
    return mask


def _is_inside(box: WindowBox, frame_hw: tuple[int, int]) -> bool:
    height, width = frame_hw
    return 0 <= box.top < box.bottom <= height and 0 <= box.left < box.right <= width
