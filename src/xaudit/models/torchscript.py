"""TorchScript archives: a program in torch's own language, run by torch's own interpreter, and its weights.

That language can write files (``torch.save`` is a word of it), so the audit file must say that the archive is trusted.
"""

import io
import re
import warnings
import zipfile
import zlib

import torch

from xaudit.errors import ModelError
from xaudit.models.sealed import Sealed, SealedFile

_WORDS_FOR_FILES = re.compile(r"\b(?:torch|ops\.aten)\.(save|from_file|load)\s*\(")
_SAVE_AGAIN = "write it with `torch.jit.save(torch.jit.script(model.eval()), path)`"


def open_torchscript(file: SealedFile, *, subject: str, n_classes: int, device: torch.device) -> Sealed:
    """The network of an archive, in evaluation mode on a device.

    Raises:
        ModelError: where the file is none, is damaged, or its program names files.
    """
    _check(file, subject)
    try:
        with warnings.catch_warnings():
            # torch calls the format deprecated, which is no news to whoever has one.
            warnings.simplefilter("ignore", FutureWarning)
            network = torch.jit.load(io.BytesIO(file.content), map_location=device)  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            f"{subject}: {file.path} cannot be loaded: {_first_line(error)}",
            hint=f"copy it again from its source; {_SAVE_AGAIN}",
        ) from None
    network = network.eval().float()
    for weight in network.parameters():
        weight.requires_grad_(False)

    def program(images: torch.Tensor) -> object:
        # The optimising executor rewrites the program after it has run a few times, and its last digits with it.
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
            return network(images)

    return Sealed(program, n_classes=n_classes)


def _check(file: SealedFile, subject: str) -> None:
    stream = io.BytesIO(file.content)
    if not zipfile.is_zipfile(stream):
        raise ModelError(
            f"{subject}: {file.path} is no TorchScript archive, or was cut off",
            hint=f"copy it again from its source; {_SAVE_AGAIN}",
        )
    try:
        with zipfile.ZipFile(stream) as archive:
            _check_entries(archive, file, subject)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ModelError(
            f"{subject}: {file.path} is damaged: {_first_line(error)}", hint="copy it again from its source"
        ) from None


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


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
