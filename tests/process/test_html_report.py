"""The page of a real run: written by ``run``, made again by ``report``, with and without images and ids."""

import base64
import json
import re
import shutil

import pytest
from known_study import only_run, write_audit

from xaudit.cli.boundary import run_command_line
from xaudit.stages import load_material
from xaudit.store.run_folder import RunFolder
from xaudit.store.tables import read_previews


@pytest.fixture(scope="module")
def finished(pristine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "study"
    shutil.copytree(pristine, folder)
    audit = write_audit(folder, report={"gallery": 5}, gates=[])
    assert run_command_line(["run", str(audit), "-q", "-o", str(folder / "runs")]) == 0
    return only_run(folder / "runs")


def without_pictures(text):
    return re.sub(r"data:image/webp;base64,[\w+/=]+", "", text)


def data_of(text):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text).group(1))


def test_a_run_leaves_a_page_with_its_worst_cases(finished):
    text = (finished / "report.html").read_text()
    data = data_of(text)
    assert len(data["views"]) == 5
    assert "marks: 5 of 16" in text
    assert all(one["image"].startswith("data:image/webp;base64,") for one in data["cases"])
    assert [one["id"] for one in data["explainers"]] == ["gradcam", "lime", "reliance map"]
    # Sick images carry a box of 8 × 10 pixels in a frame of 32 × 40.
    assert all(re.fullmatch(r"M\d+ \d+H\d+V\d+H\d+Z", one["outlines"]["0"]) for one in data["cases"])


def test_the_page_names_no_place_of_this_machine(finished):
    text = (finished / "report.html").read_text()
    assert finished.name in text
    assert str(finished.parent) not in text
    assert str(finished.parents[1]) not in text


def test_report_makes_the_same_page_again(finished, tmp_path, capsys):
    page = tmp_path / "again.html"
    assert run_command_line(["report", str(finished), "--html", "--to", str(page)]) == 0
    assert capsys.readouterr().out == f"{page}\n"
    assert page.read_text() == (finished / "report.html").read_text()


def test_a_page_without_images_and_ids_holds_neither(finished, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XAUDIT_HASH_KEY", "of this test")
    page = tmp_path / "shared.html"
    args = ["report", str(finished), "--html", "--no-images", "--hash-ids", "--to", str(page)]
    assert run_command_line(args) == 0
    text = page.read_text()
    stored = read_previews(RunFolder.open_run(finished))
    assert stored
    assert not any(base64.b64encode(one.webp).decode() in text for one in stored)
    assert not any("image" in map_ for view in data_of(text)["views"] for map_ in view["maps"])
    assert not re.search(r"\bp\d-\d\b|patient \d", without_pictures(text))
    assert run_command_line(args) == 0
    assert page.read_text() == text
    assert "thrown away" not in capsys.readouterr().err
    monkeypatch.delenv("XAUDIT_HASH_KEY")
    assert run_command_line(args) == 0
    assert page.read_text() != text
    assert "thrown away" in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--no-images"], ["--to", "x.html"]])
def test_what_only_a_page_has_is_refused_without_one(finished, option, capsys):
    assert run_command_line(["report", str(finished), *option]) == 2
    assert f"error: {option[0]}: only the page, the figures" in capsys.readouterr().err


def test_a_folder_that_takes_no_page_is_told(finished, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert (
        run_command_line(["report", str(finished), "--html", "--to", str(tmp_path / "file" / "x.html")]) != 0
    )
    assert "error: " in capsys.readouterr().err


def test_the_pages_comparisons_are_those_of_compare(finished, capsys):
    assert run_command_line(["compare", str(finished), "--format", "json"]) == 0
    compared = json.loads(capsys.readouterr().out)["comparisons"]
    found = load_material(finished).comparisons
    assert [(one.metric_id, one.p_adjusted, one.difference.low) for one in found] == [
        (one["metric_id"], one["p_adjusted"], one["difference"]["low"]) for one in compared
    ]
