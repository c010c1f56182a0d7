"""Who may work in a run folder: one process, for as long as it lives."""

import os
import subprocess
import sys

import pytest

from xaudit.errors import OutputError, RunFolderError
from xaudit.store import RunFolder
from xaudit.store.run_lock import LOCK_FILE, RunLock

HOLDER = """
import sys, time
from pathlib import Path
from xaudit.store.run_lock import RunLock
lock = RunLock.take(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
lock.release()
"""


@pytest.fixture
def holder(run):
    """Another process that holds the run's lock until its stdin is closed or it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, run.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_refused_with_the_first_ones_number(run, holder):
    with pytest.raises(RunFolderError) as caught:
        RunLock.take(run.path)
    assert str(caught.value) == (
        f"{run.path}: another xaudit process is working in this run folder (process {holder.pid})"
    )
    assert caught.value.hint == (
        "wait until it ends and repeat the command, or start another folder with --fresh"
    )
    assert int(caught.value.exit_code) == 2


def test_the_lock_goes_with_a_process_that_is_killed_though_its_file_stays(run, holder):
    holder.kill()
    holder.wait()
    assert (run.path / LOCK_FILE).read_text() == f"{holder.pid}\n"
    RunLock.take(run.path).release()
    assert not (run.path / LOCK_FILE).exists()


def test_the_lock_is_free_after_its_release_and_leaves_no_file(run, holder):
    holder.communicate("")
    assert not (run.path / LOCK_FILE).exists()
    lock = RunLock.take(run.path)
    assert (run.path / LOCK_FILE).read_text() == f"{os.getpid()}\n"
    lock.release()
    assert not (run.path / LOCK_FILE).exists()


@pytest.mark.parametrize("text", ["", "1\n", "not a number", "\xff\x00"])
def test_a_file_that_nobody_locks_means_nothing(run, text):
    (run.path / LOCK_FILE).write_text(text, encoding="latin-1")
    RunLock.take(run.path).release()


def test_one_process_takes_a_folder_once(run):
    first = RunLock.take(run.path)
    with pytest.raises(RunFolderError, match="another xaudit process is working"):
        RunLock.take(run.path)
    first.release()
    RunLock.take(run.path).release()


def test_a_lock_whose_file_was_taken_away_in_between_is_taken_again(run, monkeypatch):
    # The holder releases between our opening of its file and our locking of it: what we lock has no name any more.
    from xaudit.store import run_lock

    taken = []
    real = run_lock._lock

    def once_without_a_name(handle):
        real(handle)
        if not taken:
            (run.path / LOCK_FILE).unlink()
        taken.append(handle)

    monkeypatch.setattr(run_lock, "_lock", once_without_a_name)
    lock = RunLock.take(run.path)
    assert len(taken) == 2
    monkeypatch.undo()
    with pytest.raises(RunFolderError):
        RunLock.take(run.path)
    lock.release()


def test_where_the_file_system_knows_no_locks_the_work_goes_on_without(run, monkeypatch):
    import errno

    from xaudit.store import run_lock

    def cannot(handle):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(run_lock, "_lock", cannot)
    lock = RunLock.take(run.path)
    assert lock.handle is None
    lock.release()


def test_readers_are_not_held_up(run, holder):
    run.save_text("audit.resolved.yaml", "seed: 0\n")
    assert RunFolder.open_run(run.path) == run
    assert run.status.state == "running"


def test_a_folder_in_the_way_is_named(run):
    (run.path / LOCK_FILE).mkdir()
    with pytest.raises(OutputError) as caught:
        RunLock.take(run.path)
    assert str(caught.value) == f"{run.path}/{LOCK_FILE}: a folder stands where a file is needed"
