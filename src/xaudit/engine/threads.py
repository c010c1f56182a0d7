"""How many threads a process computes with: NumPy and SciPy, and torch, which has threads of its own."""

import os
from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits


def one_blas_thread() -> AbstractContextManager[object]:
    """Inside, matrix products of NumPy and SciPy take one thread.

    An audit's matrices are small: what a second thread saves is less than what it costs torch's threads to share the
    processors with one that waits. And a sum in one thread is the same on any number of processors.
    """
    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limits


def limit_threads(n_threads: int) -> None:
    """From now on this process computes with so many threads; call it before torch and NumPy are imported."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        os.environ[name] = str(n_threads)


def threads_each(n_processes: int) -> int:
    """How many threads each of several processes may take, so that together they take no more than this one would."""
    import torch

    return max(1, torch.get_num_threads() // n_processes)
