"""Recognise that a network's batch did not fit into memory."""

import torch

ANOTHER_DEVICE = "free memory on the device, or choose another with `--device`"

_WORDS = ("out of memory", "defaultcpuallocator", "can't allocate memory")


def is_out_of_memory(error: Exception) -> bool:
    """Return True if an exception says that memory ran out.

    Example:
        >>> is_out_of_memory(RuntimeError("CUDA error: out of memory")), is_out_of_memory(RuntimeError("shape"))
        (True, False)
    """
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return any(word in str(error).lower() for word in _WORDS)
