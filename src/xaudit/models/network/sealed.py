"""Networks that come as one file, program and weights together: they can be queried, but their parts cannot be reached."""

import hashlib
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from xaudit.errors import ModelError
from xaudit.models.network.class_order import StoredOrder
from xaudit.models.network.outputs import logits_of

DEFAULT_SIDE = 224


@dataclass(frozen=True, slots=True)
class BatchSizes:
    """The batch sizes that a program accepts.

    Attributes:
        least: smaller batches are filled up with copies of the last image, whose logits are dropped.
        most: larger batches are split; None for no limit.
    """

    least: int = 1
    most: int | None = None


class Sealed(torch.nn.Module):
    """A program from a file, as a module without parts: images in, logits out, for any number of images.

    It holds its program outside torch's register of parts, so that nothing moves its weights to another memory order
    or device unnoticed. Gradients pass through if the program has them.
    """

    def __init__(
        self,
        program: Callable[[torch.Tensor], object],
        *,
        n_classes: int,
        sizes: BatchSizes = BatchSizes(),
        orders: Sequence[StoredOrder] = (),
    ) -> None:
        super().__init__()
        self._program = [program]
        self._n_classes = n_classes
        self._sizes = sizes
        self._orders = tuple(orders)

    @property
    def orders(self) -> tuple[StoredOrder, ...]:
        """The orders of classes that its file names."""
        return self._orders

    @property
    def fills_up(self) -> bool:
        """True if few images cost as much as several, so that a batch is better not split."""
        return self._sizes.least > 1

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map (N, C, H, W) to (N, n_classes); raise ModelError if the program does not give logits."""
        images = images.contiguous()
        parts = []
        for part in torch.split(images, self._sizes.most or len(images)):
            missing = self._sizes.least - len(part)
            filled = torch.cat([part, part[-1:].expand(missing, -1, -1, -1)]) if missing > 0 else part
            parts.append(logits_of(self._program[0](filled), self._n_classes)[: len(part)])
        return torch.cat(parts)


LARGEST_BYTES = 2**31
"""Size limit of a network and its weights in one file, which is read whole."""


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file's whole content, read once, so that the same bytes are checked, hashed and run."""

    path: Path
    content: bytes

    @property
    def sha256(self) -> str:
        """64 hex digits."""
        return hashlib.sha256(self.content).hexdigest()


def read_sealed(path: Path, *, subject: str) -> SealedFile:
    """Read a file; raise ModelError if it is missing, not a file, larger than any model, or unreadable."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise ModelError(
                f"{subject}: {path}: no file, but a device or a pipe",
                hint="give the path of the file as `weights`",
            )
        if status.st_size >= LARGEST_BYTES:
            raise ModelError(
                f"{subject}: {path}: {status.st_size / 2**20:.0f} MB, and models of {LARGEST_BYTES // 2**20} MB and more "
                "are not read",
                hint="use a smaller model, or give only its weights as safetensors",
            )
        return SealedFile(path, path.read_bytes())
    except OSError as error:
        raise ModelError(
            f"{subject}: {path}: {error.strerror}", hint="give the path of the file as `weights`"
        ) from None


def check_channels(channels: object, wanted: int, *, subject: str) -> None:
    """Raise ModelError if a program takes another number of channels than the audit file says."""
    if isinstance(channels, int) and channels != wanted:
        hint = f"set `channels: {channels}`" if channels in (1, 3) else "images have 1 or 3 channels"
        raise ModelError(f"{subject}: takes {channels} channels, the audit file says {wanted}", hint=hint)


def agreed_side(height: object, width: object, asked: int | None, *, subject: str) -> int:
    """Return the side of the frame: the program's own if that is fixed, else the audit file's, else 224.

    Args:
        height: a number if it is fixed, anything else if it is not.
        asked: `input_size` of the audit file.

    Raises:
        ModelError: if the two contradict each other, or the program's frame is not square.
    """
    fixed = [side for side in (height, width) if isinstance(side, int)]
    if len(set(fixed)) > 1:
        raise ModelError(
            f"{subject}: takes images of {fixed[0]} × {fixed[1]}, and frames are square",
            hint="export it for a square frame",
        )
    if not fixed:
        return asked or DEFAULT_SIDE
    if asked is not None and asked != fixed[0]:
        raise ModelError(
            f"{subject}: takes images of {fixed[0]} px, the audit file asks for {asked}",
            hint=f"set `input_size` to {fixed[0]}, or leave it out",
        )
    return fixed[0]
