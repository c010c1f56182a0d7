"""The order of a network's outputs: read from its files, compared with the audit file, brought to the data's order.

A network gives one logit per class, and nothing in a logit says which class it stands for. ``models[].classes`` of the
audit file says it, and so do many files: a checkpoint's hyperparameters, the metadata of safetensors and ONNX.
"""

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from xaudit.config import ModelSection
from xaudit.errors import ModelError, did_you_mean
from xaudit.models.network.front import put_in_front
from xaudit.models.network.outputs import logits_of

NAMES = ("class_names", "classes", "class_labels", "id2label", "label2id", "class_to_idx", "idx_to_class")
"""Keys under which a file lists its classes, in lower case."""

_VAGUE = ("labels", "names")
"""Keys that may list classes or something else; they count if they hold exactly the data's classes."""

_NESTS = ("hyper_parameters", "hparams", "config", "args", "meta", "model_args")
"""Keys of a checkpoint whose mapping may hold a key of :data:`NAMES`."""


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """The class names of a file, in the order of the network's outputs.

    Attributes:
        key: their key in the file.
        is_vague: True if the key may list something else than classes.
    """

    key: str
    names: tuple[str, ...]
    is_vague: bool = False


def stored_orders(content: object) -> tuple[StoredOrder, ...]:
    """List every order of classes that a checkpoint or a file's metadata names.

    Example:
        >>> stored_orders({"hyper_parameters": {"class_to_idx": {"well": 1, "ill": 0}}})
        (StoredOrder(key='hyper_parameters.class_to_idx', names=('ill', 'well'), is_vague=False),)
        >>> [one.names for one in stored_orders({"names": "{0: 'ill', 1: 'well'}"})]
        [('ill', 'well')]
    """
    return tuple(_orders_in(content, ""))


def order_of_outputs(
    section: ModelSection, class_names: Sequence[str], stored: Sequence[StoredOrder], *, file: str
) -> tuple[str, ...]:
    """Return the class of the data that each output of a network stands for.

    The order is the one in the audit file, else the one in the network's file, else the data's.

    Args:
        class_names: classes of the data, or the findings of a multilabel network.
        stored: orders in the network's file.
        file: the file's path, for errors.

    Raises:
        ModelError: if the stated classes are not the data's, or two orders contradict each other.
    """
    subject = f"model '{section.id}'"
    stated, key = (
        (section.classes, "classes") if section.outputs == "classes" else (section.output_names, "findings")
    )
    check_stated(section, class_names)
    orders = [order for order in stored if not order.is_vague or set(order.names) == set(class_names)]
    for order in orders:
        if stated:
            _check_agreement(order, StoredOrder(key, stated), subject, file)
        elif set(order.names) != set(class_names):
            raise ModelError(
                f"{subject}: {file}: its classes ({order.key}) are {', '.join(order.names)}, the data has "
                f"{', '.join(class_names)}",
                hint="list the data's classes in the order of its outputs as `classes` of the model, or rename them with "
                "`merge`",
            )
    for order in orders[1:]:
        if set(order.names) == set(orders[0].names) and order.names != orders[0].names:
            raise ModelError(
                f"{subject}: {file}: {orders[0].key} lists the classes as {', '.join(orders[0].names)}, and {order.key} as "
                f"{', '.join(order.names)}",
                hint="correct the file: both give the order of its outputs",
            )
    if stated:
        return tuple(stated)
    return orders[0].names if orders else tuple(class_names)


def in_order(module: torch.nn.Module, outputs: Sequence[str], class_names: Sequence[str]) -> torch.nn.Module:
    """Return the same network with its logits in the data's order; names of layers and weights stay.

    Args:
        outputs: the class that each of its outputs stands for.
        class_names: the same names in the data's order.
    """
    if tuple(outputs) == tuple(class_names):
        return module
    put_in_front(module, _Reordered)
    order = torch.tensor([list(outputs).index(name) for name in class_names])
    # An index on the network's own device, that stays out of its weights.
    module.register_buffer("xaudit_class_order", order, persistent=False)
    return module


class _Reordered:
    """Mixin before a network's own class: returns its logits in the data's order."""

    xaudit_class_order: torch.Tensor

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map (N, C, H, W) to (N, n_classes)."""
        order = self.xaudit_class_order
        return logits_of(super().forward(images), len(order))[:, order]  # type: ignore[misc]


def check_stated(section: ModelSection, class_names: Sequence[str]) -> None:
    """Raise ModelError if the classes that the audit file states for a model are not the data's."""
    stated, subject = section.classes, f"model '{section.id}'"
    if not stated:
        return
    unknown = next((name for name in stated if name not in class_names), None)
    if unknown is not None:
        raise ModelError(
            f"{subject}: classes: the data has no class '{unknown}'",
            hint=did_you_mean(unknown, class_names, otherwise=f"its classes are {', '.join(class_names)}"),
        )
    missing = next((name for name in class_names if name not in stated), None)
    if missing is not None:
        raise ModelError(
            f"{subject}: classes: the class '{missing}' of the data is not listed",
            hint=f"list all of {', '.join(class_names)}, in the order of the model's outputs",
        )


def _check_agreement(stored: StoredOrder, stated: StoredOrder, subject: str, file: str) -> None:
    """Raise ModelError if a class of both lists has another position in each."""
    for name in stated.names:
        if name in stored.names and stored.names.index(name) != stated.names.index(name):
            raise ModelError(
                f"{subject}: {stated.key} gives its outputs as {', '.join(stated.names)}, and {file} ({stored.key}) as "
                f"{', '.join(stored.names)}",
                hint=f"correct `{stated.key}`" + ("" if stated.key == "findings" else ", or take it out"),
            )


def _orders_in(content: object, prefix: str) -> Iterator[StoredOrder]:
    if not isinstance(content, Mapping):
        return
    for key, value in content.items():
        name = str(key).lower()
        if name in (*NAMES, *_VAGUE):
            names = _names_of(value)
            if names:
                yield StoredOrder(f"{prefix}{key}", names, is_vague=name in _VAGUE)
        elif name in _NESTS and not prefix:
            yield from _orders_in(value, f"{key}.")


def _names_of(value: object) -> tuple[str, ...]:
    """Return the names in the order of their numbers; nothing if a value is no list of different names."""
    if isinstance(value, str):
        value = _parsed(value)
    match value:
        case Mapping():
            pairs = [_numbered(key, name) for key, name in value.items()]
            numbers = {pair[0]: pair[1] for pair in pairs if pair is not None}
            if len(numbers) != len(value) or sorted(numbers) != list(range(len(numbers))):
                return ()
            names = [numbers[number] for number in range(len(numbers))]
        case list() | tuple():
            names = [name for name in value if isinstance(name, str)]
            if len(names) != len(value):
                return ()
        case _:
            return ()
    return tuple(names) if len(set(names)) == len(names) > 1 else ()


def _numbered(key: object, value: object) -> tuple[int, str] | None:
    """Return number and name of one entry, whichever of the two is its key."""
    for number, name in ((key, value), (value, key)):
        if isinstance(number, bool) or not isinstance(name, str):
            continue
        if isinstance(number, int) or (isinstance(number, str) and number.isdecimal()):
            return int(number), name
    return None


def _parsed(text: str) -> object:
    """Parse a text as JSON or Python; if it is neither, split it at its commas or lines."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    parts = text.splitlines() if "\n" in text.strip() else text.split(",")
    return [part.strip() for part in parts if part.strip()]
