"""The manifest: what a run was made with, and never by whom or where."""

import getpass
import json
import os
import platform
import re
import subprocess
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from store_records import HASH, NOON

from xaudit import __version__
from xaudit.records import Annotation, Box, Case, Polygon
from xaudit.store.checksums import annotations_checksum, file_checksum, images_checksum
from xaudit.store.manifest import LIBRARIES, Contents, Invocation, build_manifest, git_state, library_versions

ROOT = Path(__file__).resolve().parents[2]


def invocation(argv=("xaudit", "run"), device="cpu", finished=None):
    return Invocation(argv, 7, device, 2, NOON, finished)


def git(folder, *arguments):
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_it_names_what_another_needs_to_repeat_the_run(run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    contents = Contents({"cases": 12}, {"net": "ab" * 32}, images="cd" * 32, annotations="ef" * 32)
    manifest = build_manifest(run, invocation(finished=NOON + timedelta(minutes=3)), contents)
    assert manifest.pop("libraries") == library_versions()
    assert manifest == {
        "schema_version": "1.6",
        "run_id": run.run_id,
        "name": "chest",
        "config_hash": HASH,
        "created": "2025-03-01T12:00:00Z",
        "xaudit": __version__,
        "python": platform.python_version(),
        "platform": {"system": platform.system(), "machine": platform.machine()},
        "hardware": {"device": "cpu", "cpu_count": os.cpu_count(), "torch_threads": 2},
        "git": None,
        "seed": 7,
        "command_line": ["xaudit", "run"],
        "started": "2025-03-01T12:00:00Z",
        "finished": "2025-03-01T12:03:00Z",
        "counts": {"cases": 12},
        "checksums": {"weights": {"net": "ab" * 32}, "images": "cd" * 32, "annotations": "ef" * 32},
        "plugins": [],
    }


def test_it_names_nobody_and_no_place(run, monkeypatch, tmp_path):
    home = tmp_path / "home" / "ada lovelace"
    here = home / "secret project"
    here.mkdir(parents=True)
    for name in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(name, "ada.lovelace")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("HOSTNAME", "difference-engine")
    monkeypatch.setattr(platform, "node", lambda: "engine.example.org")
    monkeypatch.chdir(here)
    argv = [
        f"{home}/.venv/bin/xaudit",
        "run",
        f"{here}/lung ct.yaml",
        "-o",
        str(home),
        f"-o{home}/out",
        f"--out={here}",
        f"--set=data.images={home}/x/scans",
        "--set",
        f"data.labels={here}/labels.csv",
        "/mnt/ada.lovelace/engine.example.org/file.yaml",
        "../ada.lovelace/b.yaml",
        "C:\\Users\\ada.lovelace\\c.yaml",
        "file:///mnt/d.yaml",
        "--explainer",
        "lime",
        "--fail-under",
        "iou@lime=0.3",
    ]
    manifest = build_manifest(run, invocation(argv, device="GPU 0 of difference-engine"), Contents())
    assert manifest["command_line"] == [
        "xaudit",
        "run",
        "lung ct.yaml",
        "-o",
        "…",
        "-oout",
        "--out=…",
        "--set=data.images=scans",
        "--set",
        "data.labels=labels.csv",
        "file.yaml",
        "../…/b.yaml",
        "c.yaml",
        "d.yaml",
        "--explainer",
        "lime",
        "--fail-under",
        "iou@lime=0.3",
    ]
    text = json.dumps(manifest, ensure_ascii=False)
    hidden = [
        "ada.lovelace",
        "ada lovelace",
        "secret project",
        "difference-engine",
        "engine.example.org",
        *(str(place) for place in (home, here, tmp_path)),
    ]
    assert [name for name in hidden if name in text] == []


def test_it_names_nobody_on_this_very_machine(run):
    text = json.dumps(build_manifest(run, invocation([str(Path.cwd() / "x")]), Contents()))
    places = [str(Path.home()), str(Path.cwd())]
    assert [place for place in places if place in text] == []
    people = {platform.node(), getpass.getuser()} - {"root", "localhost"}
    assert [name for name in people if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)] == []


def test_the_commit_is_named_and_whether_tracked_files_differ_from_it(tmp_path):
    assert git_state(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert git_state(tmp_path) is None, "no commit yet"
    (tmp_path / "audit.yaml").write_text("a: 1\n")
    git(tmp_path, "add", "audit.yaml")
    git(tmp_path, "commit", "-q", "-m", "first")
    commit = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "result").write_text("")
    assert git_state(tmp_path) == {"commit": commit, "dirty": False}
    (tmp_path / "audit.yaml").write_text("a: 2\n")
    assert git_state(tmp_path) == {"commit": commit, "dirty": True}
    assert git_state(tmp_path / "runs") == {"commit": commit, "dirty": True}


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state(ROOT) is None


def test_the_version_of_every_library_that_the_project_depends_on_is_named():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(one for extra in extras.values() for one in extra)]
    names = [re.match(r"[A-Za-z0-9-]+", text)[0] for text in wanted]
    assert [name for name in names if name not in LIBRARIES] == []
    assert library_versions()["numpy"] == __import__("numpy").__version__


def test_a_library_that_is_not_installed_has_no_version(monkeypatch):
    monkeypatch.setattr("xaudit.store.manifest.LIBRARIES", ("no-such-distribution",))
    assert library_versions() == {"no-such-distribution": None}


def test_checksums_do_not_depend_on_order_and_notice_every_change(tmp_path):
    # SHA-256 of the three bytes "abc", as in FIPS 180-2.
    (tmp_path / "w").write_bytes(b"abc")
    assert file_checksum(tmp_path / "w") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    one, two = (Case(name, None, "d", "p", name * 2, "x", "test", 1, 1) for name in "ab")
    assert images_checksum([one, two]) == images_checksum([two, one]) != images_checksum([one])
    box, outline = Box(0, 0, 1, 1), Polygon(((0, 0), (1, 1)))
    marks = [Annotation("a", "r1", box), Annotation("a", "r2", outline), Annotation("b", "r1", None)]
    assert annotations_checksum(marks) == annotations_checksum(marks[::-1])
    moved = [Annotation("a", "r1", Box(0, 0, 1, 2)), *marks[1:]]
    assert annotations_checksum(moved) != annotations_checksum(marks)


@pytest.mark.parametrize("finished", [None, NOON])
def test_it_can_be_saved_while_the_run_is_under_way_and_when_it_ended(run, finished):
    run.save_json("manifest.json", build_manifest(run, invocation(finished=finished), Contents()))
    saved = json.loads(run.manifest_path.read_text())
    assert saved["finished"] == (None if finished is None else "2025-03-01T12:00:00Z")
