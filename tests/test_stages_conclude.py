"""What is said of scores that do not exist, of cases that failed, and of what the data lacks."""

from types import SimpleNamespace

from xaudit.records import Annotation, Box, Problem, Score, ScoreKey, Unscored, UnscoredGroup
from xaudit.stages.outcome.findings import data_findings
from xaudit.stages.outcome.left_out import failures, groups_without_value, unscored_groups


def key(case_id, *, model="m", explainer="lime", metric="iou", family="localization"):
    return ScoreKey(case_id, None, "-", model, explainer, "", "cancer", True, metric, "", family)


def test_missing_scores_are_grouped_by_reason_the_most_cases_first():
    scores = [
        Unscored(key("a"), "zero map"),
        Unscored(key("a", metric="pointing-game"), "zero map"),
        Unscored(key("b"), "zero map"),
        Unscored(key("a", explainer="-", metric="reliance-mark", family="reliance"), "no mark"),
        Unscored(key("a", explainer="gradcam"), "zero map"),
        Score(key("c"), 0.5),
    ]
    assert unscored_groups(scores) == [
        UnscoredGroup("m", "lime", "zero map", n_cases=2, n_scores=3),
        UnscoredGroup("m", "-", "no mark", n_cases=1, n_scores=1),
        UnscoredGroup("m", "gradcam", "zero map", n_cases=1, n_scores=1),
    ]


def test_shares_of_regions_that_a_case_does_not_have_are_no_lost_scores_and_are_counted_apart():
    reason = "no lung mask for this case"
    scores = [
        Unscored(key("a", metric="mass-opposite-lung", family="regions"), reason),
        Unscored(key("a", metric="mass-same-lung", family="regions"), reason),
        Unscored(key("a", metric="iou-ceiling", family="limits"), "no mark"),
        Unscored(key("b"), "no mark"),
    ]
    assert unscored_groups(scores[:3]) == []
    assert unscored_groups([]) == groups_without_value([]) == []
    assert groups_without_value(scores) == [
        UnscoredGroup("m", "lime", "no mark", n_cases=1, n_scores=1),
        UnscoredGroup("m", "lime", reason, n_cases=1, n_scores=2, what="region"),
        UnscoredGroup("m", "lime", "no mark", n_cases=1, n_scores=1, what="ceiling"),
    ]


def test_failed_cases_are_counted_once_and_held_against_those_that_could_have_failed_there():
    problems = [
        Problem("a", "load", "cut off"),
        Problem("a", "predict", "cut off"),
        Problem("b", "predict", "not finite"),
        Problem("c", "explain", "has gone"),
        Problem("c", "explain", "has gone too"),
    ]
    assert failures(problems, n_cases=100, n_chosen=10) == [(2, 100), (1, 10)]
    assert failures([], n_cases=0, n_chosen=0) == [(0, 0), (0, 0)]


MARKED = (Annotation("a", "reader-1", Box(0, 0, 1, 1)),)


def dataset(*, patients_known=True, annotations=MARKED):
    return SimpleNamespace(patients_known=patients_known, annotations=annotations)


def said(datasets, problems=()):
    return [(f.code, f.subject, f.status, f.gating) for f in data_findings(datasets, problems)]


def test_data_that_lacks_nothing_is_not_commented_on():
    assert said({"data": dataset()}) == []


def test_what_data_lacks_is_said_without_failing_the_run():
    lacking = dataset(patients_known=False, annotations=(Annotation("a", "reader-1", None),))
    assert said({"data": lacking}) == [
        ("XA401", "the data", "fail", False),
        ("XA402", "the data", "fail", False),
    ]


def test_of_several_data_sets_the_one_that_lacks_something_is_named():
    assert said({"data": dataset(), "other": dataset(annotations=())}) == [
        ("XA402", "data set 'other'", "fail", False)
    ]


def test_cases_that_were_left_out_are_counted_and_the_first_is_quoted():
    one = [Problem("p1", "load", "is cut off")]
    [finding] = data_findings({"data": dataset()}, one)
    assert finding.sentence == "1 case was left out: p1: is cut off"
    two = [*one, Problem("p1", "predict", "is cut off"), Problem("p2", "load", "is empty")]
    [finding] = data_findings({"data": dataset()}, two)
    assert finding.code == "XA403"
    assert finding.sentence == "2 cases were left out: p1: is cut off; and others"
