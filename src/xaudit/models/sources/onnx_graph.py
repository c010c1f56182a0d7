"""ONNX graphs, through onnxruntime, its sole user: a description of operations, not a program, asked on the CPU.

A graph whose weights lie in other files is not read: its checksum would not be theirs.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from xaudit.config import ModelSection
from xaudit.errors import ModelError
from xaudit.models.network.class_order import stored_orders
from xaudit.models.network.sealed import (
    BatchSizes,
    Sealed,
    SealedFile,
    agreed_side,
    check_channels,
    read_sealed,
)
from xaudit.models.sources.archive import first_line
from xaudit.models.sources.loaded_network import LoadedNetwork, loaded_program

if TYPE_CHECKING:
    import onnxruntime

_KINDS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}


def load_onnx(
    section: ModelSection, class_names: tuple[str, ...], weights: Path, _device: torch.device
) -> LoadedNetwork:
    """Load the network of a graph on the CPU.

    Raises:
        ModelError: where the file is no graph, is damaged, needs other files, or does not take images.
    """
    subject, n_classes = f"model '{section.id}'", len(class_names)
    file = read_sealed(weights, subject=subject)
    session = _session(file, subject)
    given = session.get_inputs()
    if len(given) != 1 or len(given[0].shape) != 4:
        shapes = ", ".join(f"{value.name} {value.shape}" for value in given)
        raise ModelError(
            f"{subject}: its graph takes {shapes}, expected one input of (images, channels, height, width)",
            hint="export the network alone, with one batch of images as its only input",
        )
    kind = _KINDS.get(given[0].type)
    if kind is None:
        raise ModelError(
            f"{subject}: its graph takes {given[0].type}, expected normalised numbers: {', '.join(_KINDS)}",
            hint="export the network without the step that normalises, and give its `mean` and `std`",
        )
    n_images, *frame = given[0].shape
    channels_last = frame[2] in (1, 3) and frame[0] not in (1, 3)
    height, width, n_channels = frame if channels_last else (*frame[1:], frame[0])
    check_channels(n_channels, section.channels, subject=subject)
    side = agreed_side(height, width, section.input_size, subject=subject)
    sizes = BatchSizes(n_images, n_images) if isinstance(n_images, int) and n_images > 0 else BatchSizes()
    names = [output.name for output in session.get_outputs()]
    errors = _errors()

    def program(images: torch.Tensor) -> object:
        placed = images.detach().cpu().permute(0, 2, 3, 1) if channels_last else images.detach().cpu()
        try:
            answers = session.run(None, {given[0].name: np.ascontiguousarray(placed.numpy().astype(kind))})
        except errors as error:
            raise RuntimeError(first_line(error)) from None
        found = [
            torch.from_numpy(np.asarray(answer, dtype=np.float32))
            for answer in answers
            if isinstance(answer, np.ndarray)
        ]
        if len(found) == 1:
            return found[0]
        return dict(zip(names, found, strict=True)) if "logits" in names else tuple(found)

    orders = stored_orders(session.get_modelmeta().custom_metadata_map)
    module = Sealed(program, n_classes=n_classes, sizes=sizes, orders=orders)
    return loaded_program(section, file, module, side)


def _session(file: SealedFile, subject: str) -> "onnxruntime.InferenceSession":
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(file.content, options, providers=["CPUExecutionProvider"])
    except _errors() as error:
        said = first_line(error)
        elsewhere = "xternal" in said
        raise ModelError(
            f"{subject}: {file.path}: "
            + (
                "its weights lie in other files"
                if elsewhere
                else f"onnxruntime cannot read it as a graph: {said}"
            ),
            hint="write it as one file: `torch.onnx.export(model, (image,), path, external_data=False)`"
            if elsewhere
            else "copy it again from its source, or export it again",
        ) from None


def _errors() -> tuple[type[Exception], ...]:
    """List the exceptions of onnxruntime: classes of its own, which share no ancestor but Exception."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    kinds: list[Any] = [
        kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    return (*kinds, RuntimeError, ValueError)
