"""Resizing and cropping as the library that a network was trained with does it: whole pixels, 8 bits, its own filter.

xaudit's own way, weighing by area, is in :mod:`xaudit.geometry`; it is used if no filter is named.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from xaudit.config import ModelSection
from xaudit.geometry import Fit, Geometry, central_share
from xaudit.records import FloatArray

Resample = Literal["nearest", "bilinear", "bicubic", "lanczos"]

_SLACK = 1e-4
"""In pixels: a share is written with few digits, and 224 / (224 / 248) must be 248 again."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """A library's way of bringing images into a frame.

    Attributes:
        resample: its filter, with antialiasing if the image shrinks.
        rounds_down: True if half a pixel beside the central part goes to its right and lower side, as in transformers;
            torchvision and timm round to the even number.
        flips_channels: True if the network takes blue, green, red.
    """

    resample: Resample
    rounds_down: bool = False
    flips_channels: bool = False


def asked_preparation(section: ModelSection) -> Preparation | None:
    """Return the filter that the audit file names; None if images are weighed by area."""
    if section.resample is None or section.resample == "area":
        return None
    return Preparation(section.resample)


def prepared(
    pixels: FloatArray, model_hw: tuple[int, int], fit: Fit, preparation: Preparation
) -> tuple[FloatArray, Geometry]:
    """Carry an image into the model's frame; also return the transform.

    Args:
        pixels: (H, W) or (H, W, C) of the original frame, in 0 to 1; rounded to 8 bits.
        model_hw: the frame.
        fit: the fit of the image into the frame.
        preparation: the filter and the rounding.

    Returns:
        (h, w, C) float32 in 0 to 1; channels are not flipped.
    """
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.v2 import functional

    planes = np.atleast_3d(pixels)
    original_hw = (planes.shape[0], planes.shape[1])
    resized_hw = _resized_hw(original_hw, model_hw, fit)
    levels = np.rint(np.clip(planes, 0, 1) * 255).astype(np.uint8)
    modes = {
        "nearest": InterpolationMode.NEAREST_EXACT,
        "bilinear": InterpolationMode.BILINEAR,
        "bicubic": InterpolationMode.BICUBIC,
        "lanczos": InterpolationMode.LANCZOS,
    }
    small = functional.resize(
        torch.from_numpy(levels).permute(2, 0, 1).contiguous(),
        list(resized_hw),
        interpolation=modes[preparation.resample],
        antialias=True,
    )
    top, left = (
        _offset(side, frame, rounds_down=preparation.rounds_down)
        for side, frame in zip(resized_hw, model_hw, strict=True)
    )
    height, width = model_hw
    padded = torch.nn.functional.pad(
        small,
        (
            max(0, -left),
            max(0, width - small.shape[2] + left),
            max(0, -top),
            max(0, height - small.shape[1] + top),
        ),
    )
    cut = padded[:, max(0, top) : max(0, top) + height, max(0, left) : max(0, left) + width]
    geometry = Geometry(
        original_hw,
        model_hw,
        resized_hw[1] / original_hw[1],
        resized_hw[0] / original_hw[0],
        float(-left),
        float(-top),
    )
    return np.ascontiguousarray(cut.permute(1, 2, 0).numpy().astype(np.float32) / 255), geometry


def _resized_hw(original_hw: tuple[int, int], model_hw: tuple[int, int], fit: Fit) -> tuple[int, int]:
    """Return the size of the whole image after resizing, before cropping or padding."""
    height, width = original_hw
    match fit:
        case "stretch":
            return model_hw
        case "pad":
            scale = min(model_hw[0] / height, model_hw[1] / width)
            return max(1, round(height * scale)), max(1, round(width * scale))
        case _:
            shorter = math.floor(min(model_hw) / central_share(fit) + _SLACK)
            if height <= width:
                return shorter, int(shorter * width / height)
            return int(shorter * height / width), shorter


def _offset(side: int, frame: int, *, rounds_down: bool) -> int:
    """Return the number of pixels cut off at the upper or left side; negative if some are filled in."""
    return math.floor((side - frame) / 2) if rounds_down else round((side - frame) / 2)
