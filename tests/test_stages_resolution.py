"""When a grid is called too coarse for the marks."""

from xaudit.records import Interval, Summary
from xaudit.stages.outcome.resolution import resolution_findings


def ceiling(metric, value, *, explainer="gradcam", reader="union", family="limits"):
    interval = Interval(value, None, None, "none")
    return Summary("m", explainer, f"{metric}-ceiling", family, reader, interval, 9, 7, 0, "patient")


def codes(*summaries, names=None):
    return [(one.code, one.subject) for one in resolution_findings(summaries, names or {})]


def test_a_pointing_game_that_misses_more_often_than_it_hits_is_not_resolvable():
    assert codes(ceiling("pointing-game", 0.49)) == [("XA303", "m/gradcam")]
    assert codes(ceiling("pointing-game", 0.5)) == []


def test_an_overlap_is_not_resolvable_below_a_quarter():
    assert codes(ceiling("iou", 0.249)) == [("XA303", "m/gradcam")]
    assert codes(ceiling("iou", 0.25)) == []


def test_one_finding_names_every_low_ceiling_and_does_not_gate():
    [finding] = resolution_findings(
        [ceiling("pointing-game", 0.0), ceiling("iou", 0.04), ceiling("coverage", 0.9)], {}
    )
    assert finding.sentence == (
        "m/gradcam: not resolvable: on its native grid the mark itself, drawn as a map, reaches "
        "pointing-game 0.00, iou 0.04; low scores there say nothing of the model"
    )
    assert (finding.gating, finding.status, finding.n_patients) == (False, "fail", 7)
    assert (finding.value, finding.threshold) == (0.0, 0.5)


def test_explainers_and_readers_are_judged_each_on_their_own():
    found = codes(
        ceiling("iou", 0.1, reader="ann"),
        ceiling("iou", 0.3, reader="ben"),
        ceiling("iou", 0.1, explainer="lime", reader="ben"),
    )
    assert found == [("XA303", "m/gradcam/ann"), ("XA303", "m/lime/ben")]


def test_a_metric_under_its_own_id_is_known_by_its_name():
    assert codes(ceiling("hit", 0.4), names={"hit-ceiling": "pointing-game-ceiling"}) == [
        ("XA303", "m/gradcam")
    ]


def test_what_is_no_share_has_no_level_to_fall_below():
    assert codes(ceiling("relevance-mass-lift", 0.1)) == []
    assert codes(ceiling("chance-corrected-coverage", 0.1)) == []
