"""Suppression of libraries' warnings and log lines, which quote the file they read."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_lock = (
    threading.RLock()
)  # filters and levels belong to the whole process, and one look-up may ask for another


@contextmanager
def silent(library: str) -> Iterator[None]:
    """Suppress all warnings, and the log lines of a library and its modules, in this context.

    Args:
        library: the name of its logger.
    """
    log = logging.getLogger(library)
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = log.level
        # The loggers of its modules pass theirs over where it is merely disabled, and take its level.
        log.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            log.setLevel(before)
