"""``xaudit report --figures`` on a real run."""

import shutil

import pytest
from known_study import only_run, write_audit

from xaudit.cli.boundary import run_command_line


@pytest.fixture(scope="module")
def finished(pristine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures") / "study"
    shutil.copytree(pristine, folder)
    audit = write_audit(folder, report={"gallery": 5}, gates=[])
    assert run_command_line(["run", str(audit), "-q", "-o", str(folder / "runs")]) == 0
    return only_run(folder / "runs")


def test_figures_are_written_into_the_run_and_their_folder_is_named(finished, capsys):
    capsys.readouterr()
    assert run_command_line(["report", str(finished), "--figures"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{finished / 'paper-figures'}\n"
    assert "note:  no curves: not " in err
    names = {path.name for path in (finished / "paper-figures").iterdir()}
    assert {
        "confusion-marks.svg",
        "confusion-marks.pdf",
        "confusion-marks.csv",
        "overlays-marks.svg",
        "reliance-map-marks.svg",
        "reliance-map-marks.csv",
    } <= names
    for path in (finished / "paper-figures").glob("*.[sc]*"):
        assert str(finished.parent) not in path.read_text(encoding="utf-8")


def test_they_go_where_they_are_wanted_without_images(finished, tmp_path):
    args = ["report", str(finished), "--figures", "--no-images", "--to", str(tmp_path / "new" / "place")]
    assert run_command_line(args) == 0
    names = [path.name for path in (tmp_path / "new" / "place").iterdir()]
    assert names
    assert not any(name.startswith("overlays") for name in names)
    assert "reliance-map-marks.svg" in names


@pytest.mark.parametrize("other", ["--html", "--model-card"])
def test_one_kind_of_file_at_a_time(finished, capsys, other):
    assert run_command_line(["report", str(finished), "--figures", other]) == 2
    assert "one at a time" in capsys.readouterr().err


def test_a_file_in_the_way_is_an_error_with_a_hint(finished, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run_command_line(["report", str(finished), "--figures", "--to", str(tmp_path / "file")]) == 2
    err = capsys.readouterr().err
    assert err.splitlines()[-2].startswith("error: ")
    assert err.splitlines()[-1].startswith("hint: ")
