"""Arrays saved by NumPy (``.npy``) as grey or colour values between 0 and 1.

An array is (H, W), or (H, W, 3) for colour; axes of length 1 around it are dropped. Bytes are divided by 255 and 16-bit numbers without
sign by 65535, whatever range they use, as in PNG and TIFF. Floating-point numbers are taken as they are and must lie between 0 and 1. Other
numbers have no known range and are refused. Arrays of Python objects could be code and are not loaded.
"""

import math
import tokenize
from io import BytesIO
from typing import Any

import numpy as np

from xaudit.cases.images.header import DIM, Header, UnreadableImageError, check_memory, check_pixels
from xaudit.records import FloatArray

MAGIC = b"\x93NUMPY"

_BROKEN = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    SyntaxError,
    tokenize.TokenError,  # of a header that is no Python value
    OverflowError,
    MemoryError,
)
_LARGEST = {"uint8": 255, "uint16": 65535}
_PER_VALUE = 8  # bytes for the shares and a copy of them, beside those of the file


def numpy_header(data: bytes) -> Header:
    """Return the frame of an array, read once to be sure that it can be.

    Raises:
        UnreadableImageError: damaged, of numbers whose range is not known, or of a shape that is no image's.
    """
    values = numpy_pixels(data)
    dim = 0 < float(values.max()) <= DIM and _array(data).dtype == np.uint16
    return Header(values.shape[0], values.shape[1], "npy", dim=dim)


def numpy_pixels(data: bytes) -> FloatArray:
    """Return the values of an array: float32, (H, W) or (H, W, 3), in [0, 1]."""
    values = _array(data)
    shape = values.shape
    while values.ndim > 2 and values.shape[-1] == 1:
        values = values[..., 0]
    while values.ndim > 2 and values.shape[0] == 1 and not (values.ndim == 3 and values.shape[2] == 3):
        values = values[0]
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] != 3):
        raise UnreadableImageError(
            f"is an array of {' × '.join(map(str, shape)) or 'one number'}, and an image has rows and columns; save one image "
            "per file, (height, width) or (height, width, 3)"
        )
    check_pixels(values.shape[0], values.shape[1])
    return _shares(values)


def _array(data: bytes) -> Any:  # noqa: ANN401  (of whatever kind of number)
    try:
        stream = BytesIO(data)
        version = np.lib.format.read_magic(stream)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, kind = read(stream)
        if math.prod(shape) * kind.itemsize > len(data) - stream.tell() and not kind.hasobject:
            raise UnreadableImageError("is truncated")
        check_memory(len(data) + math.prod(shape) * (_PER_VALUE + kind.itemsize))
        return np.load(BytesIO(data), allow_pickle=False)
    except UnreadableImageError:
        raise
    except _BROKEN as error:
        if "pickle" in str(error).lower() or "object" in str(error).lower():
            raise UnreadableImageError(
                "is an array of Python objects, which could contain code; save numbers"
            ) from None
        raise UnreadableImageError("is a truncated or damaged array of NumPy") from None


def _shares(values: Any) -> FloatArray:  # noqa: ANN401
    kind = values.dtype
    if kind == np.bool_:
        return np.ascontiguousarray(values, dtype=np.float32)
    if kind.name in _LARGEST:
        return np.ascontiguousarray(values.astype(np.float32) / _LARGEST[kind.name])
    if kind.kind not in "iuf":
        raise UnreadableImageError(f"is an array of {kind.name:.40}, and an image is numbers")
    low, high = float(values.min()), float(values.max())
    if kind.kind == "f" and np.isfinite(values).all() and low >= 0 and high <= 1:
        return np.ascontiguousarray(values, dtype=np.float32)
    what = "floats" if kind.kind == "f" else kind.name
    raise UnreadableImageError(
        f"is an array of {what} from {low:g} to {high:g}, whose black and white are not known; save it as floats from 0 to 1, "
        "or as uint8 or uint16 that use their whole range"
    )
