"""What the workers of the crew's tests do; they import this file by its name."""

import os
import sys
import time

from xaudit.engine.crew import Crew, ShardReport
from xaudit.errors import DataError


class AwkwardError(Exception):
    """Cannot be sent from one process to another."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def work(task):
    match task:
        case "fail":
            raise DataError("one.png: cannot be read", hint="restore it")
        case "awkward":
            raise AwkwardError("this", "that")
        case "die":
            os._exit(7)
        case "wait":
            yield ShardReport(f"{os.getpid()}", False)
            time.sleep(600)
        case _:
            yield ShardReport(f"{task} by {os.getpid()}", False, 3, 0.5)
            time.sleep(0.05)
            fits = (("net", 4 if task == "task 3" else 8),)
            yield ShardReport(f"{os.environ['OMP_NUM_THREADS']} threads", True, fits=fits)


def begin():
    return work


def cannot_begin():
    raise DataError("there are no images", hint="")


if __name__ == "__main__":  # a parent that is killed while its workers wait
    with Crew(2, begin, n_threads=1) as crew:
        for report in crew.do(["wait", "wait"]):
            sys.stdout.write(f"{report.name}\n")
            sys.stdout.flush()
        sys.exit("the workers waited no longer")
