"""Limits on the threads of a process: those of NumPy and SciPy, and those of torch."""

import os
from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits


def one_blas_thread() -> AbstractContextManager[object]:
    """Limit matrix products of NumPy and SciPy to one thread in this context.

    An audit's matrices are small: a second thread saves less than it costs torch's threads to share the
    processors with a waiting thread. A sum in one thread is also the same on any number of processors.
    """
    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limits


def limit_threads(n_threads: int) -> None:
    """Limit this process to so many threads; call it before torch and NumPy are imported."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        os.environ[name] = str(n_threads)


def threads_each(n_processes: int) -> int:
    """Return the number of threads for each of several processes, which together use no more than this one would."""
    import torch

    return max(1, torch.get_num_threads() // n_processes)
