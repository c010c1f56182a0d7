import numpy as np

from xaudit.records import Interval, Score, ScoreKey, Summary, Unscored
from xaudit.stages.outcome.published_intervals import with_published_intervals

PATIENTS = Interval(0.5, 0.1, 0.9, "bca")


def key(case, metric):
    return ScoreKey(case, "p", "union", "m", "gradcam", "", "cancer", True, metric, "", "localization")


def summary(metric, stratum="all"):
    return Summary(
        "m", "gradcam", metric, "localization", "union", PATIENTS, 3, 1, 1, "patient", stratum=stratum
    )


SCORES = [
    *(Score(key(case, metric), value) for metric in ("chexlocalize-iou", "own", "iou")
      for case, value in (("a", 0.0), ("b", 0.5), ("c", 1.0))),
    Unscored(key("d", "chexlocalize-iou"), "empty"),
]  # fmt: skip


def intervals(*summaries, scores=SCORES):
    found = with_published_intervals(summaries, scores, metric_names={"own": "chexlocalize-hit-rate"}, seed=0)
    return [one.interval for one in found]


def test_chexlocalizes_metrics_get_its_interval_and_others_keep_theirs():
    theirs, ours = intervals(summary("chexlocalize-iou"), summary("iou"))
    assert (theirs.method, theirs.estimate) == ("image-percentile", 0.5)
    assert ours == PATIENTS


def test_a_metric_under_its_own_id_is_known_by_its_name_and_a_part_of_the_cases_is_left_alone():
    renamed, part = intervals(summary("own"), summary("own", stratum="size=small"))
    assert renamed.method == "image-percentile"
    assert part == PATIENTS


def test_the_order_of_the_scores_changes_nothing():
    other = [SCORES[place] for place in np.random.default_rng(0).permutation(len(SCORES))]
    assert intervals(summary("chexlocalize-iou")) == intervals(summary("chexlocalize-iou"), scores=other)
