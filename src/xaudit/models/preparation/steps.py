"""Resizing and cropping as the library that a network was trained with does it: whole pixels, its own filter.

Weighting by area is in :mod:`xaudit.geometry`.
"""

import math
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import torch

from xaudit.catalog import MODEL_RECORDS
from xaudit.config import ModelSection, Resize
from xaudit.config.sections.plugged import plugin_of
from xaudit.errors import ModelError
from xaudit.geometry import Fit, Geometry, fit_geometry, image_to_model, kind_and_share
from xaudit.records import FloatArray

_SLACK = 1e-4
"""In pixels: a share is written with few digits, and 224 / (224 / 248) must be 248 again."""

_WHOLE = 1e-3
"""In 8-bit levels: an image whose pixels are nearer than this to whole levels is one of 8 bits."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """A library's way of bringing images into a frame.

    Attributes:
        resize: its filter: PIL's, or OpenCV's.
        antialias: False to resize as torchvision resizes a tensor without antialiasing.
        on_tensors: True to round every image to 8 bits and resize it as torchvision resizes a tensor, as transformers does.
        rounds_down: True if half a pixel beside the central part goes to its right and lower side, as in transformers;
            torchvision and timm round to the even number.
        flips_channels: True if the network takes blue, green, red.
    """

    resize: Resize
    antialias: bool = True
    on_tensors: bool = False
    rounds_down: bool = False
    flips_channels: bool = False


def resize_of(section: ModelSection) -> Resize:
    """Return the filter that the audit file names, or the default of the model's source.

    Raises:
        ModelError: if a source that another package brings names an unknown filter.
    """
    if section.preprocess.resize is not None:
        return section.preprocess.resize
    record: Any = MODEL_RECORDS.get(section.source) or plugin_of("model", section.source)
    own: Resize = record.resize
    if own not in get_args(Resize):
        raise ModelError(
            f"model '{section.id}': source {section.source} resizes images with '{own}', which is no filter",
            hint=f"its record's `resize` may be {', '.join(get_args(Resize))}",
        )
    return own


def asked_preparation(section: ModelSection) -> Preparation | None:
    """Return the preparation that the audit file asks for; None if images are weighted by area."""
    return filter_preparation(resize_of(section), antialias=section.preprocess.antialias)


def filter_notes(section: ModelSection) -> dict[str, object]:
    """Return what a training notes of the filter; nothing for weighting by area, as of trainings before filters."""
    resize = resize_of(section)
    return {} if resize == "area" else {"resize": resize, "antialias": section.preprocess.antialias}


def filter_preparation(resize: Resize, *, antialias: bool) -> Preparation | None:
    """Return the preparation of one filter; None for weighting by area."""
    return None if resize == "area" else Preparation(resize, antialias=antialias)


def carried_image(
    pixels: FloatArray, model_hw: tuple[int, int], fit: Fit, preparation: Preparation | None
) -> tuple[FloatArray, Geometry]:
    """Carry an image into the model's frame with its preparation, or weighted by area; also return the transform."""
    if preparation is not None:
        return prepared(pixels, model_hw, fit, preparation)
    geometry = fit_geometry((pixels.shape[0], pixels.shape[1]), model_hw, fit)
    return np.atleast_3d(image_to_model(pixels, geometry)), geometry


def prepared(
    pixels: FloatArray, model_hw: tuple[int, int], fit: Fit, preparation: Preparation
) -> tuple[FloatArray, Geometry]:
    """Carry an image into the model's frame; also return the transform.

    An image of 8 bits is resized as bytes and rounded to bytes again, as the libraries do it; a deeper one in float32.

    Args:
        pixels: (H, W) or (H, W, C) of the original frame, in 0 to 1.
        model_hw: the frame.
        fit: the fit of the image into the frame.
        preparation: the filter and the rounding.

    Returns:
        (h, w, C) float32; channels are not flipped.
    """
    planes = np.atleast_3d(pixels)
    original_hw = (planes.shape[0], planes.shape[1])
    resized_hw = _resized_hw(original_hw, model_hw, fit)
    small = _resized(planes, resized_hw, preparation)
    top, left = (
        _offset(side, frame, rounds_down=preparation.rounds_down)
        for side, frame in zip(resized_hw, model_hw, strict=True)
    )
    height, width = model_hw
    beside = (max(0, -top), max(0, height - small.shape[0] + top))
    across = (max(0, -left), max(0, width - small.shape[1] + left))
    padded = np.pad(small, (beside, across, (0, 0)))
    cut = padded[max(0, top) : max(0, top) + height, max(0, left) : max(0, left) + width]
    geometry = Geometry(
        original_hw,
        model_hw,
        resized_hw[1] / original_hw[1],
        resized_hw[0] / original_hw[0],
        float(-left),
        float(-top),
    )
    return np.ascontiguousarray(cut), geometry


