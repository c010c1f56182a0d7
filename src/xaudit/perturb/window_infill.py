"""In-filling of many rectangular windows of an image, one at a time each, as :func:`xaudit.perturb.infill.infill` does."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import torch

from xaudit.perturb.infill import infill
from xaudit.perturb.window_blocks import Windows
from xaudit.perturb.window_imputation import fill_windows_with_noise
from xaudit.perturb.window_pyramid import fill_windows_smoothly
from xaudit.records import BoolArray


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

AT_ONCE: Final = 32
"""Windows that share their work: more would leave the processor's cache."""

_FILLS: Final = {"blur": fill_windows_smoothly, "noise": fill_windows_with_noise}
"""Kinds with a way of their own: (pixels (h, 3, w), windows, generator) gives (n, height, 3, width)."""


def infill_windows(
    image: torch.Tensor, boxes: Boxes, kind: str, generator: np.random.Generator
) -> torch.Tensor:
    """Copy the image once for each window, with that window replaced.

    Equal to :func:`~xaudit.perturb.infill.infill` of one window after the other with the same generator, up to the rounding
    of float32.

    Args:
        image: (3, h, w), normalised.
        boxes: (top, left, bottom, right) of each window in pixels, bottom and right outside it.
        kind: id of an in-fill; kinds without a fast way are filled one by one.

    Returns:
        (n, 3, h, w) float32.

    Raises:
        ValueError: for a window that does not lie in the frame, or an unknown kind.
    """
    image = image.detach().cpu()
    frame_hw = (int(image.shape[1]), int(image.shape[2]))
    windows = [WindowBox(*box) for box in boxes]
    for box in windows:
        if not _is_inside(box, frame_hw):
            raise ValueError(f"window {tuple(box)} does not lie in a frame of {frame_hw}")
    fill = _FILLS.get(kind)
    if fill is None:
        return torch.stack([infill(image, mask_of(box, frame_hw), kind, generator) for box in windows])
    out = image.repeat(len(windows), 1, 1, 1)
    pixels = np.ascontiguousarray(image.numpy().transpose(1, 0, 2))
    at = 0
    for size, group in groupby(windows, key=lambda box: box.size):
        alike = list(group)
        if 2 * size[0] * size[1] > frame_hw[0] * frame_hw[1]:
            # Little is left to share, and in float32 the share that is kept would lose its digits.
            for box in alike:
                out[at] = infill(image, mask_of(box, frame_hw), kind, generator)
                at += 1
            continue
        tops, lefts = np.array([(box.top, box.left) for box in alike]).T
        filled = fill(pixels, Windows(tops, lefts, *size), generator).transpose(0, 2, 1, 3)
        for box, content in zip(alike, torch.from_numpy(filled), strict=True):
            out[(at, slice(None), *box.slices)] = content
            at += 1
    return out


def each_window_filled(
    image: torch.Tensor, boxes: Iterable[tuple[int, int, int, int]], kind: str, generator: np.random.Generator
) -> Iterator[torch.Tensor]:
    """Yield the image with each window replaced, (3, h, w), a few at a time: memory does not grow with the windows.

    See :func:`infill_windows`.
    """
    waiting = iter(boxes)
    while few := list(islice(waiting, AT_ONCE)):
        yield from infill_windows(image, few, kind, generator)


def mask_of(box: WindowBox, frame_hw: tuple[int, int]) -> BoolArray:
    """Draw a window as a mask, true inside."""
    mask = np.zeros(frame_hw, dtype=bool)
    mask[box.slices] = True
    return mask


def _is_inside(box: WindowBox, frame_hw: tuple[int, int]) -> bool:
    height, width = frame_hw
    return 0 <= box.top < box.bottom <= height and 0 <= box.left < box.right <= width
