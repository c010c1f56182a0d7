"""Misclassified images are explained beside the chosen ones, are shown, and change no number."""

import json

import numpy as np
import pandas as pd
import pytest
from known_study import everything, only_run, write_audit, write_study
from PIL import Image

import xaudit
from xaudit.cli.boundary import run_command_line
from xaudit.errors import DataError, ModelError
from xaudit.records import MisclassifiedCases, Problem
from xaudit.report.sections.closing import left_out_lines
from xaudit.stages import load_material, load_outcome
from xaudit.stages.work import misclassified

pytestmark = pytest.mark.usefixtures("one_thread")

FALSE_POSITIVES = ("p0-2", "p1-2", "p2-2", "p3-2")
FALSE_NEGATIVE = "p4-0"
QUICK = {
    "explainers": ["gradcam"],
    "metrics": ["relevance-mass-accuracy"],
    "controls": ["centre"],
    "run": {"figures": 0, "shard_size": 3, "max_error_rate": 0},
    "reliance": {"map": {"enabled": False}, "image": {"enabled": False}},
}


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    """The study with a red patch on four unmarked well images, and none on a marked sick one."""
    folder = write_study(tmp_path_factory.mktemp("wrong") / "study")
    for grey, name in enumerate((*FALSE_POSITIVES, FALSE_NEGATIVE), start=90):
        path = folder / "images" / f"{name}.png"
        pixels = np.full((40, 32, 3), grey, dtype=np.uint8)
        if name != FALSE_NEGATIVE:
            pixels[16:26, 12:20] = (230, 25, 25)
        Image.fromarray(pixels).save(path)
    return folder


def audited(folder, out, *options, code=0, **changes):
    audit = write_audit(folder, **{**QUICK, **changes})
    assert run_command_line(["run", str(audit), "-q", "-o", str(folder / out), *options]) == code
    return only_run(folder / out)


@pytest.fixture(scope="module")
def explained(wrong):
    return audited(wrong, "explained")


@pytest.fixture(scope="module")
def unexplained(wrong):
    return audited(wrong, "unexplained", "--set", "run.errors=0")


def without_errors(found):
    kept = {name: text for name, text in found.items() if not name.startswith(("misclassified", "previews"))}
    head = json.loads(kept["outcome.json"])
    return {
        **kept,
        "outcome.json": {key: one for key, one in head.items() if not key.startswith("misclassified")},
    }


def test_every_number_of_the_run_is_the_same_to_the_bit_with_and_without_them(explained, unexplained):
    with_errors, without = everything(explained), everything(unexplained)
    assert without_errors(with_errors) == without_errors(without)
    assert {"summary", "scores", "categories", "reliance", "gates.json", "outcome.json"} <= without.keys()
    assert {name for name in with_errors if name.startswith("misclassified")} == {
        f"misclassified_{name}" for name in ("maps", "map_facts", "reliance", "reliance_map", "categories")
    }
    assert [name for name in without if name.startswith("misclassified")] == ["misclassified_categories"]
    assert explained.name[-8:] == unexplained.name[-8:]  # the audit's hash


def test_the_numbers_of_misclassified_images_are_told(explained, unexplained):
    assert load_outcome(explained).misclassified == (MisclassifiedCases("marks", 5, 1, 4, 4),)
    assert load_outcome(unexplained).misclassified == (MisclassifiedCases("marks", 5, 1, 0, 0),)


@pytest.mark.slow
def test_failures_among_them_are_said_and_change_neither_numbers_nor_exit_code(
    wrong, unexplained, monkeypatch
):
    explain, ask = misclassified.explain, misclassified.ask_reliance

    def unasked(chunk, settings, *, seed):
        if any(case.case_id == "p1-2" for case, _ in chunk.pairs):
            raise DataError("p1-2: its mask is damaged")
        return ask(chunk, settings, seed=seed)

    def unexplained_map(chunk, spec, *, seed):
        if any(case.case_id == "p2-2" for case, _ in chunk.pairs):
            raise ModelError("the map is NaN")
        return explain(chunk, spec, seed=seed)

    monkeypatch.setattr(misclassified, "ask_reliance", unasked)
    monkeypatch.setattr(misclassified, "explain", unexplained_map)
    run = audited(wrong, "failing")
    assert without_errors(everything(run)) == without_errors(everything(unexplained))
    outcome = load_outcome(run)
    assert outcome.misclassified == (MisclassifiedCases("marks", 5, 1, 4, 3),)
    assert outcome.misclassified_problems == (
        Problem("p1-2", "explain", "p1-2: its mask is damaged"),
        Problem("p2-2", "explain", "the map is NaN"),
    )
    assert outcome.problems == ()
    lines = left_out_lines(outcome)
    said = "explained for their error, which changes no number: 1 image not explained: the map is NaN (p2-2)"
    assert said in lines
    # What failed is tried again, and nothing else.
    monkeypatch.undo()
    assert audited(wrong, "failing") == run
    assert load_outcome(run).misclassified == (MisclassifiedCases("marks", 5, 1, 4, 4),)
    assert load_outcome(run).misclassified_problems == ()


