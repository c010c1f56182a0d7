"""The numbers in a pickle, read without doing what the pickle says.

A pickle is a program: it names functions and calls them. Here every name that it may say stands for a piece of this
file, which puts arrays and tensors together from their bytes; any other name ends the reading before anything is
called. Nothing that a file names is ever imported.

CheXlocalize's maps are such files: a dictionary whose ``map`` is a tensor.
"""

import io
import math
import pickle
import pickletools
import re
import struct
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from xaudit.errors import DataError
from xaudit.models.weights.checkpoint import TORCH_REFUSALS, code_in
from xaudit.records import FloatArray

_RE_SAVE = "save the map alone with numpy.save, as .npy"
_BROKEN = (
    pickle.UnpicklingError,
    struct.error,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""Errors that unpickling is known to raise on a file that is damaged or means something else."""

_MOST_MADE = 2**29
_MOST_OPCODES = 200_000

_NUMBERS = re.compile(r"b1|[iu][1248]|f[248]")


def read_pickle(data: bytes, place: str) -> object:
    """The content of a pickle: plain values, and NumPy arrays where it holds arrays or tensors.

    Args:
        data: the file's bytes.
        place: what to call the file in errors.

    Raises:
        DataError: where it is damaged, or names anything beside what arrays and tensors are made of; nothing was run.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch finds its own storages old
            _check_opcodes(data)
            return _finished(_Restricted(data, place).load())
    except _BROKEN:
        raise DataError(f"{place}: a damaged pickle, or none", hint=_RE_SAVE) from None


def read_tensors(data: bytes, place: str) -> object:
    """Read a file that ``torch.save`` wrote, tensors and plain values only.

    Raises:
        DataError: where it is damaged or holds code; nothing was run.
    """
    try:
        with warnings.catch_warnings():
            # torch warns of pickle protocols before it refuses them, which is said below.
            warnings.simplefilter("ignore")
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except TORCH_REFUSALS:
        code = code_in(io.BytesIO(data))
        if code is not None:
            raise _refused(place, code) from None
        raise DataError(f"{place}: neither tensors of torch nor whole", hint=_RE_SAVE) from None


def _check_opcodes(data: bytes) -> None:
    """Raises ValueError where a pickle has more steps than one that holds arrays, or numbers what it keeps beyond their count.

    Python's unpickler makes room for as many things as the largest number says, in gigabytes for a pickle of ten bytes.
    """
    for number, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        kept_as = argument if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") else 0
        if number >= _MOST_OPCODES or not isinstance(kept_as, int) or kept_as > number:
            raise ValueError("not the pickle of an array")


class _Restricted(pickle.Unpickler):
    """An unpickler that knows the names of :data:`_PIECES` and no other."""

    def __init__(self, data: bytes, place: str) -> None:
        super().__init__(io.BytesIO(data))
        self._place = place
        self._n_made = 0

    def find_class(self, module: str, name: str) -> object:
        """The piece that stands for a name; raises DataError for any name that has none."""
        called = f"{module}.{name}".replace("numpy.core.", "numpy._core.")
        if called == "torch.storage._load_from_bytes":
            return _Piece(lambda raw: self._counted(_storage(raw, self._place)))
        if called not in _PIECES:
            raise _refused(self._place, f"{module}.{name}")
        return _Piece(lambda *args: self._counted(_PIECES[called](*args)))

    def _counted(self, made: object) -> object:
        """Count what a piece made, since the same bytes can be asked for again and again."""
        match made:
            case bytes():
                self._n_made += len(made)
            case _Array():
                self._n_made += made.values.nbytes
            case torch.TypedStorage():
                self._n_made += made.nbytes()  # type: ignore[no-untyped-call]
            case _:
                pass
        if self._n_made > _MOST_MADE:
            raise ValueError("more than any map")
        return made


class _Piece:
    """A function that a pickle may call, and can do nothing else with: it has no attributes to set."""

    __slots__ = ("_function",)
    _function: Callable[..., object]

    def __init__(self, function: Callable[..., object]) -> None:
        object.__setattr__(self, "_function", function)

    def __call__(self, *args: object) -> object:
        return self._function(*args)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


class _Dtype:
    """A kind of number; its byte order arrives after its name."""

    __slots__ = ("kind",)

    def __init__(self, name: object, *_: object) -> None:
        if not isinstance(name, str) or not _NUMBERS.fullmatch(name):
            raise ValueError("not a kind of number")
        self.kind = np.dtype(name)

    def __setstate__(self, state: Sequence[Any]) -> None:
        order = state[1]
        if order not in ("<", ">", "=", "|"):
            raise ValueError("not a byte order")
        self.kind = self.kind.newbyteorder(order)


class _Array:
    """An array of NumPy; its shape and its bytes arrive after it is made."""

    __slots__ = ("values",)

    def __init__(self, *_: object) -> None:
        self.values: FloatArray = np.zeros(0, dtype=np.float32)

    def __setstate__(self, state: Sequence[Any]) -> None:
        _, shape, dtype, columns_first, raw = state
        self.values = _from_bytes(raw, dtype, shape, "F" if columns_first else "C")


def _from_bytes(raw: object, dtype: object, shape: object, order: str = "C") -> FloatArray:
    if not isinstance(raw, bytes | bytearray | memoryview) or not isinstance(dtype, _Dtype):
        raise ValueError("not the bytes of an array")
    flat: FloatArray = np.frombuffer(raw, dtype=dtype.kind)
    return flat.reshape(_sides(shape), order="F" if order == "F" else "C")


def _frombuffer(raw: object, dtype: object, shape: object, order: object) -> _Array:
    made = _Array()
    made.values = _from_bytes(raw, dtype, shape, "F" if order == "F" else "C")
    return made


def _scalar(dtype: object, raw: object) -> float:
    return float(_from_bytes(raw, dtype, (1,))[0])


def _encode(text: object, codec: object) -> bytes:
    """Protocols before 3 write bytes as text."""
    if not isinstance(text, str) or codec not in ("latin1", "latin-1"):
        raise ValueError("not the bytes of an array")
    return text.encode("latin-1")


def _storage(raw: object, place: str) -> object:
    """The bytes of a tensor, which are a file of torch inside the pickle: read as such a file alone would be."""
    if not isinstance(raw, bytes):
        raise ValueError("not the bytes of a tensor")
    return read_tensors(raw, place)


def _tensor(storage: object, offset: object, size: object, stride: object, *_: object) -> _Array:
    if not isinstance(storage, torch.TypedStorage) or not isinstance(offset, int):
        raise ValueError("not the bytes of a tensor")
    sides, steps = _sides(size), _sides(stride)
    last = offset + sum((side - 1) * step for side, step in zip(sides, steps, strict=True))
    if math.prod(sides) > len(storage) or not 0 <= offset <= last < len(storage):
        raise ValueError("a tensor that reaches beyond its bytes")
    flat = torch.tensor([], dtype=storage.dtype).set_(storage)
    made = _Array()
    made.values = flat.as_strided(sides, steps, offset).to(torch.float32).numpy()
    return made


def _sides(shape: object) -> tuple[int, ...]:
    if not isinstance(shape, tuple | list) or not all(isinstance(side, int) and side >= 0 for side in shape):
        raise ValueError("not a shape")
    return tuple(shape)


_PIECES: Mapping[str, Callable[..., object]] = {
    "_codecs.encode": _encode,
    "collections.OrderedDict": lambda *_: {},
    "numpy.ndarray": lambda *_: None,
    "numpy.dtype": _Dtype,
    "numpy._core.multiarray._reconstruct": _Array,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy._core.numeric._frombuffer": _frombuffer,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": lambda data, *_: data,
}
"""Functions that arrays and tensors are made of in a pickle, and those that are called in their place."""


def _finished(content: object) -> object:
    """The content with arrays in the place of the pieces that made them."""
    if isinstance(content, dict):
        # No deeper: what holds itself again and again has no end.
        return {key: value.values if isinstance(value, _Array) else value for key, value in content.items()}
    return content.values if isinstance(content, _Array) else content


def _refused(place: str, name: str) -> DataError:
    return DataError(
        f"{place}: the file names code ('{name:.80}') and was not loaded; nothing in it was run",
        hint=_RE_SAVE,
    )
