"""The section "Left out" counts everything that has no value, alike in every form of the report."""

from dataclasses import replace

import outcomes
import pages
import pytest

from xaudit.records import Problem, UnscoredGroup
from xaudit.report.card.model_card import model_card
from xaudit.report.files.json_report import outcome_as_json
from xaudit.report.files.markdown import escaped
from xaudit.report.files.markdown_report import markdown_report
from xaudit.report.html.render import html_report
from xaudit.report.sections.closing import left_out_lines, notes_section, skipped_section
from xaudit.report.sections.first_screen import screen_sections

NOTHING = "Nothing: every image was read, and every score has a value."
LUNGS = "no lung mask for this case"


def whole(**changes):
    """The phantom study with nothing missing but for the changes."""
    return replace(outcomes.phantom_outcome(), **{"unscored": (), **changes})


def missing_summary(family, n):
    (first, *_) = [one for one in outcomes.summaries() if one.family == family] or [outcomes.summaries()[0]]
    return (*outcomes.summaries(), replace(first, metric_id="mass-body", family=family, n_unscored=n))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"unscored": (UnscoredGroup("honest", "lime", LUNGS, 8, 16, "region"),)},
            "16 shares of regions missing: no lung mask for this case (lime on honest)",
        ),
        (
            {"unscored": (UnscoredGroup("honest", "-", LUNGS, 1, 1, "score"),)},
            "1 score missing: no lung mask for this case (honest's answers)",
        ),
        (
            {"unscored": (UnscoredGroup("honest", "lime", "no grid", 1, 1, "ceiling"),)},
            "1 ceiling missing: no grid (lime on honest)",
        ),
        ({"problems": (Problem("a", "load", "cut off"),)}, "1 image not read: cut off (a)"),
        ({"n_explained": {"honest": 54, "shortcut": 0}}, "shortcut: no image was explained"),
        (
            {"notes": ("marks.json annotates 1 image that the data does not hold",)},
            "marks.json annotates 1 image that the data does not hold",
        ),
        (
            {"summaries": missing_summary("regions", 3)},
            "3 shares of regions missing; the run did not keep why",
        ),
    ],
)
def test_whatever_has_no_value_is_counted_in_every_form(changes, line):
    outcome = whole(**changes)
    assert left_out_lines(outcome) == [line]
    assert outcome_as_json(outcome)["left_out"] == [line]
    assert f"- {escaped(line)}" in markdown_report(outcome)
    assert f"- {escaped(line)}" in model_card(outcome, {})
    assert line in html_report(pages.material(names=(), outcome=outcome)).replace("&#39;", "'")
    (section,) = [one for one in screen_sections(outcome) if one.title == "Left out"]
    assert [block.text for block in section.blocks] == [line]


def test_nothing_is_said_only_where_nothing_is_missing():
    (block,) = skipped_section(whole()).blocks
    assert block.text == NOTHING
    assert outcome_as_json(whole())["left_out"] == []


def test_scores_come_before_regions_and_one_reason_is_one_line_for_each_kind():
    groups = (
        UnscoredGroup("honest", "lime", LUNGS, 8, 160, "region"),
        UnscoredGroup("honest", "gradcam", LUNGS, 8, 160, "region"),
        UnscoredGroup("honest", "-", LUNGS, 8, 8),
    )
    assert left_out_lines(whole(unscored=groups)) == [
        "8 scores missing: no lung mask for this case (honest's answers)",
        "320 shares of regions missing: no lung mask for this case (lime on honest, gradcam on honest)",
    ]


def test_what_the_data_holds_and_the_run_does_not_stands_once():
    note = "marks.json annotates 2 images that the data does not hold"
    assert notes_section(whole(notes=(note,))) is None
    section = notes_section(whole(notes=(note, "Images were split at random.")))
    assert [block.text for block in section.blocks] == ["Images were split at random."]
