"""Batches that did not fit into memory: recognised, halved, and remembered."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import torch

from xaudit.errors import ModelError
from xaudit.models.network.meter import Meter

T = TypeVar("T")

ANOTHER_DEVICE = "free memory on the device, or choose another with `--device`"

_WORDS = ("out of memory", "defaultcpuallocator", "can't allocate memory")


def is_out_of_memory(error: Exception) -> bool:
    """Return True if an exception says that memory ran out.

    Example:
        >>> is_out_of_memory(RuntimeError("CUDA error: out of memory")), is_out_of_memory(RuntimeError("shape"))
        (True, False)
    """
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return any(word in str(error).lower() for word in _WORDS)


@dataclass
class FittingBatch:
    """Number of images that are done at a time: halved where they do not fit into memory, and not raised again.

    Attributes:
        subject: the model, in errors.
        batch_size: the number to begin with.
        frame_hw: the model's frame.
        device: the device of the model.
        meter: forgets the evaluations of a batch that failed.
        fits: the number that fitted after one failed; None if none has failed.
    """

    subject: str
    batch_size: int
    frame_hw: tuple[int, int]
    device: torch.device
    meter: Meter = field(repr=False)
    fits: int | None = None

    def size(self, n_images: int) -> int:
        """Return how many of so many images to do next."""
        return min(n_images, self.fits or self.batch_size)

    def do(self, n_images: int, work: Callable[[int], T]) -> tuple[int, T]:
        """Call work with the number of images to do; if they do not fit into memory, call it again with half of them.

        Returns:
            The number that was done, and what work gave.

        Raises:
            ModelError: if a single image does not fit.
        """
        while True:
            size, before = self.size(n_images), self.meter.n_evals
            try:
                return size, work(size)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            # Outside the handler: the exception holds the tensors of the pass that failed.
            self.meter.n_evals = before
            self.halve(size)

    def parts(self, n_images: int, work: Callable[[slice], T]) -> Iterator[tuple[slice, T]]:
        """Do work on all images, part by part; yield each part and what work gave for it.

        Raises:
            ModelError: if a single image does not fit into memory.
        """
        start = 0
        while start < n_images:
            first = start
            size, done = self.do(n_images - first, lambda size, first=first: work(slice(first, first + size)))  # type: ignore[misc]
            yield slice(first, first + size), done
            start += size

    def take_at_most(self, n_images: int) -> None:
        """Do no more than so many images at a time from here on."""
        if n_images < self.batch_size:
            self.fits = min(n_images, self.fits or n_images)

    def halve(self, size: int) -> None:
        """Take half of so many images from here on.

        Raises:
            ModelError: if it was a single image.
        """
        if size == 1:
            height, width = self.frame_hw
            raise ModelError(
                f"{self.subject}: a single image of {height} x {width} pixels does not fit into the memory of {self.device}",
                hint=ANOTHER_DEVICE,
            )
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self.fits = size // 2
