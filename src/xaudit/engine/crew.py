"""Worker processes side by side: each gets one task at a time and reports each shard it has done.

A worker that was interrupted, killed or left alone by a dead parent stops where it is; what it wrote is whole.
"""

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess, parent_process
from types import TracebackType
from typing import Any, Self

from xaudit.engine.allocator import keep_freed_memory
from xaudit.engine.threads import limit_threads
from xaudit.errors import IncompleteRunError
from xaudit.streams import guard_standard_streams

_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ShardReport:
    """A worker's report that a shard is done, now or earlier.

    Attributes:
        n_evals: model evaluations that it cost.
        seconds: time spent inside the model.
        fits: number of images that fitted into this worker's memory, by model; of models for which a larger batch failed.
    """

    name: str
    reused: bool
    n_evals: int = 0
    seconds: float = 0.0
    fits: tuple[tuple[str, int], ...] = ()


Work = Callable[[Any], Iterator[ShardReport]]
"""Function that does one task and yields a report for each shard of it."""


@dataclass(frozen=True, slots=True)
class _TaskDone:
    """A worker's message that it waits for the next task."""


@dataclass(frozen=True, slots=True)
class _Failure:
    error: BaseException
    trace: str


@dataclass(frozen=True, slots=True)
class _Worker:
    process: BaseProcess
    connection: Connection


class Crew:
    """Worker processes, started when there is work and ended when the context is left.

    Args:
        n_workers: the largest number of processes at a time.
        begin: called once in each worker; the function it returns does the tasks. It is pickled, as tasks are.
        n_threads: number of threads of each worker.
    """

    def __init__(self, n_workers: int, begin: Callable[[], Work], *, n_threads: int) -> None:
        self._n_workers = n_workers
        self._begin = begin
        self._n_threads = n_threads
        self._workers: list[_Worker] = []
        self.n_evals = 0
        self.fits: dict[str, int] = {}
        self.seconds = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every worker: at once after an error, since finished work is stored already."""
        for worker in self._workers:
            worker.connection.close()
            if error is not None:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join(_STOP_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers.clear()

    def do(self, tasks: Sequence[Any]) -> Iterator[ShardReport]:
        """Do the tasks, each in one worker, in the order in which workers become free.

        Raises:
            IncompleteRunError: if a worker was killed.
            Exception: any error raised in a worker.
        """
        waiting = deque(tasks)
        while len(self._workers) < min(self._n_workers, len(waiting)):
            self._workers.append(self._start())
        busy: dict[Connection, _Worker] = {}
        for worker in self._workers:
            if waiting:
                _send(worker, waiting.popleft())
                busy[worker.connection] = worker
        while busy:
            for connection in wait(list(busy)):
                assert isinstance(connection, Connection)
                worker = busy[connection]
                match _received(worker):
                    case ShardReport() as report:
                        self.n_evals += report.n_evals
                        self.seconds += report.seconds
                        self.fits |= {
                            name: min(fits, self.fits.get(name, fits)) for name, fits in report.fits
                        }
                        yield report
                    case _Failure(error, trace):
                        error.add_note(f"in a worker process:\n{trace}")
                        raise error
                    case _:
                        if waiting:
                            _send(worker, waiting.popleft())
                        else:
                            del busy[connection]

    def _start(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._n_threads), daemon=True)
        with _interrupts_held_back():
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        _send(worker, self._begin)
        return worker


def _send(worker: _Worker, message: object) -> None:
    try:
        worker.connection.send(message)
    except (BrokenPipeError, ConnectionResetError):
        raise _killed(worker) from None


def _received(worker: _Worker) -> object:
    try:
        return worker.connection.recv()
    except (EOFError, ConnectionResetError):
        raise _killed(worker) from None


def _killed(worker: _Worker) -> IncompleteRunError:
    worker.process.join(_STOP_SECONDS)
    code = worker.process.exitcode
    how = f"by signal {-code}" if code is not None and code < 0 else f"with exit code {code}"
    return IncompleteRunError(
        f"a worker process ended {how} before its work was done",
        hint="repeat the command: finished work is kept. If memory ran out, use fewer --workers",
    )


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Start processes inside that ignore Ctrl-C; the parent stops them."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection, n_threads: int) -> None:
    """Run a worker until there is no more work."""
    guard_standard_streams()
    sys.stdout = sys.stderr  # a model's own code may print, and standard output holds the parent's results
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        limit_threads(n_threads)
        keep_freed_memory()
        work = connection.recv()()
        while True:
            for report in work(connection.recv()):
                connection.send(report)
            connection.send(_TaskDone())
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent has no more tasks, or is gone
    except BaseException as error:  # the outermost boundary of a worker: the parent raises it anew
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.send(_failure(error))


def _failure(error: BaseException) -> _Failure:
    trace = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  (made on this line)
    except Exception:  # not every error can be pickled
        return _Failure(RuntimeError(f"{type(error).__name__}: {error}"), trace)
    return _Failure(error, trace)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
