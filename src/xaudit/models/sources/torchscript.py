"""TorchScript archives: a program in torch's own language, run by torch's own interpreter, and its weights.

That language can write files (``torch.save`` is a word of it), so the audit file must say that the archive is trusted.
"""

import io
import re
import warnings
import zipfile
from pathlib import Path

import torch

from xaudit.config import ModelSection
from xaudit.errors import ModelError
from xaudit.models.network.class_order import NAMES, stored_orders
from xaudit.models.network.sealed import DEFAULT_SIDE, Sealed, SealedFile, read_sealed
from xaudit.models.sources.archive import not_loaded, opened_archive
from xaudit.models.sources.loaded_network import LoadedNetwork, loaded_program

_WORDS_FOR_FILES = re.compile(r"\b(?:torch|ops\.aten)\.(save|from_file|load)\s*\(")
_LARGEST_LIST = 2**20
_SAVE_AGAIN = "write it with `torch.jit.save(torch.jit.script(model.eval()), path)`"


def load_torchscript(
    section: ModelSection, class_names: tuple[str, ...], weights: Path, device: torch.device
) -> LoadedNetwork:
    """Load the network of an archive, in evaluation mode on a device.

    Raises:
        ModelError: where the file is none, is damaged, or its program names files.
    """
    subject, n_classes = f"model '{section.id}'", len(class_names)
    file = read_sealed(weights, subject=subject)
    with opened_archive(file, subject=subject, what="TorchScript archive", again=_SAVE_AGAIN) as archive:
        _check_entries(archive, file, subject)
        extra = _extra_files(archive)
    try:
        with warnings.catch_warnings():
            # torch calls the format deprecated, which is no news to whoever has one.
            warnings.simplefilter("ignore", FutureWarning)
            network = torch.jit.load(io.BytesIO(file.content), map_location=device)  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError) as error:
        raise not_loaded(file, error, subject=subject, again=_SAVE_AGAIN) from None
    network = network.eval().float()
    for weight in network.parameters():
        weight.requires_grad_(False)

    def program(images: torch.Tensor) -> object:
        # The optimising executor rewrites the program after it has run a few times, and its last digits with it.
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
            return network(images)

    attributes = {name: getattr(network, name, None) for name in NAMES}
    orders = (*stored_orders(extra), *stored_orders(attributes))
    module = Sealed(program, n_classes=n_classes, orders=orders)
    return loaded_program(section, file, module, section.input_size or DEFAULT_SIDE)


def _extra_files(archive: zipfile.ZipFile) -> dict[str, str]:
    """Read the extra files of `torch.jit.save` that are called like a list of classes."""
    found = {}
    for entry in archive.infolist():
        folder, _, name = entry.filename.partition("/")[2].rpartition("/")
        stem = name.rpartition(".")[0] or name
        if folder == "extra" and stem.lower() in NAMES and entry.file_size < _LARGEST_LIST:
            found[stem] = archive.read(entry).decode("utf-8", errors="replace")
    return found


def _check_entries(archive: zipfile.ZipFile, file: SealedFile, subject: str) -> None:
    names = archive.namelist()
    inner = [name.partition("/")[2] for name in names]
    if "archive_format" in inner:
        raise ModelError(
            f"{subject}: {file.path} is a program of torch.export, no TorchScript archive",
            hint="set `source: exported`",
        )
    if "constants.pkl" not in inner or not any(name.startswith("code/") for name in inner):
        raise ModelError(
            f"{subject}: {file.path} is no TorchScript archive: it holds no program",
            hint="weights alone go with `source: torchvision`, `timm` or `python`",
        )
    for name in names:
        if name.endswith(".py"):
            text = archive.read(name).decode("utf-8", errors="replace")
            word = _WORDS_FOR_FILES.search(text)
            if word is not None:
                raise ModelError(
                    f"{subject}: {file.path}: its program reads or writes files (torch.{word[1]} in {name}) and was "
                    "not loaded",
                    hint="a classifier needs no files; ask whoever made it",
                )
