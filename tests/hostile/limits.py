"""How a reader answers in a process of its own: what it says, how long it thinks, and how much memory it takes at most.

What counts is the memory that the child touches. Libraries reserve address space that they never use, so the system stops the
child at four times the limit only, for the sake of the machine that runs the tests.
"""

import functools
import multiprocessing
import os
import resource
import sys
import time
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path

MEMORY = 2**30
SECONDS = 2.0

_context = multiprocessing.get_context("forkserver")


@functools.cache
def _start_server() -> None:
    """A process that has imported the readers once, of which every child is a copy."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    try:
        _context.set_forkserver_preload(["entry_points"])
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


@dataclass(frozen=True)
class Answer:
    """What a reader did with a file.

    Attributes:
        kind: ``read``, ``refused`` for an error of the project, or the name of any other exception.
        said: the error and its hint.
        seconds: of the processor.
        memory: bytes beyond those of the start, at the highest.
    """

    kind: str
    said: str
    seconds: float
    memory: int


def answer_of(read, *arguments) -> Answer:
    """Calls a function of a module that a child can import."""
    _start_server()
    ours, theirs = _context.Pipe(duplex=False)
    child = _context.Process(target=_answer, args=(theirs, read, arguments))
    child.start()
    theirs.close()
    try:
        return Answer(*ours.recv()) if ours.poll(120) else Answer("hung", "", 120.0, 0)
    except EOFError:
        return Answer("died", "", 0.0, 0)
    finally:
        ours.close()
        child.join(5)
        child.kill()
        child.join()


def held(read, *arguments) -> Answer:
    """The answer, after checking that it is no crash and stayed within the limits."""
    answer = answer_of(read, *arguments)
    assert answer.kind in ("read", "refused"), answer
    assert answer.seconds < SECONDS, answer
    assert answer.memory < MEMORY, answer
    return answer


def refused(read, *arguments) -> str:
    """What a reader says that must refuse."""
    answer = held(read, *arguments)
    assert answer.kind == "refused", answer
    assert len(answer.said) < 2000
    return answer.said


def _answer(pipe, read, arguments):
    from xaudit.errors import XauditError

    before = _peak()
    resource.setrlimit(resource.RLIMIT_AS, (_now() + 4 * MEMORY, resource.RLIM_INFINITY))
    started, kind, said = time.process_time(), "read", ""
    try:
        read(*arguments)
    except XauditError as error:
        kind, said = "refused", f"{error} | {error.hint}"
    except BaseException as error:  # whatever it is, the test is to know
        kind, said = type(error).__name__, str(error)[:500]
    pipe.send((kind, said, time.process_time() - started, _peak() - before))


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _now():
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
