"""Setting of the C library that lets freed memory be used again without asking the system for it."""

import os
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"""Parameters of glibc's ``mallopt``."""

KEPT_BYTES = 2**31 - 1
"""Free memory at the end of the heap beyond this goes back to the system."""

_OF_THE_USER = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


def keep_freed_memory() -> bool:
    """Tell the C library of this process to keep large blocks for the next use; return True if it does.

    By default glibc takes each large tensor from the system and gives it back, and the system clears every page of
    it anew. The layers of a network make and free such tensors in each batch. What a user sets in the environment
    stays, and so does everything where the C library is not glibc.
    """
    if not sys.platform.startswith("linux") or any(name in os.environ for name in _OF_THE_USER):
        return False
    import ctypes

    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is None:
        return False
    return bool(set_option(_TRIM_THRESHOLD, KEPT_BYTES)) and bool(set_option(_MMAP_MAX, 0))
