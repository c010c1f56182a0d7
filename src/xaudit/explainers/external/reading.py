"""Reading of a saliency map from a file, whatever wrote it: (h, w), as the file's rows and columns lie.

A map is numbers in a plane. Axes of length 1 around it are dropped; colour is refused, since a picture of a heat map
laid over the image holds neither the map's values nor their order.
"""

import io
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.image_file import read_bytes
from xaudit.cases.images.nifti_file import AGAIN, open_nifti
from xaudit.cases.images.raster import raster_pixels
from xaudit.errors import DataError
from xaudit.explainers.external.restricted_pickle import read_pickle, read_tensors
from xaudit.models.weights.torch_file import archived_bytes
from xaudit.records import FloatArray

Orientation = Literal["patient", "stored"]

SUFFIXES = (".nii.gz", ".nii", ".npy", ".npz", ".pt", ".pth", ".png", ".pkl", ".pickle")
"""Suffixes of files of maps; a longer one stands before the one that ends it."""

LARGEST_BYTES = 256 * 2**20
"""Largest size of a file, and of what it unpacks to."""

MOST_VALUES = 40_000_000

_BROKEN = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    OverflowError,
    MemoryError,
    RuntimeError,
    NotImplementedError,
    SyntaxError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""Errors that NumPy is known to raise on a damaged file or header."""

_COLOURS = (3, 4)
_OVERLAY = (
    "an overlay in colour no longer holds the map's values: save the map itself before it is coloured, one number for "
    "each pixel, for example with numpy.save"
)


def suffix_of(name: str) -> str | None:
    """The suffix by which a file is taken for a map; None where it is none.

    Example:
        >>> suffix_of("a/1.2.840.NII.GZ"), suffix_of("a.txt")
        ('.nii.gz', None)
    """
    return next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), None)


LARGEST_KEPT, SMALLEST_KEPT = 1e30, 1e-30
"""A map whose largest magnitude float32 might not hold, or hold with few digits, is divided by it."""


def read_map(path: Path, place: str, *, orientation: Orientation = "patient") -> FloatArray:
    """Read the map in a file as it is scored: (h, w) float32; see :func:`in_single_precision`."""
    return in_single_precision(read_values(path, place, orientation=orientation))


def in_single_precision(values: FloatArray) -> FloatArray:
    """Round numbers to float32, which all maps are scored and stored in.

    Numbers beyond what float32 holds are first divided by the largest of them: a map's scale means nothing, and its
    order and proportions stay.

    Example:
        >>> in_single_precision(np.array([[1e-60, 2e-60]]))
        array([[0.5, 1. ]], dtype=float32)
    """
    if values.dtype.kind == "f" and values.dtype.itemsize > 4:
        largest = np.abs(values[np.isfinite(values)]).max(initial=0)
        if largest > LARGEST_KEPT or 0 < largest < SMALLEST_KEPT:
            values = values / largest
    with np.errstate(under="ignore"):
        return np.ascontiguousarray(values, dtype=np.float32)


def is_rounded(values: FloatArray) -> bool:
    """Return True if float32 does not hold every finite number exactly."""
    with np.errstate(over="ignore", under="ignore"):
        return not np.array_equal(values, values.astype(np.float32), equal_nan=values.dtype.kind == "f")


def read_values(path: Path, place: str, *, orientation: Orientation = "patient") -> FloatArray:
    """Read the numbers of the map in a file, (h, w), in the precision of the file.

    Args:
        place: what to call the file in errors.
        orientation: how a NIfTI file lies; see :mod:`xaudit.cases.masks.nifti`.

    Raises:
        DataError: where the file cannot be read, holds code, several arrays, a colour picture or no plane of numbers,
            or a library is missing.
    """
    suffix = suffix_of(path.name)
    data = _content(path, place)
    match suffix:
        case ".nii" | ".nii.gz":
            content: object = _nifti(data, place, orientation)
        case ".npy" | ".npz":
            content = _numpy(data, place)
        case ".pt" | ".pth":
            content = _only(read_tensors(data, place), place)
        case ".pkl" | ".pickle":
            content = _only(read_pickle(data, place), place)
        case ".png":
            content = _png(data, place)
        case _:
            raise DataError(f"{place}: no file of a map", hint=f"maps are read from {', '.join(SUFFIXES)}")
    return _plane(content, place)


def _content(path: Path, place: str) -> bytes:
    """The bytes of a file that is no larger than a map can be, packed or not."""
    try:
        data = read_bytes(path)
    except UnreadableImageError as error:
        raise DataError(f"{place}: {error}", hint="check the file and its permissions") from None
    n_bytes = max(len(data), archived_bytes(io.BytesIO(data)))
    if n_bytes > LARGEST_BYTES:
        raise DataError(
            f"{place}: {n_bytes / 2**20:.0f} MB, and maps of more than {LARGEST_BYTES // 2**20} MB are not read",
            hint="save the map alone, as float32; it has no more pixels than the image",
        )
    return data


def _numpy(data: bytes, place: str) -> object:
    try:
        content = np.load(io.BytesIO(data), allow_pickle=False)
        if isinstance(content, np.lib.npyio.NpzFile):
            with content as archive:
                return _only({name: archive[name] for name in archive.files}, place)
    except _BROKEN as error:
        if "pickle" in str(error).lower():
            raise DataError(
                f"{place}: holds Python objects, which could be code, and was not loaded",
                hint="save an array of numbers: numpy.save(path, map.astype('float32'))",
            ) from None
        raise DataError(
            f"{place}: truncated, or no file of NumPy", hint="save it again with numpy.save"
        ) from None
    return content


def _png(data: bytes, place: str) -> FloatArray:
    """Grey values as shares of the largest that 8 or 16 bits can hold."""
    try:
        values = raster_pixels(data)
    except UnreadableImageError as error:
        raise DataError(f"{place}: {error}", hint="save it again as a grey PNG of 8 or 16 bits") from None
    if values.ndim == 3:
        raise DataError(f"{place}: a colour picture, and no map", hint=_OVERLAY)
    return values


def _nifti(data: bytes, place: str, orientation: Orientation) -> FloatArray:
    try:
        volume = open_nifti(data)
        if volume.shape[2] != 1:
            raise DataError(
                f"{place}: holds {_by(volume.shape)} values, and a map is one slice",
                hint="save one slice per file",
            )
        if orientation == "patient" and volume.axes is None:
            raise DataError(
                f"{place}: does not say how it lies in the patient",
                hint="set `orientation: stored` for these maps if the first axis runs along the image's columns",
            )
        return volume.slice(volume.cut("third", orientation), 0)
    except UnreadableImageError as error:
        raise DataError(f"{place}: {error}", hint=error.hint or AGAIN) from None


def _only(content: object, place: str) -> object:
    """The array in a file that may hold several by name: the one called ``map``, else the only one."""
    if not isinstance(content, Mapping):
        return content
    if "map" in content:
        return content["map"]
    arrays = [name for name, value in content.items() if isinstance(value, np.ndarray | torch.Tensor)]
    if len(arrays) != 1:
        named = ", ".join(f"'{name}'" for name in arrays[:5]) or "none"
        raise DataError(
            f"{place}: holds {len(arrays)} arrays ({named}), and which is the map is not said",
            hint="call it 'map', or save it alone",
        )
    return content[arrays[0]]


def _plane(content: object, place: str) -> FloatArray:
    values: Any = content
    if isinstance(values, torch.Tensor) and values.numel() <= MOST_VALUES:
        values = _as_array(values.detach()) if not values.is_complex() else None
    if isinstance(values, torch.Tensor):
        values = np.broadcast_to(np.float32(0), tuple(values.shape))  # one number, whatever it claims to hold
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "buif":
        kind = getattr(content, "dtype", type(content).__name__)
        raise DataError(
            f"{place}: holds {kind} where a map's numbers are expected", hint="save an array of numbers"
        )
    shape = values.shape
    if values.size > MOST_VALUES:
        raise DataError(
            f"{place}: {_by(shape)} values, and maps of more than {MOST_VALUES // 10**6} million are not read",
            hint="save the map on a smaller grid of the same shape",
        )
    while values.ndim > 2 and values.shape[0] == 1:
        values = values[0]
    while values.ndim > 2 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim == 3 and (values.shape[0] in _COLOURS or values.shape[-1] in _COLOURS):
        raise DataError(
            f"{place}: {_by(shape)} values, a colour picture or a value for each channel", hint=_OVERLAY
        )
    if values.ndim != 2 or values.size == 0:
        raise DataError(
            f"{place}: {_by(shape)} values, and a map has rows and columns",
            hint="save one map per file, (height, width)",
        )
    plane: FloatArray = values
    return plane


def _as_array(tensor: torch.Tensor) -> FloatArray:
    """Turn a tensor into an array without loss; NumPy has no bfloat16."""
    known = tensor.dtype in (torch.float64, torch.float32, torch.float16) or not tensor.is_floating_point()
    array: FloatArray = (tensor if known else tensor.to(torch.float32)).numpy()
    return array


def _by(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "single"
