"""Libraries that print warnings or log lines of what they read are not heard: they quote the file."""

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
    """Holds back all warnings, and the log lines of a library and its modules.

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
