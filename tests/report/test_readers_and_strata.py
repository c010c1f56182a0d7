"""The sections on readers, strata, regressions and plans, and that none of them shows where there is nothing."""

from dataclasses import replace

import outcomes

from xaudit.records import Ceiling, Coefficient, Interval, Plan, ReaderAgreement, Regression
from xaudit.report.grid import Grid
from xaudit.report.sections.readers import readers_section
from xaudit.report.sections.strata import planning_section, regression_section, strata_section
from xaudit.report.sections.whole import report_sections
from xaudit.report.terminal.layout import grid_lines

NEW = {"Readers", "Strata", "Localization by lesion size and confidence", "How many patients"}


def lines(section):
    tables = [block for block in section.blocks if isinstance(block, Grid)]
    return [line.plain.rstrip() for table in tables for line in grid_lines(table, 80)]


def test_the_report_of_a_run_that_asks_for_none_of_it_does_not_grow():
    assert not NEW & {section.title for section in report_sections(outcomes.phantom_outcome())}


def test_readers_stand_with_their_agreement_and_as_the_ceiling():
    agreement = ReaderAgreement("data", "r1", "r2", 0.81, 0.7, None, 16, 12, 14)
    ceiling = Ceiling(
        model_id="honest",
        explainer_id="lime",
        metric_id="iou",
        reader="union",
        human=Interval(0.6, 0.5, 0.7, "bca"),
        score=0.24,
        share=Interval(0.4, 0.3, 0.52, "bca"),
        difference=Interval(-0.36, -0.5, -0.2, "bca"),
        n_cases=12,
        n_patients=6,
    )
    outcome = replace(outcomes.phantom_outcome(), agreements=(agreement,), ceilings=(ceiling,))
    assert lines(readers_section(outcome)) == [
        "               best-match",
        "readers  Dice         IoU  kappa  cases  marked  lesions",
        "r1, r2   0.81        0.70      -     16      12       14",
        "honest: share of the readers' score (marks: union)",
        "explainer             IoU",
        "readers              0.60",
        "lime       40 %* [30, 52]",
    ]


def test_a_share_of_the_readers_score_lies_within_its_limits_as_shown():
    ceiling = Ceiling(
        model_id="honest",
        explainer_id="lime",
        metric_id="iou",
        reader="union",
        human=Interval(0.6, 0.5, 0.7, "bca"),
        score=0.6,
        share=Interval(0.998, 0.996, 0.999, "bca"),
        difference=Interval(-0.01, -0.02, 0.02, "bca"),
        n_cases=12,
        n_patients=6,
    )
    assert lines(readers_section(replace(outcomes.phantom_outcome(), ceilings=(ceiling,))))[-1].endswith(
        "100 % [100, 100]"
    )


def test_a_stratum_has_a_row_with_its_patients():
    whole = outcomes.phantom_outcome()
    small = [
        replace(s, stratum="lesion-size=small", n_patients=4, interval=Interval(0.25, None, None, "none"))
        for s in whole.summaries
        if s.metric_id == "iou"
    ]
    found = lines(strata_section(replace(whole, summaries=(*whole.summaries, *small))))
    assert found[:3] == [
        "honest: IoU",
        "stratum            n  gradcam  lime  occlusion",
        "lesion-size=small  4     0.25  0.25       0.25",
    ]
    # The sections over all cases are not touched by a stratum.
    with_small = replace(whole, summaries=(*whole.summaries, *small))
    for before, after in zip(report_sections(whole), report_sections(with_small), strict=False):
        if before.title == after.title:
            assert before == after


def test_slopes_are_shown_per_doubling_and_per_tenth_and_what_was_not_fitted_by_reason():
    slopes = (
        Coefficient("intercept", Interval(0.1, 0.0, 0.2, "student"), 0.05),
        Coefficient("log2-lesion-area", Interval(0.06, 0.02, 0.1, "student"), 0.01),
        Coefficient("confidence", Interval(0.5, 0.1, 0.9, "student"), 0.02),
    )
    outcome = replace(
        outcomes.phantom_outcome(),
        regressions=(
            Regression("honest", "lime", "iou", "union", slopes, 54, 18),
            Regression(
                "honest", "gradcam", "iou", "union", (), 9, 3, "3 patients: a regression takes at least 10"
            ),
        ),
    )
    section = regression_section(outcome)
    assert lines(section)[-1] == ("honest, lime      IoU     0.06 [0.02, 0.10]  0.05 [0.01, 0.09]  18")
    assert section.blocks[1].text == "1 regression not fitted: 3 patients: a regression takes at least 10"


def test_a_plan_names_the_gate_and_the_patients():
    plans = (
        Plan("iou@lime >= 0.3", "honest", "lime", "union", 0.1, 0.05, 20, 80),
        Plan("reliance-mark >= 0.1", "honest", "-", "-", None, 0.05, 3, None),
    )
    found = lines(planning_section(replace(outcomes.phantom_outcome(), plans=plans)))
    assert [line.split() for line in found[1:]] == [
        ["iou@lime", ">=", "0.3", "honest,", "lime", "0.10", "20", "80"],
        ["reliance-mark", ">=", "0.1", "honest", "-", "3", "-"],
    ]
