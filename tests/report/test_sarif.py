"""The SARIF log, held to the format's own schema and to what a reader of it must be told.

`sarif-2.1.0-rtm.5.json` is OASIS's schema of SARIF 2.1.0 as the npm package `@microsoft/jest-sarif` 1.0.0-beta.0 has it (MIT
licence, Copyright (c) Microsoft Corporation).
"""

import json
from dataclasses import replace
from pathlib import Path

import outcomes
import pytest

from xaudit.errors import IncompleteRunError
from xaudit.records import Verdict
from xaudit.report.files.sarif import sarif_log, sarif_of_unanswered

SCHEMA = Path(__file__).parent.parent / "references" / "sarif-2.1.0-rtm.5.json"
GATES = (
    "reliance-mark >= 0.2",
    "pixel-auroc@lime >= 0.3",
    "pointing-game@occlusion%lesion-size=small >= 0.1",
)


def gated(gates=GATES):
    outcome = outcomes.phantom_outcome()
    return replace(outcome, verdicts=outcomes.verdicts(outcome.summaries, gates=gates))


def verdict(**changes):
    return Verdict(
        **{"code": "XA101", "status": "fail", "model_id": "m", "subject": "m/lime"}
        | {"rule": "iou >= 0.3"}
        | {"sentence": "too low"}
        | changes
    )


def log_of(*verdicts):
    [run] = json.loads(
        sarif_log(replace(outcomes.phantom_outcome(), verdicts=verdicts, data_checks=()), version="0.2.0")
    )["runs"]
    return run


def faults(text):
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft4Validator(json.loads(SCHEMA.read_text()))
    return [
        f"{'/'.join(map(str, one.absolute_path))}: {one.message}"
        for one in validator.iter_errors(json.loads(text))
    ]


def test_the_log_is_valid_under_the_schema_of_the_format():
    assert faults(sarif_log(gated(), version="0.2.0")) == []
    assert faults(sarif_log(outcomes.phantom_outcome(), version="0.2.0+g1")) == []
    assert faults(sarif_log(replace(outcomes.phantom_outcome(), verdicts=()), version="0.2.0")) == []
    error = IncompleteRunError("too many errors", missing=(("P1.png", "damaged"),))
    assert faults(sarif_of_unanswered(error, None, run_id="r", version="0.2.0")) == []
    assert faults(sarif_of_unanswered(error, gated(), run_id="r", version="0.2.0")) == []


def test_the_schema_refuses_what_the_format_does_not_have():
    plain = json.loads(sarif_log(gated(), version="0.2.0"))
    plain["runs"][0]["results"][0]["level"] = "fatal"
    plain["runs"][0]["verdicts"] = []
    assert len(faults(json.dumps(plain))) == 2


def test_every_verdict_that_did_not_pass_is_a_result_with_its_sentence_and_its_rule():
    outcome = gated()
    [run] = json.loads(sarif_log(outcome, version="0.2.0"))["runs"]
    verdicts = [*outcome.verdicts, *(one for check in outcome.data_checks for one in check.verdicts)]
    shown = [one for one in verdicts if one.status != "pass"]
    assert [one["message"]["text"] for one in run["results"]] == [one.sentence for one in shown]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[one["ruleIndex"]] for one in run["results"]] == [one.code for one in shown]
    assert [one["ruleId"] for one in run["results"]] == [one.code for one in shown]
    assert rules == sorted({one.code for one in shown})
    assert run["properties"]["n_passed"] + len(shown) == run["properties"]["n_verdicts"] == len(verdicts)
    assert shown


@pytest.mark.parametrize(
    ("status", "gating", "kind", "level"),
    [
        ("fail", True, "fail", "error"),
        ("error", True, "fail", "error"),  # a gate without data fails the run
        ("fail", False, "fail", "warning"),
        ("error", False, "open", "none"),  # undecided
    ],
)
def test_what_fails_the_run_is_an_error(status, gating, kind, level):
    [result] = log_of(verdict(status=status, gating=gating))["results"]
    assert (result["kind"], result["level"]) == (kind, level)


def test_what_passed_is_counted_and_not_shown_as_a_fault():
    run = log_of(verdict(status="pass"), verdict())
    assert len(run["results"]) == 1
    assert run["properties"]["n_passed"] == 1


def test_fingerprints_stay_when_only_numbers_change_and_tell_results_apart():
    marks = lambda run: [one["fingerprints"]["xaudit/v1"] for one in run["results"]]  # noqa: E731
    first = marks(
        log_of(verdict(), verdict(subject="m/rise"), verdict(code="XA102"), verdict(rule="iou >= 0.4"))
    )
    assert len(set(first)) == 4
    later = verdict(sentence="lower still", value=0.1, n_patients=3, gating=False)
    assert marks(log_of(later)) == first[:1]
    # two findings of one rule, as on the images of two classes, are told apart by their order
    twice = marks(log_of(verdict(), verdict(sentence="on the other class")))
    assert twice[0] == first[0]
    assert len(set(twice)) == 2


def test_numbers_that_json_lacks_are_left_out():
    [result] = log_of(verdict(value=float("nan"), threshold=float("inf")))["results"]
    assert {"value", "threshold"} & {*result["properties"]} == set()


def test_braces_are_not_taken_for_arguments():
    [result] = log_of(verdict(sentence="model {0} fails"))["results"]
    assert result["message"]["text"] == "model {{0}} fails"


def test_a_run_without_its_answer_says_what_is_missing():
    error = IncompleteRunError("too many errors", missing=(("P1.png", "damaged"),))
    [run] = json.loads(sarif_of_unanswered(error, None, run_id="r", version="0.2.0"))["runs"]
    [invocation] = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [one["message"]["text"] for one in invocation["toolExecutionNotifications"]] == [
        "the run has an answer: too many errors",
        "P1.png: damaged",
    ]
