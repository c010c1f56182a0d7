"""Weights written to disk, whole or not at all."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save

from xaudit.errors import OutputError


def save_safetensors(state: Mapping[str, torch.Tensor], path: Path, *, notes: Mapping[str, object]) -> None:
    """Write tensors and JSON notes atomically; raise OutputError if there is no permission or no space."""
    plain = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in state.items()
    }
    write_whole(path, save(plain, metadata={"xaudit": json.dumps(notes, sort_keys=True)}))


def write_whole(path: Path, content: bytes) -> None:
    """Write a temporary file, sync it and rename it, so that no reader sees half of it; raise OutputError if that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Named as the store names its own, which tidies up after a process that was killed.
        temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)  # there is none once it took the file's name
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written: {error.strerror}",
            hint="choose a folder with space and permission to write",
        ) from error
