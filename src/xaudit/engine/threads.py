"""How many threads NumPy and SciPy compute with; torch has threads of its own."""

from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits


def one_blas_thread() -> AbstractContextManager[object]:
    """Inside, matrix products of NumPy and SciPy take one thread.

    An audit's matrices are small: what a second thread saves is less than what it costs torch's threads to share the
    processors with one that waits. And a sum in one thread is the same on any number of processors.
    """
    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limits
