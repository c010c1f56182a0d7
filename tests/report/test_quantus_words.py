"""Scores that Quantus itself computed are told apart in every table, and what is wrong with them is said below it."""

from dataclasses import replace

import pytest
from outcomes import phantom_outcome, summary

from xaudit.config import MetricSpec
from xaudit.records import NO_READER
from xaudit.report.sections.checks import checks_section
from xaudit.report.sections.evidence import localization_section, metric_title
from xaudit.report.wording import metric_words, quantus_legend

pytestmark = pytest.mark.usefixtures("forgotten_afterwards")


def with_score(metric, family):
    outcome = phantom_outcome()
    one = summary("honest", "lime", metric, 0.4, family=family, reader=NO_READER)
    return replace(outcome, summaries=(*outcome.summaries, one))


def columns(section):
    return [column.title for block in section.blocks if hasattr(block, "rows") for column in block.columns]


def test_a_metric_of_quantus_has_its_class_s_name_and_says_so():
    assert metric_words("quantus:ROAD") == "ROAD by Quantus"
    assert metric_title("quantus:mine") == "mine by Quantus"
    MetricSpec(name="quantus:Sparseness")
    assert metric_title("quantus:Sparseness") == "Sparseness by\nQuantus (+)"


def test_the_table_of_scores_names_it_and_what_is_known_to_be_wrong_with_it():
    MetricSpec(name="quantus:Monotonicity")
    section = localization_section(with_score("quantus:Monotonicity", "faithfulness"))
    assert "Monotonicity by\nQuantus (+)" in columns(section)
    [legend] = [block.text for block in section.blocks if "lower is better" in getattr(block, "text", "")]
    assert legend.endswith(
        " Monotonicity as Quantus computes it; always true with the baseline `black`, from which it starts."
    )
    assert quantus_legend(["iou", "quantus:mine"]) == ""


def test_the_table_of_checks_names_it_where_it_has_an_id_of_its_own_too():
    MetricSpec(name="quantus:MPRT")
    section = checks_section(with_score("quantus:MPRT", "sanity"))
    assert columns(section) == ["explainer", "MPRT by\nQuantus (-)"]
    assert "MPRT as Quantus computes it; its average counts" in section.blocks[-1].text
    section = checks_section(with_score("quantus:mine", "robustness"))
    assert columns(section) == ["explainer", "mine by\nQuantus"]
    assert section.blocks[-1].text.startswith("Mean over the cases")
