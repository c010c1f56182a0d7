"""Choice of the device that computes."""

import torch

from xaudit.errors import ModelError


def choose_device(name: str) -> torch.device:
    """Return the device of that name; ``auto`` prefers CUDA to MPS to the CPU.

    Raises:
        ModelError: if this machine has no such device.

    Example:
        >>> choose_device("cpu")
        device(type='cpu')
    """
    kind, _, index = name.partition(":")
    match kind:
        case "auto":
            kind = "cuda" if _n_cuda() else "mps" if torch.backends.mps.is_available() else "cpu"
            return torch.device(kind)
        case "cpu":
            return torch.device("cpu")
        case "cuda" if index in ("", *map(str, range(_n_cuda()))) and _n_cuda():
            return torch.device(name)
        case "mps" if torch.backends.mps.is_available():
            return torch.device("mps")
        case "cuda" | "mps":
            raise ModelError(
                f"device '{name}' is not available on this machine",
                hint="use `auto`, which picks an available device",
            )
        case _:
            raise ModelError(f"no device is called '{name}'", hint="one of: auto, cpu, cuda, cuda:N, mps")


def _n_cuda() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0
