from dataclasses import replace

from outcomes import phantom_outcome, summary

from xaudit.records import Verdict
from xaudit.report.grid import Paragraph
from xaudit.report.sections.evidence import localization_section
from xaudit.report.sections.limits import limits_blocks


def outcome_with(*more, verdicts=()):
    outcome = phantom_outcome()
    return replace(outcome, summaries=(*outcome.summaries, *more), verdicts=(*outcome.verdicts, *verdicts))


def texts(outcome):
    return [block.text for block in limits_blocks(outcome)]


def limit(metric, value, explainer="gradcam"):
    return summary("honest", explainer, metric, value, family="limits")


def test_without_limits_nothing_is_added():
    assert limits_blocks(phantom_outcome()) == []


def test_a_ceiling_stands_with_the_share_of_it_that_was_reached():
    # Of the outcome's scores, gradcam's pointing game is .05 and its IoU .06.
    found = texts(outcome_with(limit("pointing-game-ceiling", 0.5), limit("iou-ceiling", 0.12)))
    assert found == [
        "honest: best possible score on the explainer's native grid (a map that is exactly the mark), and the share of it that the explainer reached: "
        "gradcam pointing game 0.50 (10 %), IoU 0.12 (50 %)."
    ]


def test_a_ceiling_of_nothing_has_no_share():
    [text] = texts(outcome_with(limit("pointing-game-ceiling", 0.0)))
    assert text.endswith("gradcam pointing game 0.00.")


def test_maps_that_point_nowhere_are_counted():
    outcome = outcome_with(limit("map-missing", 0.25))
    n_cases = outcome.summaries[-1].n_cases
    [text] = texts(outcome)
    assert text == (
        f"gradcam on honest: {round(n_cases / 4)} of {n_cases} maps are empty and count as misses."
    )
    assert texts(outcome_with(limit("map-missing", 0.0))) == []


def test_what_is_not_resolvable_is_said_below_the_table():
    finding = Verdict("XA303", "fail", "honest", "honest/gradcam", "rule", "too coarse", gating=False)
    outcome = outcome_with(limit("iou-ceiling", 0.04), verdicts=[finding])
    assert Paragraph("too coarse", lead="XA303") in localization_section(outcome).blocks
