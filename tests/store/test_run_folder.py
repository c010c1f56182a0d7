"""Making a run's folder, finding it again, and refusing what is no run."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from store_records import HASH, NOON

from xaudit.errors import OutputError, RunFolderError
from xaudit.store import RunFolder, list_runs

OTHER_HASH = "fedcba9876543210"
LIST_HINT = "`xaudit list runs` lists the existing ones"
FRESH_HINT = "audit again with --fresh to replace it"


def rewrite(path, **changes):
    plain = json.loads(path.read_text())
    path.write_text(json.dumps({**plain, **changes}))


def test_the_folder_is_named_by_moment_audit_and_settings(tmp_path):
    berlin = timezone(timedelta(hours=1))
    run = RunFolder.create(
        tmp_path, name="chest", config_hash=HASH, now=datetime(2025, 3, 1, 13, 0, 0, tzinfo=berlin)
    )
    assert run.path == tmp_path / "20250301T120000Z-chest-01234567"
    assert run.run_id == run.path.name
    assert run.created == NOON
    assert json.loads((run.path / "status.json").read_text()) == {
        "schema_version": "1.6",
        "run_id": "20250301T120000Z-chest-01234567",
        "name": "chest",
        "config_hash": HASH,
        "created": "2025-03-01T12:00:00Z",
        "state": "running",
        "updated": "2025-03-01T12:00:00Z",
        "counts": {},
    }


def test_two_runs_of_one_second_get_two_folders(tmp_path):
    names = [RunFolder.create(tmp_path, name="a", config_hash=HASH, now=NOON).run_id for _ in range(3)]
    assert names == [f"20250301T12000{second}Z-a-01234567" for second in (0, 1, 2)]


def test_a_moment_without_a_time_zone_is_a_mistake_of_the_program(tmp_path):
    with pytest.raises(ValueError, match="has no time zone"):
        RunFolder.create(tmp_path, name="a", config_hash=HASH, now=datetime(2025, 3, 1))


def test_the_newest_run_with_the_same_settings_is_found(tmp_path):
    assert RunFolder.find(tmp_path / "nowhere", name="a", config_hash=HASH) is None
    RunFolder.create(tmp_path, name="a", config_hash=HASH, now=NOON)
    newest = RunFolder.create(tmp_path, name="a", config_hash=HASH, now=NOON + timedelta(days=1))
    RunFolder.create(tmp_path, name="b", config_hash=HASH, now=NOON + timedelta(days=2))
    RunFolder.create(tmp_path, name="a", config_hash=OTHER_HASH, now=NOON + timedelta(days=2))
    assert RunFolder.find(tmp_path, name="a", config_hash=HASH) == newest
    assert RunFolder.find(tmp_path, name="c", config_hash=HASH) is None


def test_settings_that_differ_only_after_eight_digits_are_other_settings(tmp_path):
    RunFolder.create(tmp_path, name="a", config_hash=HASH, now=NOON)
    assert RunFolder.find(tmp_path, name="a", config_hash=HASH[:8] + "00000000") is None


def test_an_audit_whose_name_ends_like_another_is_not_mistaken_for_it(tmp_path):
    RunFolder.create(tmp_path, name="my-a", config_hash=HASH, now=NOON)
    assert RunFolder.find(tmp_path, name="a", config_hash=HASH) is None


def test_opening_gives_back_the_run_that_was_made(run):
    assert RunFolder.open_run(run.path) == run


def test_a_renamed_folder_is_still_the_same_run(run, tmp_path):
    moved = run.path.rename(tmp_path / "for-the-paper")
    opened = RunFolder.open_run(moved)
    assert (opened.path, opened.run_id) == (moved, run.run_id)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(RunFolderError) as caught:
        RunFolder.open_run(tmp_path / "gone")
    assert (str(caught.value), caught.value.hint) == (f"{tmp_path}/gone: no such run folder", LIST_HINT)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(RunFolderError) as caught:
        RunFolder.open_run(tmp_path / "photos")
    assert (str(caught.value), caught.value.hint) == (f"{tmp_path}/photos: not a run folder", LIST_HINT)


def test_a_newer_major_version_is_refused_and_never_found(run):
    rewrite(run.path / "status.json", schema_version="2.0")
    with pytest.raises(RunFolderError) as caught:
        RunFolder.open_run(run.path)
    assert str(caught.value) == (
        f"{run.path}/status.json: written by a newer xaudit (schema 2.0; this one reads up to 1.x)"
    )
    assert caught.value.hint == "upgrade xaudit, or audit again with --fresh"
    assert RunFolder.find(run.path.parent, name="chest", config_hash=HASH) is None


def test_a_newer_minor_version_is_read(run):
    rewrite(run.path / "status.json", schema_version="1.7", mood="good")
    assert RunFolder.open_run(run.path) == run
    assert run.status.state == "running"


@pytest.mark.parametrize("rest", ["", "{", "[]", "{}", '{"schema_version": "x"}', "\x00\xff"])
def test_a_damaged_status_alone_says_so_when_opened_by_path(run, rest):
    (run.path / "status.json").write_text(rest, encoding="latin-1")
    with pytest.raises(RunFolderError, match="damaged: ") as caught:
        RunFolder.open_run(run.path)
    assert caught.value.hint == FRESH_HINT


def test_a_lost_status_is_made_good_by_the_manifest(run):
    run.save_json("manifest.json", run.identity)
    (run.path / "status.json").write_text("{")
    assert RunFolder.open_run(run.path) == run
    assert run.status.state == "interrupted"


def test_a_run_killed_before_its_status_was_written_is_found_and_goes_on(tmp_path):
    path = tmp_path / "20250301T120000Z-a-01234567"
    path.mkdir()
    run = RunFolder.find(tmp_path, name="a", config_hash=HASH)
    assert (run.path, run.created, run.status.state) == (path, NOON, "interrupted")
    run.set_state("running", now=NOON)
    assert RunFolder.open_run(path) == run


def test_the_state_and_its_counts_are_kept(run):
    run.set_state("incomplete", now=NOON + timedelta(minutes=4), counts={"cases": 12, "failed": 3})
    status = run.status
    assert (status.state, status.created, status.updated) == ("incomplete", NOON, NOON + timedelta(minutes=4))
    assert status.counts == {"cases": 12, "failed": 3}


def test_files_are_saved_with_the_folders_they_need(run):
    assert run.save_text("figures/net/a.svg", "é\n").read_bytes() == b"\xc3\xa9\n"
    assert run.save_bytes("a.bin", b"\x00") == run.path / "a.bin"
    assert json.loads(run.save_json("n.json", {"n": np.int64(3), "x": np.float64(0.5)}).read_text()) == {
        "n": 3,
        "x": 0.5,
    }


@pytest.mark.parametrize("value", [float("nan"), np.float32("inf")])
def test_json_never_holds_a_number_that_json_does_not_know(run, value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        run.save_json("x.json", {"value": value})
    assert not (run.path / "x.json").exists()


@pytest.mark.parametrize("name", ["", "../x", "/etc/x", "a/../../x"])
def test_nothing_is_written_outside_the_run(run, name):
    with pytest.raises(ValueError, match="not a path inside the run folder"):
        run.save_text(name, "x")


def test_a_file_where_the_runs_should_go_is_named(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(OutputError) as caught:
        RunFolder.create(tmp_path / "runs", name="a", config_hash=HASH, now=NOON)
    assert str(caught.value) == f"{tmp_path}/runs: a file stands where a folder is needed"
    assert caught.value.hint == "choose another folder with --out"


def test_the_list_shows_every_run_newest_first_and_why_one_cannot_be_read(tmp_path):
    done = RunFolder.create(tmp_path, name="a", config_hash=HASH, now=NOON)
    done.set_state("complete", now=NOON)
    newer = RunFolder.create(tmp_path, name="b", config_hash=HASH, now=NOON + timedelta(days=1))
    rewrite(newer.path / "status.json", schema_version="9.1")
    broken = RunFolder.create(tmp_path, name="c", config_hash=HASH, now=NOON + timedelta(days=2))
    (broken.path / "status.json").unlink()
    (tmp_path / "notes").mkdir()
    shown = [(entry.name, entry.state, entry.note) for entry in list_runs(tmp_path)]
    assert shown == [
        ("c", "unreadable", "damaged: neither status.json nor manifest.json can be read"),
        (
            "b",
            "unreadable",
            "status.json: written by a newer xaudit (schema 9.1; this one reads up to 1.x)",
        ),
        ("a", "complete", ""),
    ]
    assert list_runs(tmp_path / "nowhere") == ()


def test_listing_runs_imports_neither_pyarrow_nor_torch():
    code = "import sys, xaudit.store; print([m for m in ('pyarrow', 'torch', 'pandas', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a second process")
def test_two_processes_that_start_in_the_same_second_do_not_share_a_folder(tmp_path):
    children = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            RunFolder.create(tmp_path, name="a", config_hash=HASH, now=NOON)
            os._exit(0)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0, 0]
    assert len(list_runs(tmp_path)) == 4


def test_a_renamed_run_is_found_by_the_same_audit_and_listed(run, tmp_path):
    older = RunFolder.create(run.path.parent, name="chest", config_hash=HASH, now=NOON + timedelta(hours=1))
    moved = older.path.rename(run.path.parent / "for-the-paper")
    found = RunFolder.find(run.path.parent, name="chest", config_hash=HASH)
    assert (found.path, found.run_id) == (moved, older.run_id)
    assert [entry.run_id for entry in list_runs(run.path.parent)] == ["for-the-paper", run.run_id]


def test_after_a_clock_that_went_back_the_new_run_is_still_the_newest(tmp_path):
    first = RunFolder.create(tmp_path, name="a", config_hash=HASH, now=NOON)
    fresh = RunFolder.create(tmp_path, name="a", config_hash=HASH, now=NOON - timedelta(days=400))
    other = RunFolder.create(tmp_path, name="b", config_hash=OTHER_HASH, now=NOON - timedelta(days=1))
    assert [one.run_id[:16] for one in (first, fresh, other)] == [
        "20250301T120000Z",
        "20250301T120001Z",
        "20250301T120002Z",
    ]
    assert RunFolder.find(tmp_path, name="a", config_hash=HASH) == fresh
    assert list_runs(tmp_path)[0].run_id == other.run_id


def test_digits_that_are_no_date_do_not_stop_a_run(tmp_path):
    (tmp_path / "20259999T999999Z-a-01234567").mkdir()
    assert RunFolder.create(tmp_path, name="b", config_hash=HASH, now=NOON).created == NOON
