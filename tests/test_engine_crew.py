"""Processes that work side by side: each task done once, every failure told, and nobody left behind."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

import crew_tasks
from xaudit.engine.crew import Crew
from xaudit.errors import DataError, IncompleteRunError


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A child that nobody has waited for yet is there, and dead.
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"


def wait_until_gone(pids):
    deadline = time.monotonic() + 30
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "a worker outlived its crew"
        time.sleep(0.02)


def test_every_task_is_done_once_and_told_of_by_one_of_the_workers():
    with Crew(2, crew_tasks.begin, n_threads=3) as crew:
        news = [one.name for one in crew.do([f"task {number}" for number in range(6)])]
        more = [one.name for one in crew.do(["one more"])]
        cost = (crew.n_evals, crew.seconds)
        assert crew.fits == {"net": 4}  # the smaller of both workers
    by = [name.split(" by ") for name in news if " by " in name]
    assert sorted(name for name, _ in by) == [f"task {number}" for number in range(6)]
    pids = Counter(pid for _, pid in by)
    assert len(pids) == 2
    assert str(os.getpid()) not in pids
    assert news.count("3 threads") == 6
    assert more[0].split(" by ")[1] in pids
    assert cost == (7 * 3, 7 * 0.5)
    wait_until_gone(map(int, pids))


def test_no_more_workers_are_started_than_there_are_tasks():
    with Crew(8, crew_tasks.begin, n_threads=1) as crew:
        assert len(list(crew.do(["alone"]))) == 2
        assert len(crew._workers) == 1
        assert list(crew.do([])) == []


def names_of(tasks, *, n_workers=1, begin=crew_tasks.begin, told=lambda name: None):
    with Crew(n_workers, begin, n_threads=1) as crew:
        for news in crew.do(tasks):
            told(news.name)


def test_what_goes_wrong_in_a_worker_is_raised_with_its_hint_and_where_it_happened():
    with pytest.raises(DataError) as caught:
        names_of(["a", "fail", "b"], n_workers=2)
    assert (str(caught.value), caught.value.hint) == ("one.png: cannot be read", "restore it")
    assert "crew_tasks.py" in "".join(caught.value.__notes__)


def test_an_error_that_cannot_travel_is_told_in_words():
    with pytest.raises(RuntimeError, match="AwkwardError: this and that") as caught:
        names_of(["awkward"])
    assert "raise AwkwardError" in caught.value.__notes__[0]


def test_a_worker_that_cannot_begin_says_why():
    with pytest.raises(DataError, match="there are no images"):
        names_of(["a"], begin=crew_tasks.cannot_begin)


def test_a_worker_that_ends_without_a_word_leaves_the_run_incomplete():
    with pytest.raises(IncompleteRunError) as caught:
        names_of(["a", "die"], n_workers=2)
    assert str(caught.value) == "a worker process ended with exit code 7 before its work was done"
    assert "fewer --workers" in caught.value.hint
    assert int(caught.value.exit_code) == 4


def test_a_worker_that_is_killed_is_told_by_its_signal():
    with pytest.raises(IncompleteRunError, match="a worker process ended by signal 9"):
        names_of(["wait"], told=lambda name: os.kill(int(name), signal.SIGKILL))


def test_an_interruption_ends_every_worker_at_once():
    pids = []

    def interrupt_the_second(name):
        pids.append(int(name))
        if len(pids) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        names_of(["wait", "wait"], n_workers=2, told=interrupt_the_second)
    wait_until_gone(pids)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a kill that cannot be caught")
def test_workers_end_with_a_parent_that_is_killed():
    parent = subprocess.Popen([sys.executable, crew_tasks.__file__], stdout=subprocess.PIPE, text=True)
    pids = [int(parent.stdout.readline()) for _ in range(2)]
    parent.kill()
    parent.communicate()
    wait_until_gone(pids)
