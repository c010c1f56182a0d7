"""A full disk and a place that can only be read, on small file systems in memory."""

import subprocess
from contextlib import contextmanager

import pytest
from known_study import only_run, tables, write_audit

from xaudit.cli.boundary import run_command_line
from xaudit.store import list_runs

pytestmark = pytest.mark.usefixtures("one_thread")


def _mount(*args):
    try:
        done = subprocess.run(["mount", *map(str, args)], capture_output=True, text=True, timeout=20)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if done.returncode != 0:
        pytest.skip(f"mounting is not permitted: {done.stderr.strip()}")


@contextmanager
def _memory_disk(place, size):
    place.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", place)
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True, timeout=20)


def _refusal(capsys, *args):
    code = run_command_line([str(arg) for arg in args])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    error, hint = err.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint:  ")
    return error, hint


def test_a_place_that_can_only_be_read(study, capsys):
    audit = write_audit(study)
    with _memory_disk(study / "disk", "1m"):
        _mount("-o", "remount,ro", study / "disk")
        error, hint = _refusal(capsys, "run", audit, "-q", "-o", "disk")
        assert error == "error: disk: the file system is read-only"
        assert hint == "hint:  choose another folder with --out"
        assert list((study / "disk").iterdir()) == []


@pytest.mark.parametrize("size_kib", [8, 64, 128])
def test_a_disk_that_fills_up_stops_the_run_and_with_more_room_it_continues(study, whole, capsys, size_kib):
    audit = write_audit(study)
    with _memory_disk(study / "disk", f"{size_kib}k"):
        error, _ = _refusal(capsys, "run", audit, "-q", "-o", "disk")
        assert error.endswith(": the disk is full")
        assert error.startswith("error: disk/")
        assert all(run.state in ("running", "interrupted", "unreadable") for run in list_runs(study / "disk"))
        half_written = [
            path for path in (study / "disk").rglob("*") if path.is_file() and "part-" in path.name
        ]
        for path in half_written:
            if path.suffix == ".parquet":
                assert path.read_bytes()[-4:] == b"PAR1"
        _mount("-o", "remount,size=4m", study / "disk")
        assert run_command_line(["run", str(audit), "-q", "-o", "disk"]) == 0
        capsys.readouterr()
        assert tables(only_run(study / "disk")) == whole
