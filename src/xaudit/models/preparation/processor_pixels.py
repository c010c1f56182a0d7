"""Comparison of the pixels of a transformers image processor with those of xaudit under the same settings."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from xaudit.errors import ModelError
from xaudit.models.preparation.steps import Preparation, prepared

Triple = tuple[float, float, float]

_CHECKED_HW = ((90, 70), (70, 90), (131, 131))
_LEVELS = 2.5
"""Largest difference in a prepared image, in 8-bit levels: filters may round twice."""
PROCESSOR_ERRORS = (AttributeError, ImportError, KeyError, OSError, RuntimeError, TypeError, ValueError)
"""Exceptions that transformers raises on settings that its processors cannot work with."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """The side of the frame, the mean and the std of each channel of an image in 0 to 1, and the resizing."""

    side: int
    mean: Triple
    std: Triple
    notes: tuple[str, ...]
    preparation: Preparation | None = None


def check_pixels(
    processor: Any,  # noqa: ANN401
    ours: Preprocessing,
    *,
    fit: str,
    not_understood: Collection[str],
    subject: str,
) -> None:
    """Compare a processor's output on three images of noise with that of xaudit.

    Args:
        processor: an image processor of transformers.
        ours: the preparation with the same settings.
        fit: the audit file's `fit`.
        not_understood: keys of its file that are not supported, for the error.
        subject: name of the file in errors.

    Raises:
        ModelError: if the pixels differ.
    """
    assert ours.preparation is not None
    mean, std = np.array(ours.mean, dtype=np.float32), np.array(ours.std, dtype=np.float32)
    drawn = np.random.default_rng(0)
    for height, width in _CHECKED_HW:
        # Coarse noise, which no filter flattens.
        coarse = drawn.integers(0, 256, (-(-height // 6), -(-width // 6), 3), dtype=np.uint8)
        image = coarse.repeat(6, axis=0).repeat(6, axis=1)[:height, :width]
        carried, _ = prepared(image.astype(np.float32) / 255, (ours.side, ours.side), fit, ours.preparation)
        normalised = (carried - mean) / std
        own = torch.from_numpy(normalised).permute(2, 0, 1)
        own = own.flip(0) if ours.preparation.flips_channels else own
        try:
            theirs = processor(image, return_tensors="pt", input_data_format="channels_last")["pixel_values"][
                0
            ]
        except PROCESSOR_ERRORS as error:
            raise ModelError(
                f"{subject}: its image processor fails on an image of {height} × {width}: {str(error).splitlines()[0]:.200}",
                hint="copy the folder again from its source",
            ) from None
        if (
            tuple(theirs.shape) != tuple(own.shape)
            or float((theirs - own).abs().max()) * float(std.min()) > _LEVELS / 255
        ):
            raise ModelError(
                f"{subject}: {type(processor).__name__} makes other pixels of an image than xaudit does with the same settings; not "
                f"carried out here: {', '.join(sorted(not_understood)) or 'its own steps'}",
                hint="save the network with a processor that only resizes, crops the centre, rescales and normalises, or "
                "bring it in with `source: python` and prepare images in its forward",
            )
