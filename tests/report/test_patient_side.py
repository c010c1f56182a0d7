"""The side of the patient at the left edge, where the file tells it, from the table to every place that shows it."""

from dataclasses import replace
from datetime import UTC, datetime

import pages

from xaudit.report.html.gallery import gallery_data
from xaudit.report.terminal.case_screen import case_head
from xaudit.stages.views.case_view import CaseView
from xaudit.store.run_folder import RunFolder
from xaudit.store.tables import read_cases, write_cases


def test_the_table_of_cases_keeps_it(tmp_path):
    run = RunFolder.create(tmp_path, name="sides", config_hash="0" * 64, now=datetime.now(UTC))
    cases = (replace(pages.case("a"), left_edge="R"), pages.case("b"))
    write_cases(run, cases)
    assert [case.left_edge for case in read_cases(run)] == ["R", None]


def test_the_page_is_told_of_it():
    one = pages.material(names=("a", "b"))
    known = {**one.cases, "a": replace(one.cases["a"], left_edge="R")}
    data, _ = gallery_data(replace(one, cases=known), images=False, named=str)
    assert {case["id"]: case["side"] for case in data["cases"]} == {"a": "R", "b": ""}


def test_the_terminal_says_it():
    def first_line(case):
        view = CaseView(case, (), None, (), (), (), {}, {}, {}, (), {})
        return case_head(view)[0].text

    assert "R of the patient at the left edge" in first_line(replace(pages.case("a"), left_edge="R"))
    assert "left edge" not in first_line(pages.case("a"))
