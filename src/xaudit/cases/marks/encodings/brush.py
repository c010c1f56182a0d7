"""Label Studio's code of brush strokes: run lengths of RGBA values in bits.

Source: ``label_studio_sdk.converter.brush``.
"""

from collections.abc import Sequence

import numpy as np

from xaudit.records import BoolArray

_SIZES = (3, 4, 8, 16)  # in bits: what the length of a run may take


def decode_brush(values: Sequence[int], n_pixels: int) -> BoolArray:
    """Return the pixels of a brush stroke that are not transparent, row by row.

    Args:
        values: the bytes of the code.
        n_pixels: of the image.

    Raises:
        ValueError: where the code is for another number of pixels, or is cut short.
    """
    bits = _Bits(bytes(values))
    n_values = bits.take(32)
    if n_values != 4 * n_pixels:
        raise ValueError(f"is for {n_values / 4:g} pixels instead of {n_pixels}")
    word = bits.take(5) + 1
    sizes = [bits.take(4) + 1 for _ in range(4)]
    out = np.zeros(n_values, dtype=np.uint32)
    at = 0
    while at < n_values:
        repeated = bits.take(1)
        end = at + 1 + bits.take(sizes[bits.take(2)])
        if end > n_values:
            raise ValueError("leaves the image")
        if repeated:
            out[at:end] = bits.take(word)
        else:
            out[at:end] = [bits.take(word) for _ in range(end - at)]
        at = end
    return np.asarray(out.reshape(-1, 4)[:, 3] > 0)


class _Bits:
    """Numbers of any length in bits, the highest bit first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, n: int) -> int:
        end = self._at + n
        if end > 8 * len(self._data):
            raise ValueError("is cut short")
        first, last = self._at // 8, -(-end // 8)
        part = int.from_bytes(self._data[first:last], "big")
        self._at = end
        return (part >> (8 * last - end)) & ((1 << n) - 1)


def encode_brush(inside: BoolArray) -> list[int]:
    """Return the bytes of a brush stroke: what is inside is opaque white, the rest transparent black, row by row.

    Source: Label Studio's own code of RGBA values (``label_studio_sdk.converter.brush``).
    """
    flat = inside.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    bits = [f"{4 * flat.size:032b}", f"{8 - 1:05b}", *(f"{size - 1:04b}" for size in _SIZES)]
    for begin, end in zip([0, *edges.tolist()], [*edges.tolist(), flat.size], strict=True):
        value = f"{255 if flat[begin] else 0:08b}"
        left = 4 * (end - begin)
        while left:
            now = min(left, 1 << _SIZES[-1])
            which = next(place for place, size in enumerate(_SIZES) if now <= 1 << size)
            bits.append(f"1{which:02b}{now - 1:0{_SIZES[which]}b}{value}")
            left -= now
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))
