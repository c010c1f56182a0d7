"""Hashes in place of ids: the same for the same key, and no id left in any text."""

import re
from dataclasses import replace

import outcomes
import pytest

from xaudit.records import Problem, UnscoredGroup
from xaudit.report.files.json_report import outcome_as_json
from xaudit.report.files.markdown_report import markdown_report
from xaudit.report.hashed_ids import HashedIds


def test_the_same_key_gives_the_same_hash_and_another_key_another():
    assert HashedIds(b"a", []).id("P1") == HashedIds(b"a", ["x"]).id("P1")
    assert HashedIds(b"a", []).id("P1") != HashedIds(b"b", []).id("P1")


@pytest.mark.parametrize(
    ("text", "ids", "shown"),
    [
        ("P001: damaged", ["P001"], "{P001}: damaged"),
        ("images/P001_02.png: damaged", ["P001"], "images/{P001}_02.png: damaged"),
        ("P0011 and P001", ["P001", "P0011"], "{P0011} and {P001}"),
        ("P001x", ["P001"], "P001x"),
        ("a/b.png and b.png", ["b.png", "a/b.png"], "{a/b.png} and {b.png}"),
        ("12 images, 0.12, 12: empty", ["12"], "12 images, 0.12, {12}: empty"),
        ("7.png: empty in 0.7 s", ["7"], "{7}.png: empty in 0.7 s"),
        ("nothing", [], "nothing"),
    ],
)
def test_an_id_is_replaced_wherever_it_stands_on_its_own(text, ids, shown):
    hashed = HashedIds(b"key", ids)
    assert hashed.text(text) == re.sub(r"{(.*?)}", lambda found: hashed.id(found.group(1)), shown)


def test_no_report_of_a_run_holds_an_id():
    base = outcomes.phantom_outcome()
    first = replace(base.verdicts[0], sentence="1 case was left out: Meier-1: damaged")
    outcome = replace(
        base,
        problems=(Problem("Meier-1", "load", "Meier-1.dcm: truncated"),),
        notes=("Meier-1 has no side",),
        verdicts=(first, *base.verdicts[1:]),
        unscored=(UnscoredGroup("honest", "lime", "Meier-1 is empty", 1, 1),),
    )
    check = base.data_checks[0]
    rows = [replace(row, subgroup="Meier-1") for row in check.tables["calibration"]]
    outcome = replace(
        outcome,
        data_checks=(replace(check, skipped=("Meier-1 has no answer",), tables={"calibration": rows}),),
    )
    hashed = HashedIds(b"key", ["Meier-1"])
    shown = hashed.outcome(outcome)
    for text in (markdown_report(shown), repr(outcome_as_json(shown))):
        assert "Meier" not in text
        assert hashed.id("Meier-1") in text
