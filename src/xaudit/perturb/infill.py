"""Replacing part of an image by what could plausibly have been there.

All kinds are blind to what they replace: two images that differ only under the mask give the same result. Kept
pixels stay as they are, to the bit. Images are ``(3, h, w)`` float32, normalised; masks are ``(h, w)``, true where
pixels are replaced.
"""

from typing import Final

import numpy as np
import torch
from torch.nn import functional

from xaudit.catalog import INFILLS
from xaudit.perturb.linear_imputation import impute_linearly
from xaudit.perturb.recent_results import RecentResults
from xaudit.records import BoolArray, FloatArray

EMPTY_VALUE: Final = 0.0
"""Value of an image of which nothing is kept: the mean of the images it was normalised by."""

NOISE_SHARE: Final = 0.05
"""Standard deviation of the noise that ``noise`` adds, as a share of that of the kept pixels."""

MOST_OFF_CENTRE: Final = 8
"""The axis of ``mirror`` lies at most the frame's width over this from the middle of the frame."""

_IMPUTED: Final = RecentResults[FloatArray](lambda imputed: imputed.nbytes, most_bytes=64 * 2**20)
"""Imputed pixels: each model of an audit, and the comparison of in-fills with real images, replace the same pixels."""

SWEEPS = 4


def infill(
    image: torch.Tensor,
    mask: BoolArray,
    kind: str,
    generator: np.random.Generator,
    donor: torch.Tensor | None = None,
) -> torch.Tensor:
    """Copy the image with the masked pixels replaced. Where the mask leaves nothing, every kind gives :data:`EMPTY_VALUE`.

    Args:
        kind: id of a record below :mod:`xaudit.builtin.infills`.
        generator: used by ``noise`` alone.
        donor: (3, h, w), another patient's image, for kinds that take their pixels from one.

    Raises:
        ValueError: for a mask or donor that does not fit, an unknown kind, or a kind without the donor that it needs.
    """
    if image.ndim != 3 or tuple(image.shape[1:]) != mask.shape:
        raise ValueError(f"image of {tuple(image.shape)} and mask of {mask.shape} do not match")
    if kind not in INFILLS:
        raise ValueError(f"'{kind}' is not an in-fill; expected one of {', '.join(INFILLS)}")
    out = image.detach().cpu().clone(memory_format=torch.contiguous_format)
    if not mask.any():
        return out
    if mask.all():
        return out.fill_(EMPTY_VALUE)
    hole = torch.from_numpy(np.ascontiguousarray(mask))
    record = INFILLS[kind]
    if not record.needs_donor:
        out[:, hole] = record.fill(out, hole, generator)
        return out
    if donor is None or donor.shape != image.shape:
        raise ValueError(f"in-fill '{kind}' needs another patient's image of shape {tuple(image.shape)}")
    out[:, hole] = record.fill(out, hole, donor)
    return out


def fill_smoothly(image: torch.Tensor, hole: torch.Tensor, _generator: np.random.Generator) -> torch.Tensor:
    """Continue the surroundings smoothly inwards; (3, n)."""
    return continue_smoothly(image, hole)[:, hole]


def fill_with_noise(image: torch.Tensor, hole: torch.Tensor, generator: np.random.Generator) -> torch.Tensor:
    """Impute linearly, with noise: each pixel is the weighted mean of its neighbours, known or replaced; (3, n).

    A little noise is added, the same in every channel up to the channel's contrast, so that grey stays grey.

    Source: Rong et al. 2022, A consistent and efficient evaluation strategy for attribution methods (ROAD); there the
        noise is .01 whatever the contrast of the image.
    """
    imputed = _IMPUTED.result(
        impute_linearly, np.where(hole.numpy(), np.float32(0), image.numpy()), hole.numpy()
    )
    spread = image[:, ~hole].double().std(1, correction=0).numpy()
    noise = generator.standard_normal(imputed.shape[1]) * NOISE_SHARE
    return torch.from_numpy(imputed + spread[:, None] * noise).to(image.dtype)


def fill_with_mean(image: torch.Tensor, hole: torch.Tensor, _generator: np.random.Generator) -> torch.Tensor:
    """Take the mean of the kept pixels, channel by channel; (3, 1)."""
    return image[:, ~hole].double().mean(1, keepdim=True).to(image.dtype)


def leave_out(image: torch.Tensor, _hole: torch.Tensor, _generator: np.random.Generator) -> torch.Tensor:
    """Take values that are not numbers, (3, 1): a transformer is asked without their tokens."""
    return image.new_full((3, 1), torch.nan)