def _resized(planes: FloatArray, hw: tuple[int, int], preparation: Preparation) -> FloatArray:
    """Resize (H, W, C) in 0 to 1; float32 of the new size."""
    levels = np.clip(planes, 0, 1).astype(np.float32) * 255
    whole = np.rint(levels)
    if preparation.on_tensors or float(np.abs(levels - whole).max()) < _WHOLE:
        small = _filtered(whole.astype(np.uint8), hw, preparation)
        return small.astype(np.float32) / 255
    return _filtered(np.asarray(planes, dtype=np.float32), hw, preparation)


def _filtered(planes: FloatArray, hw: tuple[int, int], preparation: Preparation) -> FloatArray:
    """Resize (H, W, C) of bytes or float32, which stay what they are."""
    if preparation.resize == "cv2-linear":
        import cv2

        small: Any = cv2.resize(np.ascontiguousarray(planes), (hw[1], hw[0]), interpolation=cv2.INTER_LINEAR)
        resized: FloatArray = small.reshape(*hw, planes.shape[2])
        return resized
    if preparation.on_tensors or not preparation.antialias:
        return _by_torchvision(planes, hw, preparation)
    from PIL import Image

    kind = Image.Resampling[preparation.resize.upper()]
    if planes.dtype == np.uint8 and planes.shape[2] == 3:
        together: FloatArray = np.asarray(
            Image.fromarray(np.ascontiguousarray(planes)).resize((hw[1], hw[0]), kind)
        )
        return together
    channels = [
        np.asarray(Image.fromarray(np.ascontiguousarray(planes[:, :, index])).resize((hw[1], hw[0]), kind))
        for index in range(planes.shape[2])
    ]
    return np.stack(channels, axis=2)


def _by_torchvision(planes: FloatArray, hw: tuple[int, int], preparation: Preparation) -> FloatArray:
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.v2 import functional

    modes = {
        "nearest": InterpolationMode.NEAREST_EXACT,
        "bilinear": InterpolationMode.BILINEAR,
        "bicubic": InterpolationMode.BICUBIC,
        "lanczos": InterpolationMode.LANCZOS,
    }
    small: torch.Tensor = functional.resize(
        torch.from_numpy(planes).permute(2, 0, 1).contiguous(),
        list(hw),
        interpolation=modes[preparation.resize],
        antialias=preparation.antialias,
    )
    carried: FloatArray = small.permute(1, 2, 0).numpy()
    return carried


def _resized_hw(original_hw: tuple[int, int], model_hw: tuple[int, int], fit: Fit) -> tuple[int, int]:
    """Return the size of the whole image after resizing, before cropping or padding."""
    height, width = original_hw
    kind, share = kind_and_share(fit)
    if kind == "pad":
        scale = min(model_hw[0] / height, model_hw[1] / width)
        return max(1, round(height * scale)), max(1, round(width * scale))
    down, across = (math.floor(side / share + _SLACK) for side in model_hw)
    if kind == "stretch":
        return down, across
    shorter = min(down, across)
    if height <= width:
        return shorter, int(shorter * width / height)
    return int(shorter * height / width), shorter


def _offset(side: int, frame: int, *, rounds_down: bool) -> int:
    """Return the number of pixels cut off at the upper or left side; negative if some are filled in."""
    return math.floor((side - frame) / 2) if rounds_down else round((side - frame) / 2)
