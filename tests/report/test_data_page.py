"""The page, the JSON and the screen of a data audit, from made-up checks."""

import base64
import hashlib
from dataclasses import replace

import outcomes
import pytest
from test_html_page import Tree

from xaudit.records import DataAudit, DataCheck, DatasetCounts, Interval, Verdict
from xaudit.report.files.data_audit_json import data_audit_as_json, data_audit_table
from xaudit.report.files.markdown import csv_table
from xaudit.report.html.check_part import PICTURES
from xaudit.report.html.data_page import data_page
from xaudit.report.pictures.check_picture import webp_image
from xaudit.report.sections.data_audit.headline import headline
from xaudit.report.sections.data_audit.whole import SECTIONS, data_audit_sections
from xaudit.stages.data_audit import CHECKS, EXACT_COPIES


def audit(*checks, gates=(), skipped=(), n_other_gates=0):
    counts = DatasetCounts("data", 54, 18, "cancer", {"test": {"cancer": 27, "normal": 27}}, 1, ("a <note>",))
    return DataAudit(
        audit_id="small-data-0a1b2c3d",
        name="small",
        config_hash="0a1b2c3d4e5f6a7b",
        version="1.0",
        seed=0,
        datasets=(counts,),
        model_ids=("honest", "shortcut"),
        checks=checks,
        gates=gates,
        n_other_gates=n_other_gates,
        skipped=skipped,
    )


def test_every_check_has_a_section():
    assert {check.id for check in (*CHECKS, EXACT_COPIES)} == set(SECTIONS)
    assert set(PICTURES) <= set(SECTIONS)


def test_the_page_holds_every_part_and_runs_nothing():
    gate = Verdict("XA101", "fail", "honest", "honest", "ece <= 0.1", "is above", 0.17, 0.1, 18, kind="gate")
    check = replace(outcomes.calibration_check(), skipped=("<script>alert(1)</script> was skipped",))
    text = data_page(audit(check, gates=(gate,), n_other_gates=2))
    tree = Tree(text)
    assert [one["text"] for one in tree.all("h2")] == [
        "Verdict",
        "The data",
        "Calibration of the answers",
        "Not checked",
    ]
    assert tree.all("script") == []
    assert "&lt;script&gt;alert(1)" in text
    assert 'style="' not in text
    [policy] = [m["attrs"]["content"] for m in tree.all("meta") if "Content-Security" in str(m["attrs"])]
    [style] = tree.all("style")
    digest = base64.b64encode(hashlib.sha256(style["text"].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "script-src 'none'" in policy
    for words in (
        "ece &lt;= 0.1",
        "Reliability curve of honest",
        "2 further gates of the audit file",
        "a &lt;note&gt;",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("statuses", "skipped", "said"),
    [
        (("fail", "fail"), (), "Something is wrong: net: bad (XA431), and 1 more finding."),
        (
            ("pass",),
            (),
            "Nothing wrong was found. Checked: calibration of the answers. That is no proof that the data is sound.",
        ),
        (
            ("error",),
            ("model 'a' was not asked",),
            "Nothing wrong was found; 1 finding undecided. Checked: calibration of the answers. That is no proof that the data is "
            "sound. 1 thing could not be checked, see 'Not checked'.",
        ),
        ((), (), "Nothing could be checked: the reasons stand under 'Not checked'."),
    ],
)
def test_the_first_sentence_says_what_is_wrong_or_what_was_not_found(statuses, skipped, said):
    verdicts = tuple(Verdict("XA431", one, "net", "net", "calibration", "net: bad") for one in statuses)
    check = DataCheck("calibration", "Calibration of the answers", "data", verdicts=verdicts)
    assert headline(audit(check, skipped=skipped)) == said


def test_the_json_names_the_files_of_the_tables_and_the_table_has_a_row_for_each_result():
    check = replace(outcomes.calibration_check(), values={"brier": 3}, images={"pair": b"webp"})
    plain = data_audit_as_json(audit(check))
    [told] = plain["checks"]
    assert told["tables"] == [
        {"file": "calibration.parquet", "n_rows": 8},
        {"file": "calibration_curve.parquet", "n_rows": 4},
    ]
    assert told["values"] == {"brier": 3}
    assert told["model_values"]["honest"]["ece"]["high"] == 0.17
    assert "images" not in told
    lines = csv_table(data_audit_table(audit(check))).splitlines()
    assert lines[0].startswith("kind,dataset,check,subject,code_or_metric,status,value")
    assert [line.split(",")[0] for line in lines[1:]] == ["finding", "value", "value"]
    assert "value,data,calibration,honest,ece,,0.12,0.07,0.17,,," in lines


def test_a_second_data_set_is_named_over_its_checks():
    one = audit(outcomes.calibration_check(), replace(outcomes.calibration_check(), dataset_id="other"))
    several = replace(one, datasets=(*one.datasets, replace(one.datasets[0], dataset_id="other")))
    titles = [section.title for section in data_audit_sections(several)]
    assert titles[2:4] == ["Calibration of the answers: data", "Calibration of the answers: other"]
    files = [t["file"] for c in data_audit_as_json(several)["checks"] for t in c["tables"]]
    assert files[2:] == ["other-calibration.parquet", "other-calibration_curve.parquet"]


def test_an_image_is_embedded_and_its_text_escaped():
    assert webp_image(b"abc", 'a "pair"') == '<img src="data:image/webp;base64,YWJj" alt="a &#34;pair&#34;">'


def test_an_interval_of_a_value_is_written_with_all_digits():
    check = DataCheck(
        "calibration", "C", "data", model_values={"net": {"ece": Interval(0.1, None, None, "none")}}
    )
    assert "value,data,calibration,net,ece,,0.1,,,,," in csv_table(data_audit_table(audit(check)))
