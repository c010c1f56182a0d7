"""Runs of other versions: an older one is read as far as it goes, a newer one is refused by name."""

import json
import shutil
from pathlib import Path

import pytest
from known_study import only_run, write_audit

from xaudit.cli.boundary import run_command_line
from xaudit.errors import RunFolderError
from xaudit.stages.outcome.read_outcome import RETIRED
from xaudit.store.migrations import Step, migrated

OLDER = Path(__file__).parent / "files" / "20261128T111314Z-known-366b7b97"
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def older(tmp_path, monkeypatch):
    """A run of schema version 1.0, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(OLDER, tmp_path / "runs" / OLDER.name)
    return f"runs/{OLDER.name}"


def bytes_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "args",
    [
        ("report", "RUN"),
        ("report", "RUN", "--format", "json"),
        ("report", "RUN", "--model-card"),
        ("report", "RUN", "--html", "--to", "page.html"),
        ("gate", "RUN", "--fail-under", "relevance-mass-accuracy@gradcam=0.5"),
        ("compare", "RUN", "--explainer", "gradcam", "random"),
        ("diff", "RUN", "RUN"),
        ("show", "RUN", "p0-0"),
        ("list", "runs"),
    ],
    ids=" ".join,
)
def test_a_run_of_schema_1_0_is_read_and_left_as_it_is(older, capsys, args):
    before = bytes_of(older)
    code = run_command_line([older if word == "RUN" else word for word in args])
    assert code == 0, capsys.readouterr().err
    assert bytes_of(older) == before


def test_its_report_says_what_it_said(older, capsys):
    assert run_command_line(["report", older, "--format", "json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    [verdict] = [one for one in plain["verdicts"] if one["code"] == "XA101"]
    assert verdict["status"] == "pass"
    assert plain["run_id"] == OLDER.name
    assert plain["categories"] == []
    # Its file says "gradcam on marks misreports", by a measure that no longer decides.
    assert "misreports" in (Path(older) / "gates.json").read_text(encoding="utf-8")
    assert [one["code"] for one in plain["verdicts"] if one["code"].startswith("XA30")] == []
    assert RETIRED in plain["notes"]
    assert run_command_line(["gate", older]) == 0
    assert "relevance-mass-accuracy@gradcam >= 0.5" in " ".join(capsys.readouterr().out.split())


def test_what_it_did_not_keep_is_said_by_name(older, capsys):
    assert run_command_line(["gate", older, "--gate-on", "mean"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"error: {OLDER.name}: was made before runs kept their gates",
        "hint:  name the limits with --fail-under, or run the audit again",
    ]


@pytest.fixture
def newer(study):
    """A finished run whose files say that a later major version wrote them."""
    write_audit(study)
    assert run_command_line(["run", "audit.yaml", "-q"]) == 0
    run = only_run(study / "runs")
    for name in ("status.json", "manifest.json", "outcome.json"):
        plain = json.loads((run / name).read_text())
        (run / name).write_text(json.dumps({**plain, "schema_version": "2.3"}))
    return f"runs/{run.name}"


def test_a_run_of_a_newer_major_version_is_refused_by_name_and_never_written_to(newer, study, capsys):
    before = bytes_of(newer)
    for args in (
        ("report", newer),
        ("gate", newer),
        ("show", newer, "p0-0"),
        ("compare", newer),
        ("diff", newer, newer),
        ("merge", newer),
    ):
        capsys.readouterr()
        assert run_command_line(list(args)) == 2, args
        assert capsys.readouterr().err.splitlines()[-2:] == [
            f"error: {newer}/status.json: written by a newer xaudit (schema 2.3; this one reads up to 1.x)",
            "hint:  upgrade xaudit, or audit again with --fresh",
        ]
    assert run_command_line(["run", "audit.yaml", "-q"]) == 0
    assert bytes_of(newer) == before
    assert len(list((study / "runs").iterdir())) == 2


def test_a_newer_outcome_in_an_older_folder_is_refused_too(older, capsys):
    path = Path(older) / "outcome.json"
    path.write_text(path.read_text().replace('"schema_version": "1.0"', '"schema_version": "2.0"'))
    assert run_command_line(["report", older]) == 2
    assert capsys.readouterr().err.splitlines()[0] == (
        f"error: {OLDER.name}/outcome.json: written by a newer xaudit (schema 2.0; this one reads up to 1.x)"
    )


def test_steps_are_applied_in_order_and_only_to_what_is_older():
    steps = (
        Step("a.json", "0.9", lambda plain: {**plain, "trail": [*plain["trail"], "to 0.9"]}),
        Step("b.json", "1.0", lambda plain: {**plain, "trail": ["of another file"]}),
        Step("a.json", "1.0", lambda plain: {**plain, "trail": [*plain["trail"], "to 1.0"]}),
        Step("a.json", "1.10", lambda plain: {**plain, "trail": [*plain["trail"], "to 1.10"]}),
    )

    def trail(version):
        return migrated("a.json", {"schema_version": version, "trail": []}, "a.json", steps)["trail"]

    assert trail("0.8") == ["to 0.9", "to 1.0", "to 1.10"]
    assert trail("0.9") == ["to 1.0", "to 1.10"]
    assert trail("1.9") == ["to 1.10"]
    assert trail("1.10") == []
    with pytest.raises(RunFolderError, match="written by a newer xaudit"):
        trail("2.0")
