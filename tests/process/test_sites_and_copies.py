"""Results told apart by site, and augmented images from originals: from the table or the file names to gates."""

import csv
import json

import pytest
from known_study import only_run, read_labels, study_audit, table, write_audit

from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")

QUICK = {
    "metrics": ["iou"],
    "explainers": ["gradcam", {"name": "occlusion", "window": 0.25, "stride": 0.25}],
    "controls": ["random"],
    "reliance": {"enabled": False},
    "gates": [],
}


def with_columns(folder):
    """Patients 0 to 5 are of the North and scanner A, the last two of the South; each patient's second slice is a copy."""
    rows = [
        [
            *row,
            *(("South", "None") if row[2][-1] in "67" else ("North", "A")),
            "yes" if row[0].endswith("-1.png") else "no",
            f"Roe {row[2]}",
        ]
        for row in read_labels(folder)
    ]
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["image", "label", "patient", "split", "site", "scanner", "augmented", "name"], *rows]
        )


def asked(**statistics):
    return {**QUICK, "statistics": {"replicates": 200, **statistics}}


def test_every_summary_and_gate_can_ask_a_site_or_the_originals(study, capsys):
    with_columns(study)
    audit = asked(strata=["site", "augmented", "scanner", "file-format"])
    audit["gates"] = [f"iou@gradcam%{part} >= 0.5" for part in ("site=North", "augmented=no", "scanner=A")]
    audit["data"] = {**study_audit()["data"], "attributes": ["scanner"]}
    assert run_command_line(["run", str(write_audit(study, **audit))]) == 0
    shown = capsys.readouterr().out
    run = only_run(study / "runs")
    rows = table(run, "summary").query("metric == 'iou' and explainer == 'gradcam'").set_index("stratum")
    assert rows.loc["site=North", ["n_cases", "n_patients"]].tolist() == [12, 6]
    assert rows.loc["site=South", ["n_cases", "n_patients"]].tolist() == [4, 2]
    assert rows["low"].isna()["site=South"]
    assert rows.loc["augmented=no", ["n_cases", "n_patients"]].tolist() == [8, 8]
    assert {"augmented=yes", "scanner=unknown", "file-format=png"} <= set(rows.index)
    assert (
        rows.loc["scanner=A", ["n_cases", "n_patients", "low"]].tolist()
        == rows.loc["site=North", ["n_cases", "n_patients", "low"]].tolist()
    )
    assert "site=North" in shown
    cases = table(run, "cases")
    assert set(cases["site"]) == {"North", "South"}
    scanner = table(run, "attributes").query("attribute == 'scanner'")
    assert set(scanner["case_id"]) == set(cases.query("site == 'North'")["case_id"])
    assert (set(scanner["level"]), set(scanner["source"])) == ({"A"}, {"table"})
    # The column that nobody named is in no table and no text.
    assert not any(b"Roe " in file.read_bytes() for file in run.rglob("*") if file.is_file())
    compared = ["compare", str(run), "--explainer", "gradcam", "occlusion", "--format", "json", "--by"]
    for name, parts in (
        ("site", {"site=North", "site=South"}),
        ("scanner", {"scanner=A", "scanner=unknown"}),
    ):
        assert run_command_line([*compared, name]) == 0
        strata = {one["stratum"] for one in json.loads(capsys.readouterr().out)["comparisons"]}
        assert parts <= strata


def test_a_gate_on_a_level_that_no_image_has_is_refused_before_the_run(study, capsys):
    with_columns(study)
    audit = {**asked(strata=["scanner"]), "gates": ["iou%scanner=B >= 0.5"]}
    audit["data"] = {**study_audit()["data"], "attributes": ["scanner"]}
    assert run_command_line(["config", "validate", str(write_audit(study, **audit))]) == 2
    assert "gates[0]: scanner has no part 'B' in this data" in " ".join(capsys.readouterr().err.split())


def test_file_names_can_say_what_is_augmented(study):
    data = {**study_audit()["data"], "augmented_pattern": r"-1\."}
    audit = {**asked(strata=["augmented"]), "data": data}
    assert run_command_line(["run", str(write_audit(study, **audit)), "-q"]) == 0
    cases = table(only_run(study / "runs"), "cases").set_index("case_id")["augmented"]
    assert {case: bool(value) for case, value in cases.items()} == {
        case: case.endswith("-1") for case in cases.index
    }


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"augmented_pattern": "aug_"}, "data.augmented_pattern: 'aug_' is found in the path of no image"),
        ({"augmented_pattern": "png"}, "data.augmented_pattern: 'png' is found in the path of every image"),
        ({"augmented_pattern": "("}, "augmented_pattern: not a regular expression"),
        ({}, "statistics.strata: the data says of no case what its 'augmented' is"),
    ],
)
def test_what_tells_nothing_apart_is_refused(study, capsys, data, problem):
    audit = {**asked(strata=["augmented"]), "data": {**study_audit()["data"], **data}}
    assert run_command_line(["run", str(write_audit(study, **audit))]) == 2
    assert problem in " ".join(capsys.readouterr().err.split())


def test_column_and_pattern_together_are_refused(study, capsys):
    with_columns(study)
    data = {**study_audit()["data"], "augmented_pattern": r"-1\."}
    assert run_command_line(["run", str(write_audit(study, **{**QUICK, "data": data}))]) == 2
    assert "the table has a column 'augmented' already" in " ".join(capsys.readouterr().err.split())


def test_a_run_that_knows_no_sites_is_not_compared_by_them(study, capsys):
    audit = {**QUICK, "run": {"figures": 0, "limit": 4}}
    assert run_command_line(["run", str(write_audit(study, **audit)), "-q"]) == 0
    run = str(only_run(study / "runs"))
    assert run_command_line(["compare", run, "--by", "site"]) == 2
    assert "knows the site of no case" in " ".join(capsys.readouterr().err.split())
