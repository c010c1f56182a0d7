"""Weights on disk: read without running anything that is in the file, and checked against the network.

A state dict maps names to tensors. It may lie inside a larger checkpoint, under ``state_dict`` or a like key, and
its names may carry the prefix of a wrapper (``module.`` of DataParallel, for one), see :mod:`xaudit.models.weights.wrapped_weights`.
"""

import json
import pickle
import re
import struct
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import torch
from safetensors import SafetensorError, safe_open

from xaudit.config import is_unnamed
from xaudit.counts import counted
from xaudit.errors import ModelError
from xaudit.models.network.class_order import StoredOrder, stored_orders
from xaudit.models.network.outputs import ONE_LOGIT
from xaudit.models.weights.torch_file import names_in, unpacked_bytes
from xaudit.models.weights.wrapped_weights import State, nameless_lists, own_weights, remarks_on_lists

_NESTS = ("state_dict", "model_state_dict", "model_state", "model", "net", "weights")
_ORDERS = "orders of classes"
_NAMELESS = "lists of tensors without names"
_DEEPEST = 3
_HARMLESS = re.compile(
    r"collections\.OrderedDict|torch\._utils\.\w+|torch\._tensor\.\w+|torch\.\w+|torch\.storage\.\w+"
)
TORCH_REFUSALS = (
    pickle.UnpicklingError,
    struct.error,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""Exceptions that torch raises on a file that is damaged, foreign, or holds more than tensors."""

_RE_SAVE = "save the weights alone, `torch.save(model.state_dict(), path)`, or as safetensors"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checkpoint that was copied into a network.

    Attributes:
        notes: notes that xaudit stored in the file; empty for other files.
        remarks: entries that are not the network's and were left out.
    """

    notes: Mapping[str, object]
    remarks: tuple[str, ...]


def load_weights(
    module: torch.nn.Module,
    path: Path,
    *,
    class_names: tuple[str, ...],
    model_id: str,
    prefix: str | None = None,
) -> Loaded:
    """Copy the weights of a checkpoint into a network, all of them or none.

    Auxiliary heads in the file that the network was built without are left out.

    Args:
        module: the network.
        path: path of the checkpoint.
        class_names: classes of the data.
        model_id: for messages.
        prefix: name of one of several copies of the network.

    Raises:
        ModelError: if the file is missing, damaged, holds code, belongs to another network or to other classes, or
            holds several copies of the network.
    """
    states, notes = _read_states(path)
    trained_on = notes.get("class_names")
    if isinstance(trained_on, list) and set(trained_on) != set(class_names):
        raise ModelError(
            f"model '{model_id}': {path}: trained on the classes {', '.join(map(str, trained_on))}, "
            f"the data has {', '.join(class_names)}",
            hint="give the classes the names of the training with `merge`, or train again",
        )
    expected = module.state_dict()
    own = own_weights(states, expected.keys(), path=path, model_id=model_id, prefix=prefix)
    state = _without_unused_parts(own.state, module)
    _check_classes(state, expected, path, class_names=class_names, model_id=model_id)
    _check_entries(state, expected, f"model '{model_id}': {path}")
    try:
        module.load_state_dict({**expected, **state})
    except RuntimeError:  # a kind of number that cannot be brought to the network's
        raise ModelError(
            f"model '{model_id}': {path}: its numbers are of a kind that the network cannot take",
            hint="save the weights as float32",
        ) from None
    remarks = remarks_on_lists(notes.get(_NAMELESS), module, f"model '{model_id}': {path.name}")
    return Loaded(notes, (*own.remarks, *remarks))


def _check_entries(state: State, expected: Mapping[str, torch.Tensor], subject: str) -> None:
    """Raise ModelError if a state dict lacks entries of the network, or has others, or others' shapes."""
    missing = [name for name in expected if name not in state and not name.endswith("num_batches_tracked")]
    unexpected = [name for name in state if name not in expected]
    reshaped = [name for name in state if name in expected and state[name].shape != expected[name].shape]
    faults = []
    if missing:
        faults.append(f"{counted(len(missing), 'entry is', 'entries are')} missing, the first '{missing[0]}'")
    if unexpected:
        faults.append(f"{counted(len(unexpected), 'is', 'are')} unexpected, the first '{unexpected[0]}'")
    if reshaped:
        first = reshaped[0]
        shapes = f"{tuple(state[first].shape)} where {tuple(expected[first].shape)} is expected"
        faults.append(f"{counted(len(reshaped), 'has', 'have')} another shape, the first '{first}': {shapes}")
    if faults:
        named = (
            "the architecture" if missing or unexpected else "the architecture, `input_size` and `channels`"
        )
        raise ModelError(
            f"{subject} is no checkpoint of this architecture: {'; '.join(faults)}",
            hint=f"name {named} that it was trained with",
        )


def read_state(path: Path) -> tuple[State, Mapping[str, object]]:
    """Return the tensors of a checkpoint by name, and the notes that xaudit stored in it (empty for other files).

    The kind of file is recognised by its content, not its name. Nothing in it is run.

    Raises:
        ModelError: if the file cannot be read, or holds anything but tensors and plain values.
    """
    states, notes = _read_states(path)
    return next(iter(states.values())), notes


def _read_states(path: Path) -> tuple[Mapping[str, State], Mapping[str, object]]:
    """Read as :func:`read_state`, with every other state dict of the checkpoint by the keys that lead to it."""
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise ModelError(f"weights {path}: no file, but a device or a pipe", hint="give a checkpoint")
        with path.open("rb") as file:
            head = file.read(9)
    except OSError as error:
        raise ModelError(
            f"weights {path}: {error.strerror}",
            hint="give the path of a checkpoint, or leave `weights` out to train",
        ) from None
    if len(head) == 9 and head[8:] == b"{":
        state, notes = _read_safetensors(path)
        return {"": state}, notes
    content = read_plain(path)
    notes = {**_with_orders({}, content), _NAMELESS: nameless_lists(content)}
    nested = dict(_nested(content))
    if nested and not _is_nest(content):
        return nested, notes
    state = _state_in(content, path)
    main = next((where for where, other in nested.items() if other.keys() == state.keys()), "")
    return {main: state, **{where: other for where, other in nested.items() if where != main}}, notes


def _read_safetensors(path: Path) -> tuple[State, Mapping[str, object]]:
    try:
        with safe_open(path, framework="pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise ModelError(
            f"weights {path}: damaged safetensors file: {error!s:.200}", hint="copy it again from its source"
        ) from None
    try:
        notes = json.loads(metadata.pop("xaudit", "{}"))
    except (ValueError, RecursionError):
        raise ModelError(
            f"weights {path}: xaudit's notes in the file are damaged", hint="copy it again from its source"
        ) from None
    return state, _with_orders(notes if isinstance(notes, dict) else {}, metadata)


def orders_in(notes: Mapping[str, object]) -> tuple[StoredOrder, ...]:
    """Return the orders of classes in a checkpoint: xaudit's own note, and those that others stored."""
    own = stored_orders({"class_names": notes.get("class_names")})
    others = notes.get(_ORDERS, ())
    return (*own, *(others if isinstance(others, tuple) else ()))


def _with_orders(notes: dict[str, object], content: object) -> dict[str, object]:
    """Add the orders of classes in the rest of a file to the notes, if there are any."""
    orders = stored_orders(content)
    return {**notes, _ORDERS: orders} if orders else notes


def read_plain(path: Path) -> object:
    """Read a file of torch as tensors and plain values; nothing in it is run.

    Raises:
        ModelError: if it is damaged or foreign, holds code, or would unpack to more than it holds.
    """
    n_unpacked, n_stored = unpacked_bytes(path), path.stat().st_size
    if n_unpacked > n_stored:
        raise ModelError(
            f"weights {path}: a packed archive, which would grow from {n_stored} to {n_unpacked} bytes",
            hint="copy it again from its source; " + _RE_SAVE,
        )
    try:
        # Handed over open, because torch would judge a path by its suffix.
        with warnings.catch_warnings(), path.open("rb") as file:
            # torch warns of pickle protocols and of TorchScript before it refuses them, which is said below.
            warnings.simplefilter("ignore")
            return torch.load(file, map_location="cpu", weights_only=True)
    except TORCH_REFUSALS as error:
        with path.open("rb") as file:
            code = code_in(file)
        if code is not None:
            raise ModelError(
                f"weights {path}: the checkpoint holds code ('{code}') and was not loaded", hint=_RE_SAVE
            ) from None
        if isinstance(error, MemoryError) or "alloc" in str(error):
            raise ModelError(
                f"weights {path}: declares more weights than this machine has memory for",
                hint="copy it again from its source; " + _RE_SAVE,
            ) from None
        if "TorchScript" in str(error):
            raise ModelError(
                f"weights {path}: a TorchScript archive holds code and was not loaded", hint=_RE_SAVE
            ) from None
        raise ModelError(
            f"weights {path}: neither safetensors nor a checkpoint of torch, or damaged",
            hint="copy it again from its source; " + _RE_SAVE,
        ) from None


def code_in(file: IO[bytes]) -> str | None:
    """Return the first import of a checkpoint's pickles beyond tensors and plain values; None if there is none.

    It is read off their opcodes; nothing is imported.
    """
    return next((name for name in names_in(file) if not _HARMLESS.fullmatch(name)), None)


def _is_nest(content: object) -> bool:
    """Return True if a key says which of a checkpoint's parts is the state dict."""
    return isinstance(content, Mapping) and any(isinstance(content.get(key), Mapping) for key in _NESTS)


def _nested(content: object, where: str = "", depth: int = 0) -> Iterator[tuple[str, State]]:
    """Yield the mappings of names to tensors inside a checkpoint, by the keys that lead there."""
    if isinstance(content, list | tuple):
        content = {str(index): value for index, value in enumerate(content)}
        if not any(isinstance(value, Mapping) for value in content.values()):
            return
    if not isinstance(content, Mapping) or not content or depth > _DEEPEST:
        return
    if all(isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in content.items()):
        if where and all(_is_plain(value) for value in content.values()):
            yield where, dict(content)
        return
    for key, value in content.items():
        if isinstance(key, str):
            yield from _nested(value, f"{where}/{key}" if where else key, depth + 1)


def _state_in(content: object, path: Path) -> State:
    while isinstance(content, Mapping):
        inner = next((key for key in _NESTS if isinstance(content.get(key), Mapping)), None)
        if inner is None:
            break
        content = content[inner]
    if not isinstance(content, Mapping) or not content:
        kind = "nothing" if isinstance(content, Mapping) else f"a {type(content).__name__}"
        raise ModelError(f"weights {path}: expected a state dict, found {kind}", hint=_RE_SAVE)
    odd = next((name for name, value in content.items() if not isinstance(value, torch.Tensor)), None)
    if odd is not None:
        raise ModelError(
            f"weights {path}: expected a state dict, but its entry '{odd!s:.80}' is a {type(content[odd]).__name__}",
            hint=_RE_SAVE,
        )
    unusual = next((name for name, value in content.items() if not _is_plain(value)), None)
    if unusual is not None:
        raise ModelError(
            f"weights {path}: its entry '{unusual!s:.80}' is sparse, quantised or without values",
            hint="save the weights as dense float32 tensors",
        )
    return {str(name): value for name, value in content.items()}


def _is_plain(tensor: torch.Tensor) -> bool:
    """Return True if a tensor is dense and holds its values itself."""
    return not (tensor.layout != torch.strided or tensor.is_meta or tensor.is_quantized or tensor.is_nested)


def _without_unused_parts(state: State, module: torch.nn.Module) -> State:
    def unused(name: str) -> bool:
        part = name.split(".")[0]
        return hasattr(module, part) and getattr(module, part) is None

    return {name: tensor for name, tensor in state.items() if not unused(name)}


def _check_classes(
    state: State,
    expected: Mapping[str, torch.Tensor],
    path: Path,
    *,
    class_names: tuple[str, ...],
    model_id: str,
) -> None:
    """Raise ModelError if only the last layer differs, and only in its number of logits."""
    if not state or any(name not in expected for name in state):
        return
    reshaped = [name for name in state if state[name].shape != expected[name].shape]
    heads = [
        name
        for name in reshaped
        if expected[name].shape[:1] == (len(class_names),)
        and state[name].shape[1:] == expected[name].shape[1:]
    ]
    if heads and heads == reshaped and any(is_unnamed(name) for name in class_names):
        n_outputs = state[heads[0]].shape[0]
        raise ModelError(
            f"model '{model_id}': {path}: has {n_outputs} outputs, and the audit file gives it {len(class_names)}",
            hint=f"set `n_outputs: {n_outputs}`; a `target` is 0 to {n_outputs - 1}",
        )
    if heads and heads == reshaped:
        raise ModelError(
            f"model '{model_id}': {path}: trained for {state[heads[0]].shape[0]} classes, the data has "
            f"{len(class_names)} ({', '.join(class_names)})",
            hint=ONE_LOGIT
            if len(class_names) == 2 and state[heads[0]].shape[0] == 1
            else "use `merge` to bring the data's classes to those of the training, or train again",
        )
