"""Programs of ``torch.export``: a graph of torch's operations, and its weights.

torch reads pickles that such a file may hold, and evaluates the sizes in it as Python. So the audit file must say that
the program is trusted, and a file that holds any pickle of more than tensors is not loaded at all.
"""

import io
import json
import re
import zipfile
from pathlib import Path

import torch

from xaudit.config import ModelSection
from xaudit.errors import ModelError
from xaudit.models.network.sealed import (
    BatchSizes,
    Sealed,
    SealedFile,
    agreed_side,
    check_channels,
    read_sealed,
)
from xaudit.models.sources.archive import CODE_ERRORS, not_loaded, opened_archive
from xaudit.models.sources.loaded_network import LoadedNetwork, loaded_program
from xaudit.models.weights.checkpoint import code_in

_KNOWN = re.compile(
    r"archive_format|archive_version|byteorder|version|\.data/\w+|models/\w+\.json"
    r"|data/weights/(weight_\d+|\w+_config\.json)|data/constants/(tensor_\d+|\w+_config\.json)"
    r"|data/sample_inputs/\w+\.pt"
)
_UNLIMITED = 2**31
_EXPORT_AGAIN = "export it again: `torch.export.save(torch.export.export(model.eval(), (image,)), path)`"
_LOAD_ERRORS = (*CODE_ERRORS, zipfile.BadZipFile)


def load_exported(
    section: ModelSection, class_names: tuple[str, ...], weights: Path, device: torch.device
) -> LoadedNetwork:
    """Load the network of a program on a device.

    Raises:
        ModelError: where the file is none, is damaged, holds a pickle of more than tensors, or does not take images.
    """
    subject, n_classes = f"model '{section.id}'", len(class_names)
    file = read_sealed(weights, subject=subject)
    with opened_archive(
        file, subject=subject, what="program of torch.export", again=_EXPORT_AGAIN
    ) as archive:
        _check_entries(archive, file, subject)
    try:
        program = torch.export.load(io.BytesIO(file.content))
    except _LOAD_ERRORS as error:
        again = f"{_EXPORT_AGAIN} with the torch that is installed here"
        raise not_loaded(file, error, subject=subject, again=again) from None
    sizes, side = _frame(program, subject, section.channels, section.input_size)
    if device.type != "cpu" or any(weight.device != device for weight in program.state_dict.values()):
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(program, device)
    network = program.module()
    for weight in network.parameters():
        weight.requires_grad_(False)
    module = Sealed(lambda images: network(images), n_classes=n_classes, sizes=sizes)
    return loaded_program(section, file, module, side)


def _check_entries(archive: zipfile.ZipFile, file: SealedFile, subject: str) -> None:
    inner = {name.partition("/")[2]: name for name in archive.namelist()}
    if "archive_format" not in inner or archive.read(inner["archive_format"]) != b"pt2":
        script = any(name.startswith("code/") for name in inner)
        raise ModelError(
            f"{subject}: {file.path} is no program of torch.export, or one of an older torch",
            hint="set `source: torchscript`" if script else _EXPORT_AGAIN,
        )
    for name, entry in inner.items():
        code = None
        if not _KNOWN.fullmatch(name):
            code = name
        elif name.endswith("_config.json"):
            plain = json.loads(archive.read(entry)).get("config", {})
            code = next((key for key, about in plain.items() if about.get("use_pickle")), None)
        elif name.startswith("data/sample_inputs/"):
            code = code_in(io.BytesIO(archive.read(entry)))
        if code is not None:
            raise ModelError(
                f"{subject}: {file.path}: the file holds more than a graph and its tensors ('{code}') and was not loaded",
                hint=f"{_EXPORT_AGAIN}, without objects of your own",
            )


def _frame(
    program: torch.export.ExportedProgram, subject: str, channels: int, input_size: int | None
) -> tuple[BatchSizes, int]:
    """Return how many images a program takes at a time, and the side of each; raises ModelError where it takes none."""
    names = program.graph_signature.user_inputs
    values = {node.name: node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"}
    given = [values.get(name) for name in names if isinstance(name, str)]
    if len(given) != 1 or not isinstance(given[0], torch.Tensor) or given[0].ndim != 4:
        shapes = (
            ", ".join(str(tuple(value.shape)) for value in given if isinstance(value, torch.Tensor)) or "none"
        )
        raise ModelError(
            f"{subject}: takes inputs of shape {shapes}, expected one of (images, channels, height, width)",
            hint="export the network with one batch of images as its only input",
        )
    if given[0].dtype != torch.float32:
        raise ModelError(
            f"{subject}: takes {given[0].dtype}, expected torch.float32",
            hint="export it after `model.float()`",
        )
    n_images, n_channels, height, width = given[0].shape
    check_channels(n_channels, channels, subject=subject)
    side = agreed_side(height, width, input_size, subject=subject)
    if isinstance(n_images, int):
        return BatchSizes(n_images, n_images), side
    limits = program.range_constraints.get(n_images.node.expr)
    if limits is None:
        return BatchSizes(), side
    most = int(limits.upper) if limits.upper < _UNLIMITED else None
    return BatchSizes(max(1, int(limits.lower)), most), side
