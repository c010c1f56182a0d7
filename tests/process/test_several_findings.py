"""One entry of the audit file with several findings: each is audited as if it were alone, for the evaluations of one."""

import json

import known_network
import pytest
from findings_study import (
    GREEN,
    RED,
    UNKNOWN,
    findings_audit,
    findings_model,
    read_rows,
    write_findings,
    write_rows,
)
from known_study import only_run, table

from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")

QUICK = {
    "explainers": [{"name": "occlusion"}],
    "metrics": ["pointing-game"],
    "controls": ["random"],
    "reliance": {"enabled": False},
    "statistics": {"replicates": 100},
}
"""An audit of a second or two."""

ALL_TABLES = (
    *("cases", "annotations", "predictions", "maps", "map_facts", "scores", "reliance", "reliance_map", "reliance_areas"),
    *("image_changes", "summary", "categories", "mean_reliance", "map_clusters"),
)  # fmt: skip


@pytest.fixture
def several(study):
    write_findings(study)
    return study


@pytest.fixture
def evaluated(monkeypatch):
    """The images that the network was sent so far, in a list of one number."""
    count = [0]
    forward = known_network.ColourReader.forward

    def counted(self, images):
        count[0] += len(images)
        return forward(self, images)

    monkeypatch.setattr(known_network.ColourReader, "forward", counted)
    return count


def run(study, out, *findings, limit=4, **changes):
    path = findings_audit(study, *findings, name=f"{out}.yaml", **changes)
    assert run_command_line(["run", str(path), "-q", "--limit", str(limit), "-o", str(study / out)]) == 0
    return only_run(study / out)


def of_finding(run, name, finding):
    rows = table(run, name)
    if "finding" in rows:
        return rows[rows["finding"] == finding].reset_index(drop=True)
    own = set(table(run, "cases").query("finding == @finding")["case_id"])
    return rows[rows["case_id"].isin(own)].reset_index(drop=True)


def same_text(one, other):
    return one.map(str).to_csv() == other.map(str).to_csv()


def test_the_finding_is_a_column_and_named_in_words_and_what_is_not_known_is_counted(several, capsys):
    gates = ["pointing-game@occlusion >= 0.5"]
    folder = run(several, "runs", RED, GREEN, limit=8, gates=gates, **QUICK)
    screen = " ".join(capsys.readouterr().out.split())
    said = table(folder, "predictions")
    assert set(zip(said["model"], said["finding"], strict=True)) == {
        ("net (red mark)", "red mark"), ("net (green)", "green"),
    }  # fmt: skip
    # Output 2 sees the mark, output 0 the corner: each finding is answered rightly.
    assert (said["predicted"] == said["label"]).all()
    assert dict(table(folder, "cases")["finding"].value_counts()) == {
        "red mark": 24,
        "green": 24 - len(UNKNOWN),
    }
    note = "'green' is empty for 3 of 24 images (1 patient): the model was not asked about 'green' there"
    assert note in screen
    assert note in json.dumps(json.loads((folder / "outcome.json").read_text()), ensure_ascii=False)
    assert run_command_line(["gate", str(folder)]) == 0
    gated = capsys.readouterr().out
    for name in ("net (red mark)", "net (green)"):
        assert name in screen
        assert name in gated
    pair = ["--explainer", "occlusion", "--explainer", "random"]
    assert run_command_line(["compare", str(folder), "--model", "net (green)", *pair]) == 0
    compared = capsys.readouterr().out
    assert "net (green)" in compared
    assert "net (red mark)" not in compared


def refused(study, capsys, *findings, **changes):
    path = findings_audit(study, *findings, **changes)
    assert run_command_line(["run", str(path), "-q", "-o", str(study / "runs")]) == 2
    assert not (study / "runs").exists()
    out, err = capsys.readouterr()
    assert out == ""
    error, hint = err.strip().splitlines()[-2:]
    assert hint.startswith("hint: ")
    return error


@pytest.mark.parametrize(
    ("findings", "changes", "complaint"),
    [
        ((RED, {**GREEN, "name": "red mark"}), {}, "audit.yaml: models[0]: findings: 'red mark' stands twice"),
        ((RED, {**GREEN, "target": 4}), {}, "models[0]: findings: the target 4 of 'green' is out of range: the outputs are 0 to 3"),
        ((RED, {**GREEN, "column": "grene"}), {}, "findings.csv: no column is called 'grene'"),
        ((RED, {**GREEN, "marks": ["corners"]}), {}, "data.annotations.labels: marks.json marks nothing as 'corners'"),
        ((RED, GREEN), {"models": [findings_model(RED, GREEN, n_outputs=3)]}, "findings.safetensors: has 4 outputs, and the audit file gives it 3"),
    ],
)  # fmt: skip
def test_findings_that_cannot_be_audited_are_refused(several, capsys, findings, changes, complaint):
    assert complaint in refused(several, capsys, *findings, **changes)


def test_a_finding_without_labels_is_refused(several, capsys):
    write_rows(several, [[image, red, "", *more] for image, red, _, *more in read_rows(several)])
    assert "findings.csv: the column 'green' says 1 of no image" in refused(several, capsys, RED, GREEN)


@pytest.mark.slow
def test_every_table_of_a_whole_audit_is_that_of_each_finding_alone(several, evaluated):
    explainers = ["occlusion", "gradcam", {"name": "lime", "samples": 40, "segments": 12}]
    more = {"explainers": explainers, "sanity": {"steps": 2, "tests": ["mprt"], "explainers": ["gradcam"]}}
    costs, runs = {}, {}
    for out, findings in (("both", (RED, GREEN)), ("red", (RED,)), ("green", (GREEN,))):
        before = evaluated[0]
        runs[out] = run(several, out, *findings, limit=2, **more)
        costs[out] = evaluated[0] - before
    for out, finding in (("red", "red mark"), ("green", "green")):
        for name in ALL_TABLES:
            if not any(runs[out].glob(f"{name}*")):
                continue
            assert same_text(of_finding(runs["both"], name, finding), table(runs[out], name)), name
    # Every explainer but Grad-CAM, and every measure but those of a finding's own mark, asks about the same images.
    assert costs["both"] < 0.8 * (costs["red"] + costs["green"])