@pytest.mark.slow
def test_shares_of_a_divided_run_carry_them(wrong, explained):
    for index in (1, 2):
        audit = write_audit(wrong, **QUICK)
        words = ["run", str(audit), "-q", "-o", str(wrong / "shares"), "--shard", f"{index}/2"]
        assert run_command_line(words) == 0
    shares = sorted(map(str, (wrong / "shares").iterdir()))
    words = ["merge", *shares, "--audit", str(audit), "-q", "-o", str(wrong / "merged")]
    assert run_command_line(words) == 0
    assert everything(only_run(wrong / "merged")) == everything(explained)


@pytest.mark.slow
def test_a_run_that_goes_on_without_them_drops_them(wrong, unexplained):
    run = audited(wrong, "continued", "--set", "run.errors=2")
    assert len(list((run / "misclassified_maps").iterdir())) == 1
    assert audited(wrong, "continued", "--set", "run.errors=0") == run
    assert everything(run) == everything(unexplained)
    work = json.loads((run / "outcome.json").read_text())["work"]
    assert work["n_shards_reused"] == work["n_shards"]


@pytest.mark.slow
def test_a_limit_limits_them_too_and_patients_come_before_second_images(wrong):
    run = audited(wrong, "limited", "--limit", "2", gates=[])
    [counts] = load_outcome(run).misclassified
    assert (counts.n, counts.n_asked, counts.n_explained) == (5, 2, 2)


def test_the_page_shows_them_marked_as_errors_and_the_cells_say_what_is_missing(explained, unexplained):
    material = load_material(explained)
    beside = {view.case_id: view for view in material.views if view.is_error}
    assert set(beside) == set(FALSE_POSITIVES)
    assert all(view.cell == "FP" and view.maps["gradcam"].values is not None for view in beside.values())
    assert set(beside) <= set(material.previews)
    assert material.n_explained == {"marks": 16}
    assert material.explained["marks", "well", "sick"] == 4
    assert material.explained["marks", "sick", "sick"] == 15
    assert ("marks", "well", "well") not in material.explained
    stored = pd.read_parquet(explained / "misclassified_reliance")
    for case, view in beside.items():
        own = stored[stored.case_id == case]
        assert set(view.regions) == {"border", "outside"}
        for region, fall in view.regions.items():
            by_infill = own[own.region == region].beyond_random
            assert len(by_infill) > 1
            assert fall == pytest.approx(by_infill.mean(), abs=1e-12)
    # The patch lies inside: hiding the border takes nothing away.
    border = stored[stored.region == "border"]
    assert (border.probability_drop <= 0).all()
    assert not any(view.is_error for view in load_material(unexplained).views)


def test_a_shown_case_says_why_it_was_explained(explained, capsys):
    capsys.readouterr()
    assert run_command_line(["show", str(explained), "p0-2"]) == 0
    screen = capsys.readouterr().out
    assert "marks: says sick" in screen
    assert "Explained for its wrong answer; the case is in no number of the report." in screen
    assert "answer depends on it" in screen
    assert "X" in screen
    assert run_command_line(["show", str(explained), "p0-2", "--format", "json"]) == 0
    [model] = json.loads(capsys.readouterr().out)["models"]
    assert model["explained_for_its_error"]
    assert model["categories"] == {"gradcam": "unmarked"}
    assert set(model["regions"]) == {"border", "outside"}


def test_python_reads_their_maps(explained):
    run = xaudit.open_run(explained)
    saliency = run.saliency("p0-2", explainer="gradcam")
    assert saliency.shape == (40, 32)
    # The network reads red alone: the map lies on the patch, but for the blur of its grid.
    assert saliency.min() >= 0
    assert saliency[13:29, 10:22].sum() == pytest.approx(saliency.sum(), rel=1e-5)
    assert "p0-2" not in set(run.categories().case_id)


@pytest.mark.slow
def test_windows_asked_for_another_reason_are_not_asked_again(wrong):
    run = audited(wrong, "windows", reliance={"per_class": 20})
    assert not list((run / "misclassified_reliance").glob("*"))
    views = {view.case_id: view for view in load_material(run).views if view.is_error}
    assert set(views) == set(FALSE_POSITIVES)
    assert all(view.maps["reliance map"].highest is not None for view in views.values())
    assert all(set(view.regions) == {"border", "outside"} for view in views.values())


@pytest.mark.parametrize(
    ("value", "said"),
    [("-1", "greater than or equal to 0"), ("many", "integer"), ("2.5", "integer"), ("null", "integer")],
)
def test_bad_numbers_are_refused(study, capsys, value, said):
    write_audit(study)
    assert run_command_line(["run", "audit.yaml", "--set", f"run.errors={value}"]) == 2
    said_all = capsys.readouterr().err.splitlines()
    error, hint = said_all[-2:]
    assert error.startswith("error: ")
    assert "run.errors" in error
    assert said in error + hint
    assert not (study / "runs").exists()


@pytest.mark.slow
def test_none_are_added_where_the_chosen_cases_are_the_misclassified_ones(wrong):
    run = audited(wrong, "misclassified", run={"cases": "misclassified", "figures": 0}, gates=[])
    assert load_outcome(run).misclassified == (MisclassifiedCases("marks", 5, 5, 0, 0),)
