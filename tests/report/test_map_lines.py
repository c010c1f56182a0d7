"""Which lines a table of maps has, and which of several summaries stands in one."""

from dataclasses import replace

import pytest
from outcomes import phantom_outcome, summary

from xaudit.report.sections.evidence import localization_section
from xaudit.report.sections.map_lines import MapLine, map_lines, shown_summary


def outcome_with(*controls, explainers=("gradcam", "grad")):
    return replace(phantom_outcome(), explainer_ids=(*explainers, *controls), control_ids=controls)


def test_a_control_made_of_maps_has_one_line_for_all_explainers():
    """``grad`` begins like ``gradcam``, and the point after an explainer's whole name decides."""
    found = map_lines(
        outcome_with("random", "gradcam.mean-map", "grad.mean-map", "grad.shuffled-marks", "human")
    )
    assert found == [
        MapLine("gradcam", ("gradcam",), is_control=False),
        MapLine("grad", ("grad",), is_control=False),
        MapLine("random", ("random",), is_control=True),
        MapLine("mean-map", ("gradcam.mean-map", "grad.mean-map"), is_control=True),
        MapLine("shuffled-marks", ("grad.shuffled-marks",), is_control=True),
        MapLine("human", ("human",), is_control=True),
    ]


def test_of_two_explainers_whose_names_fit_the_longer_is_the_owner():
    found = map_lines(outcome_with("lime.v2.mean-map", explainers=("lime", "lime.v2")))
    assert found[-1].label == "mean-map"


@pytest.mark.parametrize(
    ("metric", "family", "best"), [("iou", "localization", 0.3), ("pixel-flipping", "faithfulness", 0.1)]
)
def test_the_best_of_several_is_shown_by_the_metrics_direction(metric, family, best):
    found = [summary("m", f"e{i}.mean-map", metric, v, family=family) for i, v in enumerate((0.1, 0.3, 0.2))]
    assert shown_summary([None, *found]).interval.estimate == best


def test_nothing_and_one_are_what_they_are_and_without_a_direction_none_is_best():
    one = summary("m", "e.mean-map", "mass-mark", 0.2, family="regions")
    assert shown_summary([]) is None
    assert shown_summary([None, one]) is one
    assert shown_summary([one, replace(one, explainer_id="f.mean-map")]) is None


def texts(section):
    return [
        [cell.text for cell in row.cells] for block in section.blocks for row in getattr(block, "rows", ())
    ]


def test_the_table_of_localization_shows_it_dim_and_says_which_it_is_and_the_truth_leaves_it_out():
    plain = phantom_outcome()
    ids = ("gradcam.mean-map", "lime.mean-map", "human")
    made = [
        summary("honest", name, "iou", value, family="localization")
        for name, value in zip(ids, (0.07, 0.09, 0.6), strict=True)
    ]
    outcome = replace(
        plain,
        explainer_ids=(*plain.explainer_ids, *ids),
        control_ids=(*plain.control_ids, *ids),
        summaries=(*plain.summaries, *made),
    )
    section = localization_section(outcome)
    rows = {row[0]: row[1:] for row in texts(section) if row[0] in ("mean-map", "human")}
    assert rows["mean-map"] == ["-", "0.09 [0.02, 0.16]", "-", "-", "-", "-"]
    assert rows["human"][1] == "0.60 [0.53, 0.67]"
    assert "Where a control exists once per explainer, the best one is shown." in section.blocks[-1].text
    assert "best is shown" not in localization_section(plain).blocks[-1].text
