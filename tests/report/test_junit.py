"""The JUnit document, held to a golden file, to two published schemas and to what a CI server counts.

`XAUDIT_GOLDEN=write pytest tests/report` writes the golden file anew; read the difference before you commit it.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import outcomes
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xaudit.errors import IncompleteRunError, NothingScoredError
from xaudit.records import Verdict
from xaudit.report.files.junit import junit_of_unanswered, junit_xml

sys.path.insert(0, str(Path(__file__).parent.parent / "references"))
from junit_schema import faults

GOLDEN = Path(__file__).parent.parent / "golden" / "junit-phantom.xml"
GATES = (
    "reliance-mark >= 0.2",
    "pixel-auroc@lime >= 0.3",  # the controls keep it too
    "pointing-game@occlusion%lesion-size=small >= 0.1",  # no such stratum
    {"gate": "reliance-border <= 0.1", "informational": True},
)


def gated(gates=GATES, **kwargs):
    outcome = outcomes.phantom_outcome()
    return replace(outcome, verdicts=outcomes.verdicts(outcome.summaries, gates=gates, **kwargs))


def only(verdict):
    return replace(outcomes.phantom_outcome(), verdicts=(verdict,))


def test_the_document_is_as_reviewed():
    text = junit_xml(gated())
    if os.environ.get("XAUDIT_GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_a_suite_is_a_model_or_an_explainer_and_a_case_is_a_gate():
    root = ElementTree.fromstring(junit_xml(gated()))
    cases = {
        suite.get("name"): {
            case.get("name"): [child.tag for child in case] for case in suite.iter("testcase")
        }
        for suite in root
    }
    assert cases["honest"] == {"reliance-mark >= 0.2": [], "reliance-border <= 0.1": []}
    assert cases["shortcut"] == {"reliance-mark >= 0.2": ["failure"], "reliance-border <= 0.1": ["skipped"]}
    assert cases["honest/lime"] == {"pixel-auroc@lime >= 0.3": []}
    assert cases["honest/edges"] == {"pixel-auroc@lime >= 0.3 (not by a control)": ["skipped"]}
    assert cases["honest/occlusion"] == {"pointing-game@occlusion%lesion-size=small >= 0.1": ["error"]}


def test_the_counts_are_those_of_the_cases():
    for suite in ElementTree.fromstring(junit_xml(gated())):
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(attribute)) == len(list(suite.iter(tag)))
        assert int(suite.get("tests")) == len(list(suite.iter("testcase")))


def test_under_strict_an_uninformative_gate_is_a_failure():
    suites = {s.get("name"): s for s in ElementTree.fromstring(junit_xml(gated(strict=True)))}
    assert suites["honest/edges"].get("failures") == "1"
    [failure] = suites["honest/edges"].iter("failure")
    assert failure.get("type") == "XA103"
    assert failure.get("message").startswith("the gate is uninformative: the control edges on honest")


def test_a_run_without_gates_says_so_in_one_skipped_case():
    [suite] = ElementTree.fromstring(junit_xml(outcomes.unmarked_outcome()))
    assert [suite.get(name) for name in ("name", "tests", "skipped", "failures", "errors")] == [
        "gates",
        "1",
        "1",
        "0",
        "0",
    ]
    [case] = suite.iter("testcase")
    assert case.get("name") == "the audit has gates"
    [skipped] = case.iter("skipped")
    assert skipped.get("message") == (
        "no gate was set, so nothing was judged: add `gates` to the audit file, or give --fail-under"
    )


@pytest.mark.parametrize("schema", ["ant", "jenkins"])
@pytest.mark.parametrize("make", [gated, lambda: gated(strict=True), outcomes.unmarked_outcome])
def test_the_document_is_valid(make, schema):
    assert faults(junit_xml(make()), schema) == []


def test_the_schema_that_the_documents_are_held_to_finds_faults():
    document = '<testsuites name="x"><testsuite name="y" tests="many"><testcase/></testsuite></testsuites>'
    assert "testsuites has no attribute name" in faults(document, "ant")
    assert "testsuite tests='many'" in faults(document, "ant")
    assert "testcase lacks name" in faults(document, "jenkins")


@settings(deadline=None)
@given(st.text(max_size=40), st.text(min_size=1, max_size=20))
def test_any_sentence_and_any_name_make_a_document_that_can_be_read(sentence, name):
    verdict = Verdict("XA101", "fail", name, name, f"iou@{name} >= 0.3", sentence, kind="gate")
    root = ElementTree.fromstring(junit_xml(only(verdict)))
    [failure] = root.iter("failure")
    # XML itself reads a line break within an attribute as it was written only because it is escaped
    readable = "".join(
        c if c in "\t\n\r" or (ord(c) >= 0x20 and ord(c) not in (0xFFFE, 0xFFFF)) else "\ufffd"
        for c in sentence
    )
    assert failure.get("message") == readable


def test_what_xml_would_take_for_markup_comes_back_as_it_was():
    sentence = 'a < b & c > "d" \x1b[31m'
    verdict = Verdict("XA101", "fail", "m", "m", 'iou >= "0.3" & <more>', sentence, kind="gate")
    [case] = ElementTree.fromstring(junit_xml(only(verdict))).iter("testcase")
    assert case.get("name") == 'iou >= "0.3" & <more>'
    assert case[0].get("message") == 'a < b & c > "d" \ufffd[31m'


def test_the_document_names_no_machine_and_gives_the_run_and_its_time():
    [suite, *_] = ElementTree.fromstring(junit_xml(gated()))
    assert (suite.get("hostname"), suite.get("timestamp")) == ("localhost", "2026-01-02T03:04:05")
    assert {p.get("name"): p.get("value") for p in suite.iter("property")} == {
        "run": "20260102T030405Z-phantom-0a1b2c3d",
        "audit": "phantom",
    }


def test_an_unfinished_run_has_its_gates_and_an_error_for_each_case_that_failed():
    error = IncompleteRunError(
        "2 of 16 cases failed, more than the allowed 5%",
        missing=(("p1-0", "explain: the image has gone"), ("p2-1", "load: damaged \x00")),
    )
    text = junit_of_unanswered(error, gated(), run_id=gated().run_id)
    assert [faults(text, schema) for schema in ("ant", "jenkins")] == [[], []]
    root = ElementTree.fromstring(text)
    *gates, run = root
    assert [suite.get("name") for suite in gates] == [
        suite.get("name") for suite in ElementTree.fromstring(junit_xml(gated()))
    ]
    assert (run.get("name"), run.get("tests"), run.get("errors"), run.get("failures")) == (
        "run",
        "3",
        "3",
        "0",
    )
    found = {case.get("name"): case[0].get("message") for case in run.iter("testcase")}
    assert found == {
        "the run has an answer": "2 of 16 cases failed, more than the allowed 5%",
        "p1-0": "explain: the image has gone",
        "p2-1": "load: damaged \N{REPLACEMENT CHARACTER}",
    }
    assert {case[0].tag for case in run.iter("testcase")} == {"error"}
    assert {case[0].get("type") for case in run.iter("testcase")} == {"IncompleteRun"}


def test_a_run_in_which_nothing_was_scored_is_all_errors():
    error = NothingScoredError(
        "nothing could be scored: the map is constant",
        missing=(("net/lime", "3 cases: the map is constant"),),
    )
    text = junit_of_unanswered(error, None, run_id="20260101T000000Z-small-0a1b2c3d")
    assert [faults(text, schema) for schema in ("ant", "jenkins")] == [[], []]
    [run] = ElementTree.fromstring(text)
    assert (run.get("timestamp"), run.get("errors")) == ("2026-01-01T00:00:00", "2")
    assert [case.get("name") for case in run.iter("testcase")] == ["the run has an answer", "net/lime"]
