"""Results that were computed a short while ago, kept within a limit of memory."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

Result = TypeVar("Result")


class RecentResults(Generic[Result]):
    """Results of a pure function of arrays, by the contents of its arguments; the longest unused ones are dropped first.

    The same object is given again: nobody may change it.

    Args:
        n_bytes: gives the memory that a result takes.
        most_bytes: of all kept results together.
        largest: bytes of the largest result that is kept, so that one does not drop many small ones; by default all
            fit.

    Example:
        >>> recent = RecentResults(lambda array: array.nbytes, most_bytes=100)
        >>> asked = []
        >>> def doubled(values):
        ...     asked.append(1)
        ...     return values * 2
        >>> one = np.array([1.0, 2.0])
        >>> recent.result(doubled, one).tolist(), recent.result(doubled, one.copy()).tolist(), len(asked)
        ([2.0, 4.0], [2.0, 4.0], 1)
    """

    def __init__(
        self, n_bytes: Callable[[Result], int], *, most_bytes: int, largest: int | None = None
    ) -> None:
        self._bytes_of = n_bytes
        self._most, self._n_bytes = most_bytes, 0
        self._largest = most_bytes if largest is None else largest
        self._kept: OrderedDict[bytes, Result] = OrderedDict()

    def result(self, function: Callable[..., Result], *given: npt.NDArray[np.generic]) -> Result:
        """Return ``function(*given)``; always give the same function."""
        key = _digest(given)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        result = function(*given)
        if self._bytes_of(result) <= self._largest:
            self._kept[key] = result
            self._n_bytes += self._bytes_of(result)
            while self._n_bytes > self._most:
                self._n_bytes -= self._bytes_of(self._kept.popitem(last=False)[1])
        return result


def _digest(arrays: tuple[npt.NDArray[np.generic], ...]) -> bytes:
    whole = hashlib.blake2b(digest_size=16)
    for array in arrays:
        whole.update(f"{array.shape}{array.dtype.str}".encode())
        whole.update(np.ascontiguousarray(array).data)
    return whole.digest()
