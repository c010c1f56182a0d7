"""Skin and fundus studies, whole: a region that the audit file names is found or cleared, and no word is about a chest."""

import json
import re
from html import unescape

import numpy as np
import pytest
import yaml
from known_study import only_run, table
from PIL import Image
from round_studies import N_PATIENTS, round_audit, write_fundi, write_skin

from xaudit.cli.boundary import run_command_line

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

CHEST = re.compile(r"lung|thora|chest|nodule|tumou?r|cancer|\bribs?\b", re.IGNORECASE)


@pytest.fixture
def audited(tmp_path, monkeypatch, capsys):
    """Carries out an audit; gives its run folder and all that it said, errors included."""

    def audited(plain):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "audit.yaml").write_text(yaml.safe_dump(plain, sort_keys=False))
        assert run_command_line(["data", "check", "audit.yaml"]) == 0
        assert run_command_line(["run", "audit.yaml", "--exit-zero"]) == 0
        run = only_run(tmp_path / "runs")
        for form in (["--full"], ["--format", "markdown"], ["--format", "json"], ["--model-card"]):
            assert run_command_line(["report", str(run), *form]) == 0
        assert run_command_line(["show", str(run), "p0-0"]) == 0
        assert run_command_line(["data", "regions", "audit.yaml", "-o", str(tmp_path / "drawn")]) == 0
        said = capsys.readouterr()
        return run, re.sub(r'"\w+":', "", said.out + said.err)  # without the keys of the JSON

    return audited


def page_text(run):
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", (run / "report.html").read_text(), flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", page))


def verdicts(run):
    stored = json.loads((run / "gates.json").read_text())
    return stored["verdicts"] if isinstance(stored, dict) else stored


def findings(run):
    """The findings on regions by model and code."""
    codes = ("XA201", "XA202", "XA211", "XA212", "XA213")
    return {(one["model_id"], one["code"]): one for one in verdicts(run) if one["code"] in codes}


def area_sentences(run, model):
    return [one["sentence"] for one in verdicts(run) if (one["model_id"], one["code"]) == (model, "XA207")]


def gate_statuses(run):
    return {(one["model_id"], one["rule"]): one["status"] for one in verdicts(run) if one["gating"]}


def test_skin_with_a_ruler_as_a_category_of_the_marks_own_file(tmp_path, audited):
    write_skin(tmp_path)
    marks = {"path": "drawn.json", "labels": ["lesion"]}
    data = {"annotations": marks, "regions": {"own": {"ruler": "drawn.json"}}}
    run, said = audited(round_audit(data, "reliance-ruler <= .05", "mass-ruler@gradcam <= .4"))

    found = findings(run)
    assert set(found) == {("green", "XA201"), ("violet", "XA202"), ("violet", "XA211")}
    assert (
        "uses the ruler, not the marked lesion. Hiding the ruler lowers P(melanoma) by 1.00"
        in found["green", "XA201"]["sentence"]
    )
    assert "the ruler does not affect the answer" in found["violet", "XA211"]["sentence"]
    assert gate_statuses(run) == {
        ("violet", "reliance-ruler <= 0.05"): "pass",
        ("violet", "mass-ruler@gradcam <= 0.4"): "pass",
        ("green", "reliance-ruler <= 0.05"): "fail",
        ("green", "mass-ruler@gradcam <= 0.4"): "fail",
    }
    summaries = table(run, "summary").set_index(["model", "explainer", "metric"])["estimate"]
    assert summaries["green", "-", "reliance-ruler"] > 0.9
    assert summaries["green", "gradcam", "mass-ruler"] > 0.7
    assert abs(summaries["violet", "-", "reliance-ruler"]) < 0.01
    regions = set(table(run, "reliance")["region"])
    assert regions - {"all-but-mark"} == {"mark", "ruler", "border", "outside"}
    categories = table(run, "categories")
    assert set(
        categories[(categories["model"] == "green") & (categories["explainer"] == "gradcam")]["category"]
    ) == {"miss_ruler"}

    everything = said + page_text(run)
    assert "misses: ruler" in everything
    assert not CHEST.findall(everything)
    assert (np.asarray(Image.open(tmp_path / "drawn" / "data" / "ruler" / "p0-0.png")) > 0).sum() == 5 * 40
    assert "the masks of 'ruler'" not in everything


def test_fundi_with_an_optic_disc_where_evidence_may_be_and_text_where_none_is(tmp_path, audited):
    write_fundi(tmp_path)
    own = {"optic-disc": {"path": "masks/optic-disc", "evidence": True}, "text": "masks/text"}
    data = {"annotations": {"path": "drawn.json"}, "regions": {"own": own}}
    run, said = audited(round_audit(data, "reliance-text <= .05", "reliance-optic-disc <= .05"))

    found = findings(run)
    assert set(found) == {("green", "XA201"), ("violet", "XA202"), ("violet", "XA211")}
    assert "uses the text, not the marked lesion" in found["green", "XA201"]["sentence"]
    assert gate_statuses(run)["green", "reliance-text <= 0.05"] == "fail"
    assert gate_statuses(run)["violet", "reliance-text <= 0.05"] == "pass"
    assert not CHEST.findall(said + page_text(run))
    rows = re.findall(r"optic disc|image border|rest of the image|marked lesion|\btext\b", page_text(run))
    assert {"optic disc", "text", "marked lesion"} <= set(rows)


def test_skin_without_any_mark_gets_a_verdict_on_the_ruler(tmp_path, audited):
    write_skin(tmp_path, marks=False)
    data = {"positive": "melanoma", "regions": {"own": {"ruler": "masks/ruler"}}}
    run, said = audited(round_audit(data, "reliance-ruler <= .05"))

    found = findings(run)
    assert set(found) == {("green", "XA201"), ("violet", "XA211")}
    assert found["violet", "XA211"]["status"] == "pass"
    assert "uses the ruler. Hiding it lowers P(melanoma) by 1.00" in found["green", "XA201"]["sentence"]
    scores = table(run, "scores")
    own = scores[scores["metric"].isin(["reliance-ruler", "reliance-logit-ruler", "mass-ruler"])]
    assert any("the answer depends on the ruler" in one for one in area_sentences(run, "green"))
    assert not any("ruler" in one for one in area_sentences(run, "violet"))
    nowhere = "the map is zero everywhere: it points nowhere"
    assert set(own["reason"].dropna()) == {"this case shows no ruler", nowhere}  # the images of naevi
    n_values = 2 + 2  # two answers, and the maps of gradcam and random
    assert own["value"].notna().sum() == 2 * N_PATIENTS * n_values
    assert not CHEST.findall(said + page_text(run))