def fill_from_opposite(
    image: torch.Tensor, hole: torch.Tensor, _generator: np.random.Generator
) -> torch.Tensor:
    """Take what lies opposite, across the upright axis about which the kept pixels are most alike; (3, n).

    Where that is replaced too, or off the frame, it is :func:`fill_smoothly`.
    """
    mask: BoolArray = hole.numpy()
    filled = continue_smoothly(image, hole)
    rows, columns = np.nonzero(mask)
    opposite = mirror_axis(image, mask) - columns
    there = (opposite >= 0) & (opposite < mask.shape[1])
    there[there] = ~mask[rows[there], opposite[there]]
    filled[:, rows[there], columns[there]] = image[:, rows[there], opposite[there]]
    return filled[:, hole]


def continue_smoothly(image: torch.Tensor, hole: torch.Tensor) -> torch.Tensor:
    """The image with its hole filled from ever wider surroundings.

    Kept pixels are averaged over blocks of 2, 4, 8 ... pixels, each block remembering how much of it is kept; from
    the coarsest on, a block's own mean is mixed with the interpolated next coarser one in that proportion, and
    smoothed where it is not fully kept. The cost does not grow with the size of the hole.

    Source: Gortler et al. 1996, The lumigraph, there "pull-push"; the smoothing is ours.
    """
    kept: FloatArray = (~hole).numpy().astype(np.float32)
    values = np.where(kept > 0, image.numpy(), np.float32(0))
    levels = [(values, kept)]
    while max(kept.shape) > 1:
        sums, shares, places = (
            _sums_of_four(values * kept),
            _sums_of_four(kept),
            _sums_of_four(np.ones_like(kept)),
        )
        values = np.divide(sums, shares, out=np.zeros_like(sums), where=shares > 0)
        kept = shares / places
        levels.append((values, kept))
    filled = levels[-1][0]
    for values, kept in reversed(levels[:-1]):
        coarse = torch.from_numpy(filled)[None]
        wider = functional.interpolate(coarse, size=kept.shape, mode="bilinear", align_corners=False)[
            0
        ].numpy()
        filled = values * kept + wider * (1 - kept)
        _smooth_where_not_kept(filled, kept)
    return torch.from_numpy(filled)


def _smooth_where_not_kept(values: FloatArray, kept: FloatArray) -> None:
    """In place, several times: each pixel becomes the mean of its 3 × 3 surroundings as far as it is not kept.

    Only the rectangle round such pixels is gone through; at its edge stand kept pixels, which stay, or the frame's own.

    Args:
        values: (C, h, w).
        kept: (h, w), in [0, 1].
    """
    rows, columns = (np.flatnonzero((kept < 1).any(axis)) for axis in (1, 0))
    if not len(rows):
        return
    y, x = (slice(max(at[0] - 1, 0), at[-1] + 2) for at in (rows, columns))
    part, share = values[:, y, x], kept[y, x]
    given = (1 - share) / _sums_of_nine(np.ones_like(share))
    for _ in range(SWEEPS):
        smooth = _sums_of_nine(part)
        smooth *= given
        part *= share
        part += smooth


def _sums_of_nine(values: FloatArray) -> FloatArray:
    """The sum over each pixel's 3 × 3 surroundings in the last two axes; nothing lies beyond the edge."""
    height, width = values.shape[-2:]
    beside = np.zeros((*values.shape[:-2], height + 2, width + 2), dtype=values.dtype)
    beside[..., 1:-1, 1:-1] = values
    across = beside[..., :-2] + beside[..., 1:-1]
    across += beside[..., 2:]
    sums: FloatArray = across[..., :-2, :] + across[..., 1:-1, :]
    sums += across[..., 2:, :]
    return sums


def _sums_of_four(values: FloatArray) -> FloatArray:
    """The sums over blocks of 2 × 2 in the last two axes; a block at the far edge may be half outside."""
    height, width = values.shape[-2:]
    even = np.zeros((*values.shape[:-2], height + height % 2, width + width % 2), dtype=values.dtype)
    even[..., :height, :width] = values
    across = even[..., ::2] + even[..., 1::2]
    sums: FloatArray = across[..., ::2, :] + across[..., 1::2, :]
    return sums


def mirror_axis(image: torch.Tensor, mask: BoolArray) -> int:
    """The sum of a column and its mirrored column, for the upright axis about which the kept pixels are most alike.

    Of all axes up to the width over :data:`MOST_OFF_CENTRE` from the middle, the one with the least mean squared
    difference between kept pixels and their kept mirror images; of several the nearest to the middle.

    Args:
        image: (3, h, w).
        mask: (h, w), not full.
    """
    kept = ~mask
    grey = np.where(mask, 0.0, image.double().mean(0).numpy())
    width: int = mask.shape[1]
    reach = width // MOST_OFF_CENTRE
    best, least = width - 1, np.inf
    for shift in sorted(range(-reach, reach + 1), key=abs):
        total = width - 1 + shift
        columns = np.arange(max(0, total - width + 1), min(width - 1, total) + 1)
        both = kept[:, columns] & kept[:, total - columns]
        if not both.any():
            continue
        difference = float(((grey[:, columns] - grey[:, total - columns])[both] ** 2).mean())
        if difference < least:
            best, least = total, difference
    return best
