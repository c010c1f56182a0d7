"""Arrays that were computed a short while ago, kept within a limit of memory."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from xaudit.records import FloatArray


class RecentArrays:
    """Results of a pure function of arrays, by the contents of its arguments; the longest unused ones are dropped first.

    Args:
        most_bytes: of all kept results together; a larger one is not kept.

    Example:
        >>> recent = RecentArrays(most_bytes=100)
        >>> asked = []
        >>> def doubled(values):
        ...     asked.append(1)
        ...     return values * 2
        >>> one = np.array([1.0, 2.0])
        >>> recent.result(doubled, one).tolist(), recent.result(doubled, one.copy()).tolist(), len(asked)
        ([2.0, 4.0], [2.0, 4.0], 1)
    """

    def __init__(self, *, most_bytes: int) -> None:
        self._most, self._n_bytes = most_bytes, 0
        self._kept: OrderedDict[bytes, FloatArray] = OrderedDict()

    def result(self, function: Callable[..., FloatArray], *given: npt.NDArray[np.generic]) -> FloatArray:
        """Return ``function(*given)``, read-only; always give the same function."""
        key = _digest(given)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        found = function(*given)
        found.flags.writeable = False
        if found.nbytes <= self._most:
            self._kept[key] = found
            self._n_bytes += found.nbytes
            while self._n_bytes > self._most:
                self._n_bytes -= self._kept.popitem(last=False)[1].nbytes
        return found


def _digest(arrays: tuple[npt.NDArray[np.generic], ...]) -> bytes:
    whole = hashlib.blake2b(digest_size=16)
    for array in arrays:
        whole.update(f"{array.shape}{array.dtype.str}".encode())
        whole.update(np.ascontiguousarray(array).data)
    return whole.digest()
