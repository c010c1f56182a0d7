"""Files that are there whole or not at all, on full disks, locked folders and after kills."""

import errno
import os
import shutil
import stat
import subprocess
from pathlib import PosixPath

import pytest
from store_records import HASH, NOON

from xaudit.errors import OutputError
from xaudit.store import RunFolder
from xaudit.store.atomic_file import remove_leftovers, write_atomically

ELSEWHERE = "choose another folder with --out"
ROOM = "make room and give the same command again; finished work is kept"
NO_SUCH_PROCESS = 2**22 + 1  # one above the largest process id that Linux gives


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None:
        pytest.skip("there is no mount command here")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True)
    if done.returncode != 0:
        pytest.skip("mounting a small file system is not permitted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def as_nobody():
    """Runs the test without the superuser's rights."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


def test_a_file_is_replaced_whole(tmp_path):
    write_atomically(tmp_path / "a" / "b.txt", b"old")
    write_atomically(tmp_path / "a" / "b.txt", b"new")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"new"
    assert names(tmp_path / "a") == ["b.txt"]


def test_bytes_are_synced_before_the_name_is_given_and_the_folder_after(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, os.replace
    kind = {True: "folder", False: "file"}
    monkeypatch.setattr(
        os,
        "fsync",
        lambda fd: (steps.append(f"sync {kind[stat.S_ISDIR(os.fstat(fd).st_mode)]}"), fsync(fd)),
    )
    monkeypatch.setattr(os, "replace", lambda a, b: (steps.append("rename"), replace(a, b)))
    write_atomically(tmp_path / "a.txt", b"x")
    assert steps == ["sync file", "rename", "sync folder"]


@pytest.mark.parametrize("step", ["write", "fsync", "replace", "open"])
@pytest.mark.parametrize(
    ("code", "reason", "hint"),
    [
        (errno.ENOSPC, "the disk is full", ROOM),
        (errno.EDQUOT, "the disk quota is used up", ROOM),
        (errno.EROFS, "the file system is read-only", ELSEWHERE),
        (errno.EACCES, "no permission to write here", ELSEWHERE),
        (errno.EPERM, "no permission to write here", ELSEWHERE),
    ],
)
def test_a_refusal_at_any_step_keeps_the_old_file_and_leaves_nothing_else(
    tmp_path, monkeypatch, step, code, reason, hint
):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def refuse(*_arguments):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(os, step, refuse)
        with pytest.raises(OutputError) as caught:
            write_atomically(path, b"new and longer")
    assert (str(caught.value), caught.value.hint) == (f"{path}: {reason}", hint)
    assert int(caught.value.exit_code) == 2
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def test_a_failing_disk_is_no_fault_of_the_users_and_keeps_its_traceback(tmp_path, monkeypatch):
    def fail(_fd):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        write_atomically(tmp_path / "a.txt", b"x")
    assert names(tmp_path) == []


def test_ctrl_c_in_the_middle_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(_fd):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a.txt", b"x")
    assert names(tmp_path) == []


def test_a_write_that_takes_only_part_is_carried_on(tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, bytes(data)[:3]))
    write_atomically(tmp_path / "a.txt", b"0123456789")
    assert (tmp_path / "a.txt").read_bytes() == b"0123456789"


def test_a_really_full_disk_says_so_and_keeps_what_was_there(small_disk):
    run = RunFolder.create(small_disk, name="a", config_hash=HASH, now=NOON)
    run.save_bytes("kept.bin", b"old")
    with pytest.raises(OutputError) as caught:
        run.save_bytes("kept.bin", bytes(100_000))
    assert (str(caught.value), caught.value.hint) == (f"{run.path}/kept.bin: the disk is full", ROOM)
    assert names(run.path) == ["kept.bin", "status.json"]
    assert (run.path / "kept.bin").read_bytes() == b"old"
    run.save_bytes("small.bin", b"there is room again")


def test_a_really_read_only_disk_says_so(small_disk):
    done = subprocess.run(["mount", "-o", "remount,ro", small_disk], capture_output=True)
    if done.returncode != 0:
        pytest.skip("remounting is not permitted here")
    with pytest.raises(OutputError) as caught:
        RunFolder.create(small_disk / "runs", name="a", config_hash=HASH, now=NOON)
    assert str(caught.value) == f"{small_disk}/runs: the file system is read-only"


def test_a_folder_without_write_permission_is_named(tmp_path, as_nobody):
    if os.geteuid() != 65534:
        tmp_path.chmod(0o555)
    with pytest.raises(OutputError) as caught:
        RunFolder.create(tmp_path / "runs", name="a", config_hash=HASH, now=NOON)
    assert (str(caught.value), caught.value.hint) == (
        f"{tmp_path}/runs: no permission to write here",
        ELSEWHERE,
    )


def test_leftovers_of_dead_writers_go_and_those_of_living_ones_stay(tmp_path):
    dead = tmp_path / "scores" / f".part-0.parquet.{NO_SUCH_PROCESS}-0123abcd.tmp"
    living = tmp_path / f".status.json.{os.getpid()}-0123abcd.tmp"
    forgotten = tmp_path / f".status.json.{os.getpid()}-ffffffff.tmp"
    somebody_elses = tmp_path / ".notes.tmp"
    dead.parent.mkdir()
    for path in (dead, living, forgotten, somebody_elses):
        path.write_bytes(b"half")
    two_days = 2 * 24 * 3600
    os.utime(forgotten, (living.stat().st_mtime - two_days,) * 2)
    assert remove_leftovers(tmp_path) == 2
    assert names(tmp_path) == sorted([living.name, somebody_elses.name, "scores"])
    assert names(dead.parent) == []


def test_opening_a_run_removes_leftovers_unless_told_not_to(run):
    leftover = run.path / f".status.json.{NO_SUCH_PROCESS}-0123abcd.tmp"
    leftover.write_bytes(b"{")
    RunFolder.open_run(run.path, tidy=False)
    assert leftover.exists()
    RunFolder.open_run(run.path)
    assert not leftover.exists()


def test_a_writer_whose_temporary_file_was_cleared_away_writes_again(tmp_path, monkeypatch):
    replace = os.replace
    cleared = []

    def clear_first(source, target):
        if not cleared:
            cleared.append(source)
            source.unlink()
        replace(source, target)

    monkeypatch.setattr(os, "replace", clear_first)
    write_atomically(tmp_path / "a.txt", b"x")
    assert names(tmp_path) == ["a.txt"]
    assert len(cleared) == 1


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(pipe, b"whole")
    assert os.read(reader, 100) == b"whole"
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    os.close(reader)


def test_a_link_to_an_open_stream_is_written_to_and_stays_a_link(tmp_path):
    with (tmp_path / "file").open("wb") as file:
        link = tmp_path / "stdout"
        link.symlink_to(f"/proc/self/fd/{file.fileno()}")
        if not link.exists():
            pytest.skip("this system shows no open streams")
        write_atomically(link, b"whole")
        assert link.is_symlink()
    assert (tmp_path / "file").read_bytes() == b"whole"


def test_a_full_device_is_an_output_error():
    with pytest.raises(OutputError, match=r"(?m)^/dev/full: the disk is full$"):
        write_atomically(PosixPath("/dev/full"), b"whole")
