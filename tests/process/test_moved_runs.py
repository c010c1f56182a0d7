"""A run folder, or a whole project, that was moved or renamed: everything that reads it works, and it goes on."""

import json
import os

import pytest
from known_study import only_run, tables, write_audit

from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")

READERS = (
    ("report", "RUN"),
    ("report", "RUN", "--html", "--to", "page.html"),
    ("report", "RUN", "--figures", "--to", "figures"),
    ("gate", "RUN"),
    ("show", "RUN", "p0-0"),
    ("compare", "RUN", "--explainer", "gradcam", "lime"),
    ("diff", "RUN", "RUN"),
    ("config", "export", "RUN"),
)


def read_all(run, capsys):
    for args in READERS:
        capsys.readouterr()
        words = [os.fspath(run) if word == "RUN" else word for word in args]
        assert run_command_line(words) == 0, capsys.readouterr().err


def reused(run):
    work = json.loads((run / "outcome.json").read_text())["work"]
    return work["n_shards_reused"], work["n_shards"]


@pytest.mark.slow
def test_a_renamed_run_is_read_everywhere_and_goes_on_under_its_new_name(study, whole, capsys):
    write_audit(study)
    assert run_command_line(["run", "audit.yaml", "-q"]) == 0
    run = only_run(study / "runs").rename(study / "runs" / "for-the-paper")
    read_all("runs/for-the-paper", capsys)
    capsys.readouterr()
    assert run_command_line(["list", "runs"]) == 0
    assert "for-the-paper" in capsys.readouterr().out
    next(run.glob("scores/part-*")).unlink()
    assert run_command_line(["run", "audit.yaml", "-q"]) == 0
    assert only_run(study / "runs") == run
    assert tables(run) == whole
    done, of = reused(run)
    assert done == of - 1


def test_a_run_moved_to_another_folder_is_read_there_and_goes_on_there(study, whole, capsys):
    write_audit(study)
    assert run_command_line(["run", "audit.yaml", "-q"]) == 0
    (study / "archive").mkdir()
    run = only_run(study / "runs")
    run = run.rename(study / "archive" / run.name)
    read_all(f"archive/{run.name}", capsys)
    assert run_command_line(["run", "audit.yaml", "-q", "-o", "archive"]) == 0
    assert only_run(study / "archive") == run
    assert reused(run)[0] == reused(run)[1]
    assert tables(run) == whole


def test_a_project_moved_as_a_whole_goes_on_where_it_stopped(study, whole, monkeypatch):
    write_audit(study)
    assert run_command_line(["run", "audit.yaml", "-q"]) == 0
    before = only_run(study / "runs").name
    elsewhere = study.rename(study.parent / "on another disk")
    monkeypatch.chdir(elsewhere)
    assert run_command_line(["run", "audit.yaml", "-q"]) == 0
    run = only_run(elsewhere / "runs")
    assert run.name == before
    assert reused(run)[0] == reused(run)[1]
    assert tables(run) == whole


def test_the_same_audit_file_over_other_images_is_another_run(study, pristine, monkeypatch):
    import shutil

    audit = write_audit(study)
    assert run_command_line(["run", str(audit), "-q"]) == 0
    other = study.parent / "other"
    shutil.copytree(pristine, other)
    (other / "images" / "p0-2.png").write_bytes((other / "images" / "p1-2.png").read_bytes())
    audit = write_audit(other)
    assert run_command_line(["run", str(audit), "-q"]) == 0
    assert len(list((study / "runs").iterdir())) == 2
