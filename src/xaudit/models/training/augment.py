"""Small changes of an image that leave its label true, applied to the image and its annotation alike.

Conventions of this file: images are (N, C, h, w) float32 in [0, 1], masks (N, 1, h, w) bool in the same frame.
What comes in from beyond the edge is black, and unmarked.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

SHIFT = 0.06
ROTATION_DEGREES = 7.0
SCALE = 0.08
BRIGHTNESS = 0.10
CONTRAST = 0.15


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one image, in this order: mirror, turn and scale about the centre, shift, recolour.

    Attributes:
        shift_x: to the right, as a share of the width.
        shift_y: downwards, as a share of the height.
        degrees: clockwise as one sees it.
        scale: above 1 enlarges.
        brightness: added to intensities.
        contrast: multiplies their distance from the middle grey.
    """

    flip: bool = False
    shift_x: float = 0.0
    shift_y: float = 0.0
    degrees: float = 0.0
    scale: float = 1.0
    brightness: float = 0.0
    contrast: float = 1.0


def draw_change(generator: np.random.Generator) -> Change:
    """Draw a random change within this file's limits."""
    flip = bool(generator.random() < 0.5)
    shift_x, shift_y, turn, grow, light, spread = generator.uniform(-1, 1, size=6).tolist()
    return Change(
        flip=flip,
        shift_x=SHIFT * shift_x,
        shift_y=SHIFT * shift_y,
        degrees=ROTATION_DEGREES * turn,
        scale=1 + SCALE * grow,
        brightness=BRIGHTNESS * light,
        contrast=1 + CONTRAST * spread,
    )


def augment(
    images: torch.Tensor, masks: torch.Tensor, changes: Sequence[Change]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Apply a change to each image and to its mask.

    A mask that had a pixel keeps one as long as it stays inside the frame, however the resampling falls.

    Example:
        >>> image = torch.tensor([[[[1.0, 0.0, 0.0]] * 3]])
        >>> moved, mask = augment(image, image > 0, [Change(flip=True)])
        >>> moved[0, 0, 0].tolist(), mask[0, 0, 0].tolist()
        ([0.0, 0.0, 1.0], [False, False, True])
    """
    if not len(images) == len(masks) == len(changes):
        raise ValueError(f"{len(images)} images, {len(masks)} masks and {len(changes)} changes")
    height, width = images.shape[2:]
    theta = torch.tensor([_sampling(change, height, width) for change in changes], dtype=torch.float32)
    grid = F.affine_grid(theta, [len(images), 1, height, width], align_corners=False)
    moved = F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    cover = F.grid_sample(masks.float(), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    most = cover.amax(dim=(1, 2, 3), keepdim=True)
    marked = cover >= most.clamp(max=0.5)
    brightness = torch.tensor([change.brightness for change in changes]).view(-1, 1, 1, 1)
    contrast = torch.tensor([change.contrast for change in changes]).view(-1, 1, 1, 1)
    recoloured = (moved - 0.5) * contrast + 0.5 + brightness
    return recoloured.clamp(0, 1), marked & (most > 0)


def keeps_mark(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Return True for images that still show at least half of their mark, (N,) bool; also for those without one.

    An image whose lesion was shifted out of the frame would carry a label that is no longer true.
    """
    was, now = before.flatten(1).sum(1), after.flatten(1).sum(1)
    return (now * 2 >= was) | (was == 0)


def _sampling(change: Change, height: int, width: int) -> list[list[float]]:
    """Return the 2 × 3 matrix from a position in the result to its source, in torch's [-1, 1] coordinates.

    Computed in pixels, because a turn in coordinates that are scaled per axis would shear a frame that is not square.
    """
    angle = math.radians(change.degrees)
    cos, sin = math.cos(angle) / change.scale, math.sin(angle) / change.scale
    mirror = -1.0 if change.flip else 1.0
    # source = mirror · rotate(-angle) / scale · (result - shift), y downwards, so clockwise is positive
    to_x = (mirror * cos, mirror * sin * height / width)
    to_y = (-sin * width / height, cos)
    shift_x, shift_y = 2 * change.shift_x, 2 * change.shift_y
    return [
        [to_x[0], to_x[1], -(to_x[0] * shift_x + to_x[1] * shift_y)],
        [to_y[0], to_y[1], -(to_y[0] * shift_x + to_y[1] * shift_y)],
    ]
