"""``xaudit show``: one case of a real run, drawn and scored."""

import json
import shutil
import subprocess
import sys

import pytest
from known_study import environment, only_run, write_audit

from xaudit.cli.boundary import run_command_line
from xaudit.errors import UsageError
from xaudit.stages.views.case_view import find_case


@pytest.fixture(scope="module")
def finished(pristine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("show") / "study"
    shutil.copytree(pristine, folder)
    audit = write_audit(folder, report={"gallery": 5}, gates=[])
    assert run_command_line(["run", str(audit), "-q", "-o", str(folder / "runs")]) == 0
    return only_run(folder / "runs")


def show(finished, capsys, *args):
    capsys.readouterr()
    code = run_command_line(["show", str(finished), *args])
    out, err = capsys.readouterr()
    return code, out, err


def views(finished, capsys):
    code, out, _ = show(finished, capsys, "p0-0.png", "--format", "json")
    assert code == 0
    return json.loads(out)


def test_a_case_is_drawn_with_its_mark_and_every_map(finished, capsys):
    pictured = next(
        name
        for name in (f"p{patient}-{turn}" for patient in range(8) for turn in range(2))
        if "kept no picture" not in show(finished, capsys, name, "--no-images")[1]
    )
    code, out, err = show(finished, capsys, pictured)
    assert (code, err) == (0, "")
    assert out.startswith(f"{pictured}: sick, 32 × 40 px, split test\n")
    assert "1 mark, 8 × 10 px" in out
    assert "marks: says sick (" in out
    titles = next(line for line in out.splitlines() if line.startswith("image, marked"))
    assert titles.split()[-1] == "gradcam"
    assert "  reliance map: under 0.02 everywhere" in out  # hiding one window alone leaves the answer near 1
    assert "X" in out
    assert "o" * 3 in out
    assert "pointing game (+)" in out
    assert max(map(len, out.splitlines())) <= 80


def test_the_same_is_there_as_json_with_every_metric(finished, capsys):
    plain = views(finished, capsys)
    assert plain["case_id"] == "p0-0"
    (model,) = plain["models"]
    assert (model["model"], model["target"]) == ("marks", "sick")
    assert sum(model["probabilities"].values()) == pytest.approx(1)
    scored = {(one["explainer"], one["metric"]) for one in model["scores"]}
    assert {("gradcam", "pointing-game"), ("-", "reliance-mark"), ("random", "pointing-game")} <= scored
    assert all(("value" in one) != ("unscored" in one) for one in model["scores"])


def test_chosen_explainers_stand_alone_and_controls_can_be_chosen(finished, capsys):
    code, out, _ = show(finished, capsys, "p0-0.png", "--no-images", "--explainer", "lime", "centre")
    assert code == 0
    heading = next(line for line in out.splitlines() if line.startswith("score"))
    assert heading.split() == ["score", "lime", "centre"]


def test_full_has_more_metrics(finished, capsys):
    _, short, _ = show(finished, capsys, "p0-0.png", "--no-images")
    _, long, _ = show(finished, capsys, "p0-0.png", "--no-images", "--full")
    assert len(long.splitlines()) > len(short.splitlines())


def test_a_case_that_nobody_marked_says_so(finished, capsys):
    code, out, _ = show(finished, capsys, "p0-2")
    assert code == 0
    assert "No reader has annotated this case." in out


@pytest.mark.parametrize(
    ("args", "error", "hint"),
    [
        (["p0_0"], "none of the run's 24 cases is called 'p0_0'", "did you mean 'p0-0'?"),
        (["p0-0", "-e", "limee"], "--explainer: the run has no explainer 'limee'", "did you mean 'lime'?"),
        (["p0-0", "--model", "other"], "--model: the run has no model 'other'", "the run has marks"),
        (["p0-0", "--width", "3"], "'--width': 3 is not in the range", "`xaudit show --help`"),
    ],
)
def test_what_the_run_does_not_have_is_named(finished, capsys, args, error, hint):
    code, out, err = show(finished, capsys, *args)
    assert (code, out) == (2, "")
    assert error in err.splitlines()[0]
    assert hint in err.splitlines()[1]


def test_a_folder_without_a_run_is_refused(tmp_path, capsys):
    code, _, err = show(tmp_path / "nothing", capsys, "a")
    assert code == 2
    assert "no such run folder" in err


def test_as_a_process_it_names_no_place_and_ends_with_0(finished):
    done = subprocess.run(
        [sys.executable, "-m", "xaudit", "show", str(finished), "p0-0"],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert str(finished.parent) not in done.stdout


def test_the_newest_run_is_called_by_a_dash(finished, capsys):
    code = run_command_line(["show", "-", "p0-0", "--no-images", "-o", str(finished.parent)])
    assert code == 0
    assert capsys.readouterr().out.startswith("p0-0: sick")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("a", "scans/a.png"),
        ("a.PNG", "scans/a.png"),
        ("scans/a", "scans/a.png"),
        ("1.2.3", "1.2.3"),
        ("1.2.3.dcm", "1.2.3"),
    ],
)
def test_a_short_name_means_the_one_case_that_ends_so(name, meant):
    assert find_case(["scans/a.png", "1.2.3", "1.2.4"], name) == meant


@pytest.mark.parametrize("name", ["1.2.9", "1.2", "other/a.png", "a.7", ""])
def test_no_other_case_is_meant_by_a_name_that_is_not_there(name):
    with pytest.raises(UsageError, match="none of the run's 3 cases"):
        find_case(["scans/a.png", "1.2.3", "1.2.4"], name)


def test_a_name_that_may_mean_several_cases_names_them():
    with pytest.raises(UsageError, match="'a' may be any of 2 cases") as raised:
        find_case(["left/a.png", "right/a.png"], "a")
    assert raised.value.hint == "write the whole id: left/a.png, right/a.png"
